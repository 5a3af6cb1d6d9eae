"""Docstrings of the library, rewritten as Google's style and Markdown have it."""

import re
import textwrap

_TITLE = re.compile(r"^(Args|Call arguments|Returns|Raises|Warns|Attributes|Example|Reference):\n", re.MULTILINE)
_NAMES = re.compile(r"^((?:[*\w]+, )*[*\w]+,)\n +", re.MULTILINE)  # names of arguments that fill a line
_QUOTE = re.compile(r"^( *)>(?!>>)", re.MULTILINE)  # a line that begins with ">=" is no quotation
_GOOGLE = {"Call arguments": "Args: Call arguments", "Example": "Examples:"}


def google_style(docstring):
    """Rewrite the parts of a docstring that Google's style and Markdown have in another form.

    Formulas become blocks of code, which keep their spaces and lines; examples are indented below their title; the
    parts `Returns` and `Reference` become paragraphs.
    """
    description, *parts = _TITLE.split(docstring)
    sections = [_with_formulas(description)]
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        body = _NAMES.sub(r"\1 ", textwrap.dedent(body).strip("\n"))
        body = _QUOTE.sub(r"\1\\>", body)
        if title in ("Returns", "Reference"):
            sections.append(f"**{title}:** {body}")
        else:
            sections.append(f"{_GOOGLE.get(title, title + ':')}\n{textwrap.indent(body, '    ')}")
    return "\n\n".join(section.strip() for section in sections)


def _with_formulas(description):
    paragraphs = description.strip().split("\n\n")
    return "\n\n".join(
        f"``` {{.text .wrapped}}\n{textwrap.dedent(one)}\n```" if _is_formula(one, after) else one
        for one, after in zip(paragraphs, [*paragraphs[1:], ""], strict=True)
    )


def _is_formula(paragraph, after):
    # Other paragraphs without a full stop introduce an indented formula
    if paragraph.startswith("    ") or re.search(r"\S {2,}\S", paragraph):
        return True
    return not re.search(r"[.:!?)]$", paragraph) and not after.startswith("    ")
