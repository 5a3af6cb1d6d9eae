"""What the site adds to the lecture: file and line of each definition."""

import re

from site_pages.public import ROOT, public_objects

_CODE = re.compile(r"^- Code: .*?(?=^- |^$|\Z)", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\[`([\w.]+)`\]\(\.\./keras_gen/\S+\.py\)")


def with_places(markdown):
    """The Markdown of the lecture, with file and line after each public name in a list of code."""

    def placed(name):
        return f"{name[0]} <small>({place(name[1])})</small>"

    return _CODE.sub(lambda code: _NAME.sub(placed, code[0]), markdown)


def place(name):
    """File and line of the definition of a public name, such as "losses/divergence.py, line 21"."""
    thing = public_objects()[name]
    return f"{thing.filepath.relative_to(ROOT / 'keras_gen').as_posix()}, line {thing.lineno}"
