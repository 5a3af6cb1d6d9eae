"""The documentation site: the pages that are made from README, recipes and docstrings, and their links."""

import importlib
import inspect
import json
import re
import shutil
from pathlib import Path

import hooks
import nbformat
import pytest
import yaml
from mkdocs.exceptions import PluginError
from site_pages import captions, gallery, lecture, links, notebooks, public, reference
from site_pages.formulas import formula
from site_pages.texts import google_style

import keras_gen
from tests.explorer.browsing import CHROMIUM

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(name for name in keras_gen.__all__ if inspect.ismodule(getattr(keras_gen, name)))
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.py"))


@pytest.mark.parametrize("package", [*PACKAGES, "input_optimization.adversarial", "input_optimization.visualization"])
def test_every_public_name_is_in_the_reference(package):
    module = importlib.import_module(f"keras_gen.{package}")
    functions = [name for name, thing in vars(module).items() if inspect.isfunction(thing) and name[0] != "_"]
    page = reference.pages()[f"reference/{package}.md"]
    for name in getattr(module, "__all__", functions):
        thing, found = getattr(module, name), public.public_objects()[f"{package}.{name}"]
        assert f"::: keras_gen.{package}\n" in page and f"'{name}'" in page
        assert found.is_class == inspect.isclass(thing) and not found.is_module, "its file has the same name"


def test_a_name_without_a_heading_is_missing():
    html = "".join(f'<h2 id="keras_gen.plots.{name}">' for name in keras_gen.plots.__all__)
    assert reference.missing("plots", html) == []
    assert reference.missing("plots", html.replace("plots.flows", "plots.flow")) == ["flows"]


def test_every_recipe_is_in_one_family_of_the_gallery():
    assert sorted(name for names in gallery.FAMILIES.values() for name in names) == RECIPES
    pages = gallery.pages()
    assert all(f"]({name}.md)" in pages["gallery/index.md"] and f"gallery/{name}.md" in pages for name in RECIPES)


def test_page_of_a_recipe():
    page = gallery.pages()["gallery/deep_autoencoder_faces.md"]
    assert "# deep_autoencoder_faces\n\nThe deep autoencoder on faces" in page
    assert "```console\npython recipes/deep_autoencoder_faces.py --data faces.npz" in page
    date = r", [A-F](?: \(shared\))? \|\n"
    row = r"## Measured\n\n\| .*machine \|\n\|---.*\n\| .* `python recipes/deep_autoencoder_faces.py.*" + date
    assert re.search(row, page) and page.count("recipes/deep_autoencoder_faces.py") == 4
    assert "(../results.md#autoencoders)" in page and "(../reference/models.md#keras_gen.models.Autoencoder)" in page
    text, _, code = page.partition('??? example "recipes/deep_autoencoder_faces.py"')
    assert "Number of training patches" not in text, "arguments are described by --help"
    assert "    @recipe\n    def main(" in code


def test_pictures_and_findings_of_a_report(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "_DOCS", tmp_path)
    words = {"curve/samples": "Some samples.", "curve/comparison": "Both.", "history": "Losses."}
    monkeypatch.setattr(captions, "CAPTIONS", captions.CAPTIONS | words)
    (tmp_path / "results.md").write_text(
        "# Results\n\n## GANs on MNIST\n\n| command |\n|---|\n| `python recipes/curve.py`, [why](#why) |\n"
        "| `python recipes/other.py` |\n\n| figure | command |\n|---|---|\n| [3](guides/gans.md) | recipes/curve.py |\n"
    )
    folder = tmp_path / "gallery" / "curve"
    folder.mkdir(parents=True)
    for name in ("samples", "history", "comparison"):
        (folder / f"{name}.png").touch()
    bounded = {"what": "R2", "obtained": 0.97012, "expected": ">= 0.95", "verdict": "reached", "reference": "PCA"}
    stated = {"what": "|x|", "obtained": 3, "expected": "stated only", "verdict": "stated", "reference": ""}
    report = {"findings": [bounded, stated], "protocol": {"seed": 0, "all": {}}, "versions": {"keras": "3.11"}}
    (folder / "report.json").write_text(json.dumps(report))
    page = gallery.pages()["gallery/curve.md"]
    shown = re.findall(r"!\[(.*)\]\((curve/\w+).png\)", page)
    assert shown == [("Both.", "curve/comparison"), ("Some samples.", "curve/samples"), ("Losses.", "curve/history")]
    assert "| R2 | 0.9701 | >= 0.95 (PCA) | reached |\n| &#124;x&#124; | 3 | stated only | stated |" in page
    assert "Settings: `seed=0`. Versions: keras 3.11." in page
    first, second = (
        "| command |\n|---|\n| `python recipes/curve.py`, [why](../results.md#why) |",
        "| [3](../guides/gans.md) |",
    )
    assert f"## Measured\n\n{first}\n\n| figure" in page and second in page
    assert "[GANs on MNIST](../results.md#gans-on-mnist)" in page


def test_a_recipe_without_pictures_has_a_page_and_an_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "_PICTURES_OF_GUIDES", {})
    monkeypatch.setattr(gallery, "_DOCS", tmp_path)
    (tmp_path / "results.md").touch()
    pages = gallery.pages()
    assert "![" not in pages["gallery/index.md"] + pages["gallery/curve.md"] + gallery.one_picture_a_family()
    assert "[curve](curve.md)" in pages["gallery/index.md"]


def test_reports_of_the_gallery_name_no_place_of_a_machine():
    for path in (ROOT / "docs" / "gallery").rglob("report.json"):
        assert not re.search(r'": "(/|[A-Z]:|~)', path.read_text()), path


def test_every_picture_of_the_gallery_has_a_caption_and_every_caption_a_picture():
    drawn = [str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs" / "gallery").rglob("*.png")]
    of_guides = {f"images/{one}" for shown in gallery._PICTURES_OF_GUIDES.values() for one in shown}
    assert all((ROOT / "docs" / path).exists() for path in of_guides)
    keys = {captions.key(path) for path in [*drawn, *of_guides]}
    assert keys - captions.CAPTIONS.keys() == set(), "a sentence says what one sees in each of them"
    with_pictures = {key.partition("/")[0] for key in keys}
    for key in captions.CAPTIONS.keys() - keys - {"history"}:
        recipe, _, picture = key.partition("/")
        assert picture and recipe in RECIPES and recipe not in with_pictures, f"{key} is no picture"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p>A</p>\n<p><img alt="B &lt; 1." src="b.png" /></p>\n<p>C</p>',
         '<p>A</p>\n<figure><img alt="B &lt; 1." src="b.png" /><figcaption>B &lt; 1.</figcaption></figure>\n<p>C</p>'),
        ('<p><img alt="B" src="b.png" /></p>\n<p><em>Dream,\n<a href="c.html">C</a>.</em></p>',
         '<figure><img alt="B" src="b.png" /><figcaption>Dream,\n<a href="c.html">C</a>.</figcaption></figure>'),
        ('<p><img alt="B" src="b.png" /></p>\n<p><em>Not</em> all.</p>\n<p>A <em>b</em></p>',
         '<figure><img alt="B" src="b.png" /><figcaption>B</figcaption></figure>\n'
         '<p><em>Not</em> all.</p>\n<p>A <em>b</em></p>'),
        ('<a><img alt="B" src="b.png" /> card</a>', '<a><img alt="B" src="b.png" /> card</a>'),
        ('<p><img alt="B" src="b.png" /> and text</p>', '<p><img alt="B" src="b.png" /> and text</p>'),
    ],
)  # fmt: skip
def test_captions_are_shown(html, expected):
    assert hooks.on_page_content(html, None, None, None) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[data](data.md#labels)", "[data](data.md#labels)"),
        ("[results](../results.md#gans)", "[results](../results.md#gans)"),
        ("[home](../../README.md)", "[home](../index.md)"),
        ("[curve](../../recipes/curve.py)", "[curve](../gallery/curve.md)"),
        ("![a b](../images/curve.png)", "![a b](../images/curve.png)"),
        ("[page](https://keras.io/api)", "[page](https://keras.io/api)"),
        ("[`losses.squared_error`](../../keras_gen/losses/likelihood.py)",
         "[`losses.squared_error`](../reference/losses.md#keras_gen.losses.squared_error)"),
        ("`models.GAN(ema=0.9)`", "[`models.GAN(ema=0.9)`](../reference/models.md#keras_gen.models.GAN)"),
        ("[`models.GAN` here](gans.md)", "[`models.GAN` here](gans.md)"),
        ("`models.Unknown` `keras.Model`", "`models.Unknown` `keras.Model`"),
        ("```python\nmodels.GAN  # `models.GAN`, arXiv:1406.2661\n```",
         "```python\nmodels.GAN  # `models.GAN`, arXiv:1406.2661\n```"),
        ("## `models.GAN`", "## `models.GAN`"),
        ("arXiv:1406.2661, 2014", "[arXiv:1406.2661](https://arxiv.org/abs/1406.2661), 2014"),
        ("[arXiv:1406.2661](https://arxiv.org/abs/1406.2661)", "[arXiv:1406.2661](https://arxiv.org/abs/1406.2661)"),
        ("doi:10.23915/distill.00003:", "[doi:10.23915/distill.00003](https://doi.org/10.23915/distill.00003):"),
    ],
)  # fmt: skip
def test_links_of_a_guide(markdown, expected):
    assert links.linked(markdown, "docs/guides/gans.md", "guides/gans.md") == expected


def test_links_of_the_home_page():
    found = links.linked(
        "![d](docs/images/d.png) [g](docs/guides/gans.md) [c](CONTRIBUTING.md)", "README.md", "index.md"
    )
    assert found == "![d](images/d.png) [g](guides/gans.md) [c](contributing.md)"


@pytest.mark.parametrize(
    ("markdown", "in_the_repository", "elsewhere"),
    [
        ("[VAEs](vaes.md#with-labels)", "[VAEs](../docs/guides/vaes.md#with-labels)", "VAEs"),
        ("[curve](../../recipes/curve.py)", "[curve](../recipes/curve.py)", "curve"),
        ("[above](#the-data)", "above", "above"),
        ("[page](https://keras.io)", "[page](https://keras.io)", "[page](https://keras.io)"),
        ("![a b](attachment:a.png)", "![a b](attachment:a.png)", "![a b](attachment:a.png)"),
        ("`models.GAN`", "`models.GAN`", "`models.GAN`"),
        ("arXiv:1406.2661", *["[arXiv:1406.2661](https://arxiv.org/abs/1406.2661)"] * 2),
    ],
)  # fmt: skip
def test_links_of_a_notebook(markdown, in_the_repository, elsewhere):
    assert links.notebook_linked(markdown, "docs/guides/gans.md", "notebooks") == in_the_repository
    assert links.notebook_linked(markdown, "docs/guides/gans.md") == elsewhere


@pytest.mark.parametrize("name", notebooks.GUIDES)
def test_a_notebook_has_the_text_and_the_code_of_its_guide(name):
    guide, made = (ROOT / f"docs/guides/{name}.md").read_text(), notebooks.notebook(name, "notebooks")
    nbformat.validate(made)
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    assert [one for one in code if "Image.open" not in one] == [
        block.strip() for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    ]
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ .*", guide, re.MULTILINE)
    assert re.findall(r"^#+ .*", text, re.MULTILINE) == headings and text.startswith(headings[0])
    assert text.count("$$") == 2 * guide.count("```math") and "```math" not in text
    assert text.count("```console") == guide.count("```console")
    files = re.findall(r"\]\((?!https:|attachment:)\.\./([^)#]+)", text)
    assert f"docs/guides/{name}.md" in files and all((ROOT / file).exists() for file in files)


def test_pictures_of_a_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    (tmp_path / "docs/guides").mkdir(parents=True)
    for name in ("a.png", "b.jpg"):
        (tmp_path / "docs" / name).write_bytes(b"abc")
    (tmp_path / "docs/guides/page.md").write_text(
        '# Page\n\n```python\nf.savefig("a.png")\ng.savefig("c.png")\n```\n\n![A](../a.png)\n\n![B](../b.jpg)\n\nEnd\n'
    )
    _, code, *shown, text = notebooks.notebook("page").cells
    assert code.source == 'f.savefig("a.png")\ng.savefig("c.png")'
    assert [cell.source.splitlines()[-1] for cell in shown] == ['Image.open("a.png")', 'Image.open("c.png")']
    assert text.source == "![B](attachment:b.jpg)\n\nEnd", "its own figure stands in for A"
    assert text.attachments == {"b.jpg": {"image/jpeg": "YWJj"}}


def test_guides_with_a_notebook_link_it():
    linked = notebooks.with_link("# Title\n\nText\n", "guides/tutorial_vae.md")
    (target,) = re.findall(r"^# Title\n\n\[As a notebook\]\(\.\./(\S+)\){.*}\n\nText\n$", linked)
    assert target in notebooks.pages()
    assert notebooks.with_link("# Title\n", "guides/vaes.md") == "# Title\n"


def test_make_notebooks_writes_them(tmp_path, monkeypatch):
    page, first = "# Page\n\n[VAEs](vaes.md)\n", notebooks.GUIDES[0]
    (tmp_path / "docs/guides").mkdir(parents=True)
    for name in notebooks.GUIDES:
        (tmp_path / f"docs/guides/{name}.md").write_text(page)
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    notebooks.main()
    written = {path.stem: path.read_text() for path in (tmp_path / "notebooks").iterdir()}
    assert written.keys() == set(notebooks.GUIDES) and "(../docs/guides/vaes.md)" in written[first]
    notebooks.main()
    assert (tmp_path / f"notebooks/{first}.ipynb").read_text() == written[first], "ids of cells are not random"


def test_names_in_docstrings_lead_to_the_reference():
    text = "As in `mlp_encoder` and `models.VAE`, not `mlp_decoder` or `units`."
    assert links.docstring_linked(text, "networks", besides="mlp_decoder") == (
        "As in [`mlp_encoder`][keras_gen.networks.mlp_encoder] and [`models.VAE`][keras_gen.models.VAE], "
        "not `mlp_decoder` or `units`."
    )


def test_docstrings_become_google_style():
    found = google_style(
        "Title.\n\nIt minimises the mean of\n\n    f(x),    x in X.\n\ny = x^2\n\nProse: x = 1.\n\n"
        "Args:\n    first, second,\n        third: As in `f`, a number\n        >= 0.\n\nReturns:\n    A number.\n\n"
        "Example:\n\n>>> 1 + 1\n2\n\nReference:\n    Kingma, 2014,\n    page 3.\n"
    )
    assert found == (
        "Title.\n\nIt minimises the mean of\n\n``` {.text .wrapped}\nf(x),    x in X.\n```\n\n"
        "``` {.text .wrapped}\ny = x^2\n```\n\nProse: x = 1.\n\n"
        "Args:\n    first, second, third: As in `f`, a number\n        \\>= 0.\n\n**Returns:** A number.\n\n"
        "Examples:\n    >>> 1 + 1\n    2\n\n**Reference:** Kingma, 2014,\npage 3."
    )


def test_formulas_become_mathml():
    found = formula(r"\arg\max_z \log p(x)", "math", "math", {}, None)
    assert found.startswith('<div class="formula"><math')
    assert '<mo lspace="0.17em" rspace="0.17em">log</mo><mi>p</mi>' in found
    assert ">arg</mo><munder><mo>max</mo><mi>z</mi></munder>" in found and "\\" not in found


def test_every_formula_of_the_pages_is_known_tex():
    for path in (ROOT / "docs").rglob("*.md"):
        for source in re.findall(r"^```math\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE):
            assert "\\" not in formula(source, "math", "math", {}, None), source


def test_what_the_lecture_names_exists():
    text = (ROOT / "docs" / "lecture.md").read_text()
    named = re.findall(r"\[`([\w.]+)`\]\(\.\./(\S+)\)", text)
    assert len(named) > 100
    for name, file in named:
        package, _, last = name.rpartition(".")
        thing = getattr(importlib.import_module(f"keras_gen.{package}"), last)
        assert inspect.getsourcefile(inspect.unwrap(thing)) == str(ROOT / file), f"{name} is not in {file}"
        assert reference.anchor_of(name), f"{name} is not public"
    assert set(re.findall(r"`([a-z_]+\.[\w.]+)`", text)) == {name for name, _ in named}, "all are links"
    recipes = re.findall(r"\[([^\]]+)\]\(\.\./recipes/(\w+)\.py\)", text)
    assert all(name == file and name in RECIPES for name, file in recipes)


def test_the_lecture_says_where_names_are_defined():
    source = (ROOT / "keras_gen" / "losses" / "divergence.py").read_text()
    line = 1 + source[: source.index("def sparsity_kl(")].count("\n")
    link = "[`losses.sparsity_kl`](../keras_gen/losses/divergence.py)"
    found = lecture.with_places(f"{link}\n\n- Code: `rho` of\n  {link}, a\n- Recipe: {link}\n")
    placed = f"{link} <small>(losses/divergence.py, line {line})</small>"
    assert found == f"{link}\n\n- Code: `rho` of\n  {placed}, a\n- Recipe: {link}\n"


def test_a_topic_of_the_lecture_without_a_picture_has_one_of_its_recipes(monkeypatch):
    drawn = {"b": ["images/curve.png", "gallery/b/history.png"], "c": ["images/denoised.png"]}
    monkeypatch.setattr(lecture, "pictures", lambda name: drawn.get(name, []))
    recipes = "- Recipes: [a](../recipes/a.py),\n  [b](../recipes/b.py), [c](../recipes/c.py)\n"
    without, other, last = (
        f"### 1\n\n{recipes}",
        "### 2\n\n![P](p.png)\n[c](../recipes/c.py)\n",
        "### 3\n\n[a](../recipes/a.py)\n",
    )
    found = lecture.with_pictures(f"# L\n\n{without}\n{other}\n## Part\n\n{last}")
    picture = f"![{captions.CAPTIONS['curve.png']}](images/curve.png)"
    assert found == f"# L\n\n{without}\n{picture}\n\n{other}\n## Part\n\n{last}"


def test_the_lecture_of_the_site_has_both():
    file = type("File", (), {"src_uri": "lecture.md", "generated_by": None})
    page, source = type("Page", (), {"file": file}), (ROOT / "docs" / "lecture.md").read_text()
    text = hooks.on_page_markdown(source, page, None, None)
    assert "<small>(losses/divergence.py, line" in text and text.count("![") > source.count("![")


def test_a_recipe_shows_the_pictures_of_guides_before_its_own():
    assert gallery.pictures("vae_digits") == [
        *(f"images/{name}.png" for name in ("samples", "reconstructions", "latent")),
        "gallery/vae_digits/history.png",
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.org/b.js">',
        '<img alt="a" src="http://a.org/b.png">',
        '<link rel="stylesheet" href="https://a.org/b.css">',
    ],
)
def test_pages_load_nothing_from_elsewhere(html):
    page = type("Page", (), {"file": type("File", (), {"src_uri": "a.md"})})
    with pytest.raises(PluginError, match=r"Pages load nothing from elsewhere. Received: \['https?://a.org/b"):
        hooks.on_post_page(html, page, None)
    local = '<script src="../b.js"><a href="https://a.org">'
    assert hooks.on_post_page(local, page, None) == local


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_search_has_a_worker_in_a_page_from_a_disk(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    (script,) = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["extra"]["polyfills"]
    folder = tmp_path / "a&copy b"
    folder.mkdir()
    shutil.copy(ROOT / "docs" / script, folder / "shim.js")
    (folder / "worker.js").write_text("addEventListener('message', (event) => postMessage(event.data + 1))")
    (folder / "page.html").write_text(
        "<script src='shim.js'></script><body><script>const worker = new Worker('worker.js');"
        "worker.addEventListener('message', (event) => (document.title += event.data));"
        "worker.postMessage(1); worker.postMessage(2)</script></body>"
    )
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((folder / "page.html").as_uri())
        page.wait_for_function("document.title === '23'", timeout=20_000)
        browser.close()
