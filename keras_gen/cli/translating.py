"""What the commands of translation between two sets of images do."""

import dataclasses
import warnings
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import data, plots, presets
from keras_gen.cli import runs
from keras_gen.cli.extras import translating
from keras_gen.data.image_sources import image_source
from keras_gen.files import written_beside
from keras_gen.saving import load_model

_SHOWN, _BATCH = 6, 16


def train(settings, folder, resume, given):
    """Begin a run of a CycleGAN, or go on with one."""
    run, exists, settings = runs.opened(settings, folder, resume, given)
    options = settings.options
    if not options["x"]:
        raise ValueError("--x is missing. Expected: a folder of images, or a set. Received: none")
    pairs = data.unpaired(
        options["x"],
        options["y"] or None,
        options["size"],
        settings.batch_size,
        seed=settings.seed,
        channels=options["channels"] or None,
    )
    shape, other = pairs.shapes
    if shape != other:
        raise ValueError(
            f"x and y must have the same channels. Expected: --channels 1 or 3 for both. Received: {shape[-1]} in x, "
            f"{other[-1]} in y"
        )
    keras.utils.set_random_seed(settings.seed)
    if exists:
        model = load_model(run.model_path)
        run.resume(model.epochs_completed)
        found, kept = list(pairs.sizes), options.get("images")
        if kept is not None and list(kept) != found:
            warnings.warn(f"The folders have changed: {found} images, {list(kept)} when the run began", stacklevel=2)
    else:
        model = presets.build(settings.model, shape, **runs.accepted(presets.PRESETS, settings))
        settings = dataclasses.replace(settings, options={**options, "images": list(pairs.sizes)})
    shown = _first(pairs)
    additions = translating(run.folder, pairs, shown, **runs.accepted({settings.model: translating}, settings))
    runs.fitted(model, settings, run, exists, pairs, additions)
    figures = {"history": plots.history_curves(run.history()), **plots.translations(model, *shown)}
    for name, figure in figures.items():
        with written_beside(run.folder / f"{name}.png") as path:
            figure.savefig(path)
    written = ", ".join(f"{name}.png" for name in sorted(figures))
    typer.echo(f"In {folder}: model.keras, history.csv, settings.json, {written}")
    last = run.history()
    told = ", ".join(f"{name} {last[name][-1]:.3f}" for name in ("generators_loss", "cycle", "discriminators_loss"))
    typer.echo(f"After {model.epochs_completed} epochs: {told}")


def translate(folder, images, to, out):
    """Translate an image, or those of a folder, into files of the same names."""
    model, settings = runs.load_run(folder)
    if not hasattr(model, "translate"):
        raise ValueError(f"This model translates nothing. Expected: a run of a CycleGAN. Received: {settings.model}")
    height, width, channels = model.shape_x if to == "y" else model.shape_y
    source = image_source("images", str(images), (height, width), channels, model.value_range or (-1, 1))
    out = Path(out)
    low, high = model.value_range or (-1, 1)
    names = [Path(title).stem for title in source.titles]
    if len(set(names)) < len(names):
        names = [f"{number:05d}-{name}" for number, name in enumerate(names)]
    for start in range(0, source.size, _BATCH):
        numbers = np.arange(start, min(start + _BATCH, source.size))
        translated = model.translate(source.rows(numbers).numpy(), to=to)
        for number, image in zip(numbers, translated, strict=True):
            with written_beside(out / f"{names[number]}.png") as path:
                pixels = np.clip((image - low) / (high - low), 0, 1) * 255
                keras.utils.save_img(path, np.round(pixels), scale=False)
    typer.echo(f"Wrote {source.size} images into {out}")


def _first(pairs):
    """The first images of both sets, as arrays."""
    return [source.rows(np.arange(min(_SHOWN, source.size))).numpy() for source in pairs.sources]
