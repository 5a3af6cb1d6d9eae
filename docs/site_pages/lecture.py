"""What the site adds to the lecture: file and line of each definition, and pictures of the gallery."""

import re

from site_pages.captions import caption
from site_pages.gallery import pictures
from site_pages.public import ROOT, public_objects

_CODE = re.compile(r"^- Code: .*?(?=^- |^$|\Z)", re.MULTILINE | re.DOTALL)
_TOPIC = re.compile(r"^### .*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_RECIPE = re.compile(r"\]\(\.\./recipes/(\w+)\.py\)")
_NAME = re.compile(r"\[`([\w.]+)`\]\(\.\./keras_gen/\S+\.py\)")


def with_places(markdown):
    """The Markdown of the lecture, with file and line after each public name in a list of code."""

    def placed(name):
        return f"{name[0]} <small>({place(name[1])})</small>"

    return _CODE.sub(lambda code: _NAME.sub(placed, code[0]), markdown)


def with_pictures(markdown):
    """The Markdown of the lecture; a topic without a picture has the first of the first recipe that has one."""
    return _TOPIC.sub(lambda topic: topic[0] if "![" in topic[0] else _with_picture(topic[0]), markdown)


def place(name):
    """File and line of the definition of a public name, such as "losses/divergence.py, line 21"."""
    thing = public_objects()[name]
    return f"{thing.filepath.relative_to(ROOT / 'keras_gen').as_posix()}, line {thing.lineno}"


def _with_picture(topic):
    shown = next(filter(None, map(pictures, _RECIPE.findall(topic))), None)
    return f"{topic.rstrip()}\n\n![{caption(shown[0])}]({shown[0]})\n\n" if shown else topic
