"""Formulas in TeX, as MathML, which browsers show without a script."""

from xml.etree import ElementTree

from latex2mathml.converter import convert

_MATHML = "http://www.w3.org/1998/Math/MathML"
ElementTree.register_namespace("", _MATHML)


def formula(source, language, css_class, options, md, **others):
    """Format a block ```math, as `pymdownx.superfences` calls it."""
    root = ElementTree.fromstring(convert(source.replace(r"\arg", r"\operatorname{arg}"), display="block"))
    for part in root.iter():
        if part.tag == f"{{{_MATHML}}}msub" and part[0].text in ("min", "max"):
            part.tag = "munder"  # TeX has it below the word
        elif part.text in ("arg", "exp", "log"):
            part.tag = "mo"  # with TeX's small space on both sides
            part.attrib = {"lspace": "0.17em", "rspace": "0.17em"}
    return f'<div class="formula">{ElementTree.tostring(root, encoding="unicode")}</div>'
