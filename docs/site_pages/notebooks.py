"""Notebooks of guides: their text, their code, and the figures that the code saves; `make notebooks` writes them."""

import base64
import mimetypes
import re

import nbformat
from nbformat import v4

from site_pages.links import notebook_linked
from site_pages.public import ROOT

GUIDES = ("tutorial_vae", "tutorial_gan", "input_optimization")
_FOLDER = "notebooks"  # of the repository, and of the site
_NOTE = "*Text and code are those of [the guide]({name}.md). The code needs keras_gen: `pip install .` in a clone.*"
_SHOWN = """\
from PIL import Image

Image.open("{file}")"""
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"^```math\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"^!\[(?P<text>[^\]]*)\]\((?P<target>\S+)\)\n*", re.MULTILINE)
_SAVED = re.compile(r"\.savefig\(\"([^\"]+)\"\)")


def notebook(name, folder=None):
    """A guide as a notebook that has not been run.

    Blocks of Python become cells of code. A cell after each shows the figures that it saves, in place of the guide's
    pictures of the same names; other pictures are attached.

    Args:
        name: Name of the guide's file, without its suffix.
        folder: As in `links.notebook_linked`.

    Returns:
        An `nbformat.NotebookNode`.
    """
    source = f"docs/guides/{name}.md"
    title, _, text = (ROOT / source).read_text().partition("\n")
    cells, saved = [], set()
    for number, part in enumerate(_CODE.split(f"{title}\n\n{_NOTE.format(name=name)}\n{text}")):
        if number % 2:
            files = _SAVED.findall(part)
            saved.update(files)
            cells += [v4.new_code_cell(one) for one in (part.strip(), *(_SHOWN.format(file=file) for file in files))]
        elif part.strip():
            cells.append(_text_cell(part, source, folder, saved))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # the default is random: files would differ from one `make` to the next
    return v4.new_notebook(cells=cells, metadata=_METADATA)


def pages():
    """Dict from the path of each notebook below docs/ to its text."""
    return {_page_of(name): nbformat.writes(notebook(name)) for name in GUIDES}


def with_link(markdown, source):
    """The Markdown of a page of the site, with a link to its notebook below the title if there is one.

    Args:
        markdown: The text.
        source: Path of the page below docs/.
    """
    name = source.removeprefix("guides/").removesuffix(".md")
    if name not in GUIDES:
        return markdown
    title, _, text = markdown.partition("\n")
    return f'{title}\n\n[As a notebook](../{_page_of(name)}){{download="{name}.ipynb"}}\n{text}'


def main():
    """Write the notebooks to the folder `notebooks`."""
    (ROOT / _FOLDER).mkdir(exist_ok=True)
    for name in GUIDES:
        nbformat.write(notebook(name, _FOLDER), ROOT / _page_of(name))
        print(_page_of(name))


def _page_of(name):
    return f"{_FOLDER}/{name}.ipynb"


def _text_cell(markdown, source, folder, saved):
    """A cell of Markdown, with the pictures of the guide that are not in `saved`."""
    attachments = {}

    def attached(picture):
        path = (ROOT / source).parent / picture["target"]
        if path.name in saved:
            return ""
        data = base64.b64encode(path.read_bytes()).decode()
        attachments[path.name] = {mimetypes.guess_type(path)[0]: data}
        return f"![{picture['text']}](attachment:{path.name})\n\n"

    markdown = _FORMULA.sub(lambda formula: f"$$\n{formula[1]}$$", _PICTURE.sub(attached, markdown))
    cell = v4.new_markdown_cell(notebook_linked(markdown, source, folder).strip())
    if attachments:
        cell.attachments = attachments
    return cell


if __name__ == "__main__":
    main()
