"""README and docs: their Python runs, their commands parse, their links lead somewhere."""

import functools
import gc
import importlib
import re
import shlex
import warnings
from pathlib import Path

import numpy as np
import pytest
import typer
from site_pages import notebooks
from site_pages.captions import CAPTIONS

from keras_gen import data
from keras_gen.cli.main import app
from keras_gen.training import GenerativeModel

pytestmark = pytest.mark.compiled

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [*GUIDES, ROOT / "CONTRIBUTING.md", ROOT / "saved_models" / "README.md"]


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(path, language):
    """The pairs (number of lines before, source) of a page's fenced blocks."""
    text = path.read_text()
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, block.start(1)), block.group(1)) for block in found]


def code(path):
    """The triples (file, number of lines before, source) of a page's Python: its blocks, or its notebook's cells."""
    if path.stem in notebooks.GUIDES:
        cells = [cell for cell in notebooks.notebook(path.stem).cells if cell.cell_type == "code"]
        return [(f"{path.stem}.ipynb, {cell.id}", 0, cell.source) for cell in cells]
    return [(str(path), *block) for block in blocks(path, "python")]


def commands(path):
    """The command lines of a page, as lists of words: of console blocks, and of code within a sentence or a table."""
    lines = [line for _, block in blocks(path, "console") for line in block.replace("\\\n", " ").splitlines()]
    prose = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    lines += re.findall(r"`((?:keras-gen|make|python) [^`]+)`", prose)
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture
def quick(monkeypatch):
    """Two epochs at most, without XLA, which takes longer to compile than they take; 64 digits enlarged as MNIST."""
    fit, load = GenerativeModel.fit, data.load

    def short_fit(self, *args, epochs=1, initial_epoch=0, **options):
        epochs = min(epochs, initial_epoch + 2)
        return fit(self, *args, epochs=epochs, initial_epoch=initial_epoch, **options)

    def load_offline(name, *args, **options):
        parts = load("digits" if name == "mnist" else name, *args, **options)
        return tuple(enlarged(part) for part in parts) if name == "mnist" else parts

    monkeypatch.setattr(GenerativeModel, "compile", functools.partialmethod(GenerativeModel.compile, jit_compile=False))
    monkeypatch.setattr(GenerativeModel, "fit", short_fit)
    monkeypatch.setattr(data, "load", load_offline)
    yield
    gc.collect()


def enlarged(part):
    """Some 8x8 digits as images of MNIST's size."""
    x = part.x[:64].repeat(3, axis=1).repeat(3, axis=2)
    return part._replace(x=np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge"), y=part.y[:64])


@named([path for path in GUIDES if blocks(path, "python")])
def test_python_of_a_page_runs(path, tmp_path, monkeypatch, quick):
    monkeypatch.chdir(tmp_path)
    page = {"__name__": path.stem}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for file, lines_before, source in code(path):
            exec(compile("\n" * lines_before + source, file, "exec"), page)


@named([path for path in PAGES if commands(path)])
def test_commands_of_a_page_are_known(path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")  # one of which imports another
    for program, *arguments in commands(path):
        if program == "keras-gen":
            parse(typer.main.get_command(app), arguments)
        elif program == "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), arguments
        elif program == "python" and arguments[0].startswith("recipes/"):
            recipe = importlib.import_module(Path(arguments[0]).stem).main
            parse(typer.main.get_command(recipe.app), arguments[1:])
        elif program == "python" and arguments[0].startswith("benchmarks/"):
            source = (ROOT / arguments[0]).read_text()
            assert all(f'"{word}"' in source for word in arguments[1:] if word.startswith("--")), arguments


def parse(command, words):
    """Read a command line as far as its last command, which is not run; an unknown option raises."""
    try:
        context = command.make_context(command.name, list(words))
        if isinstance(command, typer.core.TyperGroup):
            _, command, words = command.resolve_command(context, words)
            parse(command, words)
    except typer.Exit:  # of --help
        pass


@named(PAGES)
def test_links_of_a_page_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not target.startswith(("https://", "#")):
            linked, _, section = target.partition("#")
            assert (path.parent / linked).exists(), target
            headings = re.findall(r"^#+ (.*)$", (path.parent / linked).read_text(), re.MULTILINE) if section else []
            anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
            assert not section or section in anchors, target


def test_every_page_and_picture_is_linked():
    linked = {
        (path.parent / target.partition("#")[0]).resolve()
        for path in GUIDES
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    }
    assert {*GUIDES[1:], *(ROOT / "docs" / "images").iterdir()} <= linked


@named([path for path in GUIDES[1:] if "![" in path.read_text()])
def test_a_picture_has_the_caption_that_it_has_in_the_gallery(path):
    for text, name, after in re.findall(r"^!\[(.*)\]\(\S+/([\w.]+)\)\n\n?(.?)", path.read_text(), re.MULTILINE):
        assert name not in CAPTIONS or after == "*" or text == CAPTIONS[name], name


def test_readme_is_one_page():
    assert len((ROOT / "README.md").read_text().split()) <= 800
