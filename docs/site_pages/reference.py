"""The API reference: a page for each public package, with every public name."""

import functools

from site_pages.public import packages, public_names, public_objects, summary

_TOP = "saving.load_model"  # also `keras_gen.load_model`
_PACKAGE = """\
# keras_gen.{package}

::: keras_gen.{package}
    options:
      members: {names}
      show_root_heading: false
      show_root_toc_entry: false
      summary: {{attributes: true, classes: true, functions: true}}
"""
_INDEX = """\
# API reference

Every public name of the library, with its formula, arguments, an example that the tests run, its source and its code.
`import keras_gen` has the packages as attributes, and also the model classes and `load_model`.

| package | |
|---|---|
{rows}

::: keras_gen.{top}
"""


def page_of(package):
    """Path of a package's page below docs/."""
    return f"reference/{package}.md"


def anchor_of(name):
    """Path and anchor of a public name such as `losses.gaussian_kl`, `None` for any other."""
    return f"{page_of(name.rpartition('.')[0])}#keras_gen.{name}" if name in public_objects() else None


@functools.cache
def pages():
    """Dict from the path of each page below docs/ to its Markdown; the index is first."""
    rows = "\n".join(
        f"| [`keras_gen.{name}`]({page_of(name).removeprefix('reference/')}) | {summary(module)} |"
        for name, module in packages().items()
    )
    found = {"reference/index.md": _INDEX.format(rows=rows, top=_TOP)}
    for package, module in packages().items():
        found[page_of(package)] = _PACKAGE.format(package=package, names=public_names(module))
    return found


def navigation():
    """The reference's part of the navigation: the index, and the packages."""
    return ["reference/index.md", *({package: page_of(package)} for package in packages())]


def missing(package, html):
    """The public names of a package without a heading in its built page."""
    return [name for name in public_names(packages()[package]) if f'id="keras_gen.{package}.{name}"' not in html]
