"""The commands `sample`, `interpolate`, `plane` and `reconstruct`: pictures made by a trained model."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from keras_gen.cli.options import elements, stated
from keras_gen.cli.run_options import Data, Labels, Run, Seed, classes, runs_for
from keras_gen.data_paths import require_images
from keras_gen.files import atomic_write, require_picture
from keras_gen.reports import counted

_Picture = Annotated[str, typer.Option(help="The picture's file.", metavar="<path>")]


def sample(
    run: Run,
    n: Annotated[int, typer.Option(min=1, help="Number of samples.")] = 64,
    seed: Seed = None,
    labels: Labels = None,
    out: Annotated[
        str,
        typer.Option(help="One picture of all samples, or a new folder for single images.", metavar="<path>"),
    ] = "samples.png",
):
    """Draw samples from a trained model, into one picture or into a folder of single images."""
    chosen = {"n": n, "seed": seed, "labels": classes(labels)}
    if not _is_folder(out):
        _save(out, run, lambda runs: runs.samples(run, **chosen))
        return
    if Path(out).exists() and (not Path(out).is_dir() or any(Path(out).iterdir())):
        raise ValueError(f"'{out}' is not empty. Expected: a new or an empty folder for --out, or a picture's name")
    runs_for(run).sample_images(run, out, **chosen)
    typer.echo(f"Wrote {counted(n, 'image')} into {out}")


def interpolate(
    context: typer.Context,
    run: Run,
    between: Annotated[
        str | None,
        typer.Option(
            help="Numbers of two test images, such as 3,17: the path between their codes.", show_default=False
        ),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="An image file, where the path to --to begins.", show_default=False)
    ] = None,
    end: Annotated[Path | None, typer.Option("--to", help="The other image file.", show_default=False)] = None,
    rows: Annotated[int, typer.Option(min=1, help="Number of paths between samples, one per row.")] = 8,
    steps: Annotated[int, typer.Option(min=2, help="Images per path, including its ends.")] = 10,
    path: Annotated[
        Literal["linear", "spherical"] | None,
        typer.Option(
            help="Straight line, or arc around 0. [default: spherical if the prior of the latents is normal]",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    seed: Seed = None,
    labels: Labels = None,
    out: _Picture = "interpolation.png",
):
    """Show the path between samples, two test images (--between) or two image files (--from, --to)."""
    ends = _ends(between, start, end)
    foreign = ("rows", "seed", "labels") if ends else ("data",)
    if given := sorted(stated(context).intersection(foreign)):
        where = "between samples" if ends else "between test images"
        raise ValueError(f"--{given[0]} is for paths {where}. Expected: no such option. Received: --{given[0]}")
    if ends:
        _save(out, run, lambda runs: runs.interpolation_between(run, ends, steps, path, data), data)
    else:
        _save(out, run, lambda runs: runs.interpolation(run, rows, steps, path, seed, classes(labels)))


def plane(
    run: Run,
    axes: Annotated[str, typer.Option(help="The two latent coordinates that vary; all others are 0.")] = "0,1",
    n: Annotated[int, typer.Option(min=1, help="Images along each axis.")] = 20,
    labels: Annotated[
        str | None, typer.Option(help="The class to show, for conditional models.", show_default=False)
    ] = None,
    data: Data = None,
    out: _Picture = "plane.png",
):
    """Show a plane of the latent space, decoded at equal steps of probability (of the prior, if there is one)."""
    coordinates = elements("--axes", axes)
    _save(out, run, lambda runs: runs.plane(run, coordinates, n, classes(labels), data), data)


def reconstruct(
    context: typer.Context,
    run: Run,
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Image files to reconstruct, of any size. [default: test images]",
            show_default=False,
            metavar="<path>...",
        ),
    ] = None,
    data: Data = None,
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 10,
    out: _Picture = "reconstructions.png",
):
    """Show images above their reconstructions: test images, corrupted for a denoising model, or your own files."""
    pictures = pictures or []
    if pictures and stated(context) & {"data", "n"}:
        raise ValueError("--data and --n are for test images. Expected: image files, or these. Received: both")
    require_images(pictures)
    _save(out, run, lambda runs: runs.reconstructions(run, data, n, pictures), data)


def _ends(between, start, end):
    """The numbers or the files of the images at the ends of a path, `None` for a path between samples."""
    if between is not None:
        ends = elements("--between", between)
        if len(ends) != 2 or start or end:
            received = " with --from or --to" if start or end else ""
            raise ValueError(
                "--between is for two test images, --from and --to for two files. Expected: such as --between 3,17. "
                f"Received: --between {between}{received}"
            )
        return ends
    if (start is None) != (end is None):
        raise ValueError("--from and --to must be given together. Expected: two image files. Received: one")
    if start is None:
        return None
    require_images([start, end])
    return start, end


def _is_folder(out):
    return out.endswith(("/", os.sep)) or Path(out).is_dir() or not Path(out).suffix


def _save(out, run, draw, data=None):
    """Write the figure that `draw`, a function of the module `keras_gen.runs`, makes of a run to a picture's file."""
    require_picture("--out", out)
    figure = draw(runs_for(run, data))
    with atomic_write(out) as path:
        figure.savefig(path)
    typer.echo(f"Wrote {out}")
