"""The commands `attack`, `visualize`, `dream`, `texture` and `style`: pictures made by gradients on the image."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import typer

from keras_gen.cli.run_options import Data, Run, imported, runs_for
from keras_gen.data_paths import require_images
from keras_gen.files import atomic_write, require_folder, require_picture

_File = Annotated[Path, typer.Argument(help="An image file.", metavar="<path>")]
_Out = Annotated[str, typer.Option(help="The picture's file.", metavar="<path>")]
_Side = Annotated[int, typer.Option(min=8, help="Longer side to which larger pictures are reduced.")]
_Steps = Annotated[int, typer.Option(min=1, help="Steps, at most.")]
_SeedOfNoise = Annotated[int, typer.Option(min=0, help="Seed of the noise or of the random shifts.")]
_Weights = Annotated[
    Path | None,
    typer.Option(
        help="An .npz file of the convolutions of VGG-16. [default: VGG-19 with ImageNet's, downloaded once]",
        show_default=False, metavar="<path>",
    ),
]  # fmt: skip

_REPORT = {  # lines of the report: what its figures are, and whether they are shares
    "clean_error": "error before the attack",
    "attacked_error": "error after the attack",
    "success": "success",
    "after_rounding": "success after rounding to 8 bits",
    "after_jpeg": "success after JPEG",
    "after_rotation_and_blur": "success after a rotation and a blur",
    "fooling_rate": "images whose class changes",
    "confidence": "mean confidence in wrong classes",
    "l2": "mean L2 norm of the changes",
    "relative_l2": "the same, relative to the images",
    "linf": "mean largest change of a pixel",
}


def attack(
    run: Run,
    method: Annotated[
        Literal["fgsm", "pgd", "deepfool", "lbfgs", "carlini-wagner", "universal"],
        typer.Option(help="The attack; universal is made from training images."),
    ] = "fgsm",
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 1000,
    epsilon: Annotated[
        float | None,
        typer.Option(
            min=0, help="Largest change of a pixel by fgsm, pgd and universal. [default: the method's own]",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Class that the images are to be taken for. [default: any but their own]",
                                 show_default=False)
    ] = None,
    data: Data = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of pgd and universal.")] = 0,
    out: Annotated[str, typer.Option(help="The picture of attacked images.", metavar="<path>")] = "attacked.png",
):  # fmt: skip
    """Attack a trained classifier: change test images a little, so that it takes them for other classes."""
    require_picture("--out", out)
    report, figure = runs_for(run, data).attack(run, method, n, epsilon, target, data, seed, verbose=1)
    with atomic_write(out) as path:
        figure.savefig(path)
    for name, value in dataclasses.asdict(report).items():
        if name in _REPORT and value is not None:
            typer.echo(f"{_REPORT[name]}: {value:.4f}")
    typer.echo(f"Wrote {out}")


def visualize(
    run: Run,
    layer: Annotated[
        str | None,
        typer.Option(help="Layer whose channels are shown. [default: the last with maps]", show_default=False),
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 8,
    steps: Annotated[int, typer.Option(min=1, help="Steps for each image that is optimised.")] = 100,
    data: Data = None,
    seed: _SeedOfNoise = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the pictures. [default: the run's]", show_default=False)
    ] = None,
):
    """Show what a trained classifier sees: filters, preferred and typical images, and the pixels that matter to it."""
    require_folder("--out", out or run)
    figures = runs_for(run, data).visualize(run, layer, n, steps, data, seed, verbose=1)
    for file in imported("keras_gen.runs.pictures").save_figures(out or run, figures):
        typer.echo(f"Wrote {(out or run) / file}")


def dream(
    picture: _File,
    layer: Annotated[
        str | None, typer.Option(help="The layer to dream of. [default: block4_conv2 of VGG]", show_default=False)
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="A run that classifies, whose network dreams instead of VGG, in the size of its images.",
            show_default=False,
        ),
    ] = None,
    weights: _Weights = None,
    octaves: Annotated[int, typer.Option(min=1, help="Number of sizes, from small to large.")] = 4,
    steps: Annotated[int, typer.Option(min=1, help="Steps in each size.")] = 10,
    side: _Side = 256,
    seed: _SeedOfNoise = 0,
    out: _Out = "dream.png",
):
    """Change a picture until a layer of a trained network sees more of what it responds to."""
    options = {"layer": layer, "run": run, "octaves": octaves, "steps": steps}
    if run is not None:
        runs_for(run)
    _make("dream", [picture], out, weights, side=side, seed=seed, **options)


def texture(
    picture: _File,
    size: Annotated[
        int | None, typer.Option(min=8, help="Side of the texture. [default: the picture's sides]", show_default=False)
    ] = None,
    weights: _Weights = None,
    steps: _Steps = 150,
    side: _Side = 256,
    seed: _SeedOfNoise = 0,
    out: _Out = "texture.png",
):
    """Make a texture like that of a picture, from noise; copies of it fit together."""
    _make("texture", [picture], out, weights, size=size, steps=steps, side=side, seed=seed)


def style(
    content: _File,
    style: _File,
    content_weight: Annotated[float, typer.Option(min=0, help="Weight of the content; that of the style is 1.")] = 0.1,
    smoothness: Annotated[float, typer.Option(min=0, help="Weight of the total variation.")] = 0.0,
    keep_colors: Annotated[bool, typer.Option(help="Keep the colours of the content.")] = False,
    weights: _Weights = None,
    steps: _Steps = 150,
    side: _Side = 256,
    seed: _SeedOfNoise = 0,
    out: _Out = "style.png",
):
    """Draw the content of a picture in the style of another."""
    options = {"content_weight": content_weight, "total_variation_weight": smoothness, "keep_colors": keep_colors}
    _make("style", [content, style], out, weights, steps=steps, side=side, seed=seed, **options)


def _make(work, pictures, out, weights, **options):
    """Write the image that a function of `keras_gen.runs` makes of image files."""
    require_picture("--out", out)
    require_images(pictures)
    if weights is not None and not weights.is_file():
        raise ValueError(f"No file of weights at that path. Expected: an .npz file. Received: '{weights}'")
    image = getattr(imported("keras_gen.runs"), work)(*pictures, weights=weights, verbose=1, **options)
    imported("keras_gen.runs.pictures").save_image(image, (0, 1), out)
    typer.echo(f"Wrote {out}")
