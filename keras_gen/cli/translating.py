"""What the commands of translation between two sets of images do."""

import dataclasses
import warnings
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import checks, data, plots, presets
from keras_gen.cli import runs
from keras_gen.cli.extras import translating
from keras_gen.cli.settings import Settings
from keras_gen.data.image_sources import image_source
from keras_gen.data.loading import image_files
from keras_gen.files import atomic_write
from keras_gen.saving import load_model

_SHOWN, _BATCH = 6, 16


def train(settings, folder, resume, given):
    """Begin a run of a CycleGAN, or go on with one."""
    run, exists, settings = runs.opened(settings, folder, resume, given)
    options = settings.options
    if not options["x"]:
        raise ValueError("--x is missing. Expected: a folder of images, or a set. Received: none")
    if options["size"] % 4:  # before the folders are read
        raise ValueError(f"--size must be divisible by 4. Expected: such as 128. Received: {options['size']}")
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
        _require_the_same(pairs, options, began=Settings.read(folder).options)
    else:
        model = presets.build(settings.model, shape, **runs.accepted(presets.PRESETS, settings))
        settings = dataclasses.replace(settings, options={**options, **_contents(pairs)})
    shown = _first(pairs)
    additions = translating(run.folder, pairs, shown, **runs.accepted({settings.model: translating}, settings))
    runs.fitted(model, settings, run, exists, pairs, additions)
    figures, history = plots.translations(model, *shown), run.history()
    if history:
        figures["history"] = plots.history_curves(history)
    for name, figure in figures.items():
        with atomic_write(run.folder / f"{name}.png") as path:
            figure.savefig(path)
    written = ", ".join(f"{name}.png" for name in sorted(figures))
    typer.echo(f"In {folder}: model.keras, history.csv, settings.json, {written}")
    if history:
        names = ("generators_loss", "cycle", "discriminators_loss")
        told = ", ".join(f"{name} {history[name][-1]:.3f}" for name in names)
        typer.echo(f"After epoch {model.epochs_completed}: {told}")


def translate(folder, images, to, out):
    """Translate an image, or those of a folder, into files of the same names."""
    checks.choice("side", to, ["x", "y"])
    out, place = Path(out), Path(images).expanduser()
    if place.exists():
        files = [path for path, _ in image_files(place)] if place.is_dir() else [place]
        if out.resolve() in {place.resolve(), *(path.parent.resolve() for path in files)}:
            raise ValueError(f"--out would overwrite images. Expected: a folder without them. Received: '{out}'")
    model, settings = runs.load_run(folder)
    if not hasattr(model, "translate"):
        raise ValueError(f"This model translates nothing. Expected: a run of a CycleGAN. Received: {settings.model}")
    height, width, channels = model.shape_x if to == "y" else model.shape_y
    source = image_source("images", str(images), (height, width), channels, model.value_range or (-1, 1))
    low, high = model.value_range or (-1, 1)
    names = [Path(title).stem for title in source.titles]
    if len(set(names)) < len(names):
        warnings.warn("Some images have one name: the files of all begin with a number, in their order", stacklevel=2)
        names = [f"{number:05d}-{name}" for number, name in enumerate(names)]
    for start in range(0, source.size, _BATCH):
        numbers = np.arange(start, min(start + _BATCH, source.size))
        translated = model.translate(source.rows(numbers).numpy(), to=to)
        for number, image in zip(numbers, translated, strict=True):
            with atomic_write(out / f"{names[number]}.png") as path:
                pixels = np.clip((image - low) / (high - low), 0, 1) * 255
                keras.utils.save_img(path, np.round(pixels), scale=False)
    typer.echo(f"Wrote {source.size} images of {width}x{height} pixels, the model's size, into {out}")


def _contents(pairs):
    """What tells the sets of a run from others: their numbers of images, and of their names and lengths a hash."""
    return {"images": list(pairs.sizes), "contents": [source.fingerprint for source in pairs.sources]}


def _require_the_same(pairs, options, began):
    """Of images other than a run's own, raise if it was given other folders, and warn if its own have changed."""
    found = _contents(pairs)
    began = {**found, **began}
    if all(found[name] == list(began[name]) for name in found):
        return
    told = ", ".join(
        f"{side} of {now} images, {before} when the run began" if now != before else f"{side} of other names or lengths"
        for side, now, before, content, kept in zip(
            ("x", "y"), found["images"], began["images"], found["contents"], began["contents"], strict=True
        )
        if content != kept
    )
    if any(options[side] != began[side] for side in ("x", "y")):
        raise ValueError(
            f"A resumed run keeps its images. Expected: the same files, in whatever folders. Received: {told}"
        )
    warnings.warn(f"The files have changed: {told}", stacklevel=3)


def _first(pairs):
    """The first images of both sets, as arrays."""
    return [source.rows(np.arange(min(_SHOWN, source.size))).numpy() for source in pairs.sources]
