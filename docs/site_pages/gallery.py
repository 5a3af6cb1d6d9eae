"""The gallery: a page for each recipe, made from its file and from what it has written to docs/gallery/."""

import ast
import json
import re

from site_pages.captions import caption
from site_pages.links import anchor, linked
from site_pages.public import ROOT, public_objects

FAMILIES = {  # every recipe, in the order of the gallery
    "Autoencoders": (
        "linear_autoencoder_is_pca", "curve", "deep_autoencoder_mnist", "deep_autoencoder_faces", "denoising",
        "stacked_denoising_mnist", "few_labels", "sparse_filters", "k_sparse_codes", "contractive", "decoder_as_memory",
    ),
    "Variational autoencoders": (
        "vae_digits", "vae_mnist_2d", "vae_mnist_3d", "vae_nll", "conditional_vae_mnist", "semi_supervised_vae",
    ),
    "GANs": (
        "gan_digits", "optimal_discriminator", "mixtures", "mode_collapse", "dcgan_mnist", "dcgan_cifar10", "dcgan_64",
        "few_images", "conditional_mnist", "text_to_image", "wgan_gp_mnist", "bigan_mnist", "progressive_growing",
    ),
    "Translation, resolution and motion": (
        "cyclegan_digits", "cyclegan_monet", "pix2pix_edges", "super_resolution", "optical_flow",
    ),
    "Features, outliers and missing values": ("codes_as_features", "outliers", "imputation"),
    "Classifiers and objects": ("lenet_mnist", "cifar10_classifier", "detect_objects", "locate_objects"),
    "Attacks": ("fgsm_softmax", "adversarial_examples"),
    "What networks see": (
        "what_a_cnn_sees", "invert_layers", "deep_dream", "texture", "style_transfer", "find_latent",
    ),
    "Convolutions": ("filters", "resampling", "receptive_fields"),
    "Tuning": ("tune_denoising_autoencoder",),
}  # fmt: skip
_PICTURES_OF_GUIDES = {  # drawn by recipes, and also shown by guides
    "conditional_mnist": ("conditional_digits.png",),
    "conditional_vae_mnist": ("styles.png",),
    "curve": ("curve.png",),
    "cyclegan_digits": ("translated_digits.png",),
    "dcgan_cifar10": ("colour_samples.png",),
    "deep_autoencoder_mnist": ("deep_autoencoder.png",),
    "deep_dream": ("optimized.jpg",),
    "denoising": ("denoised.png",),
    "imputation": ("imputation.png",),
    "mixtures": ("mixtures.png",),
    "mode_collapse": ("mode_collapse.png",),
    "optimal_discriminator": ("optimal_discriminator.png",),
    "pix2pix_edges": ("coloured_digits.png",),
    "resampling": ("resampling.png",),
    "sparse_filters": ("sparse_filters.png",),
    "style_transfer": ("optimized.jpg",),
    "texture": ("optimized.jpg",),
    "tune_denoising_autoencoder": ("knee.png",),
    "vae_digits": ("samples.png", "reconstructions.png", "latent.png"),
    "vae_mnist_2d": ("manifold.png", "interpolation.png"),
}
_DOCS, _RECIPES = ROOT / "docs", ROOT / "recipes"
_IN_RESULTS = {"#": "](../docs/results.md", "": "](../docs/"}  # how links of the results begin on a recipe's page
_INDEX = "gallery/index.md"


def pages():
    """Dict from the path of each page below docs/ to its Markdown; the index is first."""
    return {_INDEX: _index()} | {page_of(name): _page(name) for names in FAMILIES.values() for name in names}


def page_of(name):
    """Path of a recipe's page below docs/."""
    return f"gallery/{name}.md"


def navigation():
    """The gallery's part of the navigation: the index, and the pages by family."""
    return [_INDEX, *({family: [page_of(name) for name in names]} for family, names in FAMILIES.items())]


def one_picture_a_family():
    """Markdown for the home page: the first picture of each family that has one, with a link to the family."""
    shown = {family: next(filter(pictures, names), None) for family, names in FAMILIES.items()}
    return _cards(
        f"-   [![{_summary(name)}]({pictures(name)[0]}) {family}]({_INDEX}#{anchor(family)})"
        for family, name in shown.items()
        if name
    )


def pictures(name):
    """Paths below docs/ of a recipe's pictures: those of the guides, then those in docs/gallery/, history last."""
    found = sorted((_DOCS / "gallery" / name).glob("*.png"), key=lambda path: (path.stem == "history", path))
    of_guides = [_DOCS / "images" / one for one in _PICTURES_OF_GUIDES.get(name, ())]
    return [str(path.relative_to(_DOCS)) for path in [*of_guides, *found]]


def _index():
    parts = ["# Gallery", "A page for each recipe: what it shows, its command, its pictures, its code."]
    for family, names in FAMILIES.items():
        parts += [f"## {family}", _cards(map(_card, names))]
    return "\n\n".join(parts) + "\n"


def _card(name):
    image = f"![{name}](../{pictures(name)[0]}) " if pictures(name) else ""
    return f"-   [{image}{name}]({name}.md)<br>{_summary(name)}"


def _cards(cards):
    return '<div class="cards" markdown>\n\n' + "\n".join(cards) + "\n\n</div>"


def _page(name):
    file = f"recipes/{name}.py"
    paragraphs = _paragraphs(name)
    text = "\n\n".join(part for part in paragraphs if not part.startswith("python "))
    commands = [part for part in paragraphs if part.startswith("python ")] or [f"python {file}"]
    source = "\n".join(f"    {line}".rstrip() for line in (ROOT / file).read_text().splitlines())
    parts = [
        f"# {name}",
        text,
        "```console\n" + "\n".join(commands) + "\n```",
        *(f"![{caption(path)}](../docs/{path})" for path in pictures(name)),
        f"It prints its findings, and writes them, its pictures and its model to `saved_models/{name}`, or to `--out`.",
        *_findings(name),
        *_measured(name),
        *_see_also(name),
        f'??? example "{file}"\n\n    ````python\n{source}\n    ````',
    ]
    return linked("\n\n".join(parts), file, page_of(name)) + "\n"


def _paragraphs(name):
    """The paragraphs of a recipe's docstring that come before its arguments."""
    docstring = ast.get_docstring(ast.parse((_RECIPES / f"{name}.py").read_text()))
    return docstring.partition("\n\nArgs:\n")[0].split("\n\n")


def _summary(name):
    return " ".join(_paragraphs(name)[0].split())


def _findings(name):
    """The table of a recipe's report, and how the run was made."""
    path = _DOCS / "gallery" / name / "report.json"
    if not path.exists():
        return []
    report = json.loads(path.read_text())
    rows = []
    for finding in report["findings"]:
        bounds = finding["expected"] + (f" ({finding['reference']})" if finding["reference"] else "")
        cells = [finding["what"], f"{finding['obtained']:.4g}", bounds, finding["verdict"]]
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    settings = [f"`{key}={value}`" for key, value in report["protocol"].items() if not isinstance(value, dict)]
    versions = ", ".join(f"{package} {version}" for package, version in report["versions"].items())
    table = "\n".join(["| finding | obtained | expected | |", "|---|---|---|---|", *rows])
    return ["## Findings", table, f"Settings: {', '.join(settings)}. Versions: {versions}."]


def _measured(name):
    """The rows of the results that name the recipe, below their headings; nothing if there are none."""
    tables, heading, last = {}, (), ""
    for line in (_DOCS / "results.md").read_text().splitlines():
        if line.startswith("|---"):
            heading = last, line
        elif f"recipes/{name}.py" in line and line.startswith("|"):
            linked_from_here = re.sub(r"\]\((?!https?:)(?=(#?))", lambda found: _IN_RESULTS[found[1]], line)
            tables.setdefault(heading, []).append(linked_from_here)
        last = line
    found = ["\n".join([*heading, *rows]) for heading, rows in tables.items()]
    return ["## Measured", *found] if found else []


def _see_also(name):
    """Where the results name the recipe, and the public names in its code."""
    parts, source = [], (_RECIPES / f"{name}.py").read_text()
    for section in re.split(r"^## ", (_DOCS / "results.md").read_text(), flags=re.MULTILINE)[1:]:
        if f"recipes/{name}.py" in section:
            heading = section.partition("\n")[0]
            parts.append(f"Results: [{heading}](../docs/results.md#{anchor(heading)}).")
    imported = re.findall(r"^from keras_gen\.([\w.]+) import ([\w, ]+)$", source, re.MULTILINE)
    names = {f"{package}.{one}" for package, ones in imported for one in ones.split(", ")}
    names |= set(re.findall(r"\b[a-z_]+\.\w+", source))
    used = ", ".join(f"`{one}`" for one in sorted(names & public_objects().keys()))
    return [*parts, f"Names of the library in the code: {used}."]
