"""Links of the site and of notebooks: between pages and files, from names to the reference, to papers."""

import posixpath
import re

from site_pages.public import packages, public_names
from site_pages.reference import anchor_of

_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md"}
_BLOCK = r"^(?P<mark>```+).*?^(?P=mark)$"
_HEADING = r"^#+ .*?$"
_LINK = r"(?P<text>!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)"
_NAME = r"`(?P<name>[\w.]+)(?:\([^`]*\))?`|`[^`]+`"
_PAPER = r"\barXiv:(?P<arxiv>\d{4}\.\d{4,5})|\bdoi:(?P<doi>10\.[\w./-]*\w)"
_PARTS = re.compile(f"{_BLOCK}|{_HEADING}|{_LINK}|{_NAME}|{_PAPER}", re.MULTILINE | re.DOTALL)


def linked(markdown, source, page):
    """The Markdown of a file of the repository with the links of a page of the site.

    Links to files lead to the pages made from them, those whose text is a public name to the API reference, as do such
    names in code; identifiers of papers lead to the papers.

    Args:
        markdown: The text.
        source: Path of the file in the repository.
        page: Path of the page below docs/.
    """

    def replaced(part):
        if part["target"]:
            return f"{part['text']}({_target(part['text'], part['target'], source, page)})"
        anchor = part["name"] and anchor_of(part["name"])
        return f"[{part[0]}]({_relative(anchor, page)})" if anchor else _paper(part)

    return _PARTS.sub(replaced, markdown)


def notebook_linked(markdown, source, folder=None):
    """The Markdown of a file of the repository with the links of a notebook made from it.

    Pictures keep their targets; identifiers of papers lead to the papers.

    Args:
        markdown: The text.
        source: Path of the file in the repository.
        folder: Folder of the repository that holds the notebook, from which links lead to files. Defaults to `None`:
            the notebook may lie anywhere, and these links become plain text, as links within the page always do.
    """

    def replaced(part):
        target = part["target"]
        if target is None:
            return _paper(part)
        if target.startswith("https://") or part["text"].startswith("!"):
            return part[0]
        if folder is None or target.startswith("#"):
            return part["text"][1:-1]
        return f"{part['text']}({posixpath.relpath(_path(target, source), folder)})"

    return _PARTS.sub(replaced, markdown)


def docstring_linked(markdown, package, besides):
    """A docstring whose names in code lead to their places in the reference, as `mkdocs-autorefs` finds them.

    Args:
        markdown: The text.
        package: Public package whose names the docstring may give without the package.
        besides: A name that is not linked, its own.
    """
    own = {name: f"{package}.{name}" for name in public_names(packages()[package])} if package in packages() else {}

    def replaced(part):
        path = part["name"] and own.get(part["name"], part["name"])
        known = path and anchor_of(path) and part["name"] != besides
        return f"[{part[0]}][keras_gen.{path}]" if known else _paper(part)

    return _PARTS.sub(replaced, markdown)


def anchor(heading):
    """The anchor of a heading, as GitHub and mkdocs make it."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def _target(text, target, source, page):
    if target.startswith(("https://", "#")):
        return target
    path, hash_, section = _path(target, source).partition("#")
    if path.startswith("keras_gen/"):
        return _relative(anchor_of(re.sub(r"\(.*|[\[\]`]", "", text)) or path, page)
    if path.startswith("recipes/"):
        path = f"gallery/{posixpath.basename(path).removesuffix('.py')}.md"
    return _relative(_PAGES.get(path, path.removeprefix("docs/")), page) + hash_ + section


def _path(target, source):
    """The path in the repository of what a file links to, with the section."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def _relative(path, page):
    return posixpath.relpath(path, posixpath.dirname(page) or ".")


def _paper(part):
    if part["arxiv"]:
        return f"[{part[0]}](https://arxiv.org/abs/{part['arxiv']})"
    return f"[{part[0]}](https://doi.org/{part['doi']})" if part["doi"] else part[0]
