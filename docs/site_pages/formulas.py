"""Formulas in TeX, as MathML, which browsers show without a script."""

import re

import latex2mathml.converter


def formula(source, language, css_class, options, md, **others):
    """Format a block ```math, as `pymdownx.superfences` calls it."""
    mathml = latex2mathml.converter.convert(source, display="block")
    spaced = re.sub(r"(<mi>(?:log|exp)</mi>)", r'\1<mspace width="0.17em" />', mathml)  # as TeX has it
    return f'<div class="formula">{spaced}</div>'
