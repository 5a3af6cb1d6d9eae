"""Training a model that translates between two image sets, and translating files by it."""

import typing
import warnings
from pathlib import Path

import keras
import numpy as np

from keras_gen import checks, plots
from keras_gen.data.image_sources import image_source
from keras_gen.data.loading import image_files
from keras_gen.files import atomic_write
from keras_gen.runs.extras import Training, accepted, callbacks_of, image_sets
from keras_gen.runs.loading import load_run, open_run
from keras_gen.runs.settings import Settings
from keras_gen.runs.training import Trained, completed, fit, save_figures, start
from keras_gen.training.resizing import at_size, size_multiple

_SHOWN = 6  # images of each set in pictures
_PIXELS = 1 << 20  # of the images that are translated together
_READ = 8  # size at which images are opened, before each has its own


def train_translation(settings, folder, resume=False, given=()):
    """Begin a run of a CycleGAN, or go on with one.

    Args:
        settings: `Settings`, with the sets `x` and `y` among the options.
        folder, resume, given: As in `train`.

    Returns:
        A `Trained`, whose figures are those of the last epoch.

    Raises:
        ValueError: As in `train`, or if the images are not those of the resumed run.
    """
    settings = completed(settings)
    settings = settings.with_options(**{side: _absolute(settings.options[side]) for side in ("x", "y")})
    run, exists, settings = open_run(settings, folder, resume, given)
    pairs = image_sets(settings, **accepted(image_sets, settings))
    model = start(run, exists, settings, pairs.shapes[0])
    if exists:
        _require_the_same(pairs, settings.options, began=Settings.read(folder).options)
    else:
        settings = settings.with_options(**_contents(pairs))
    shown = [source.rows(np.arange(min(_SHOWN, source.size))).numpy() for source in pairs.sources]
    additions = callbacks_of(Training(run.folder, settings, pairs, shown))
    new = fit(model, settings, run, pairs, additions, exists)
    figures = {f"{name}.png": figure for name, figure in plots.translations(model, *shown).items()}
    history = run.history()
    if history:
        figures["history.png"] = plots.history_curves(history)
    last = {metric.name: history[metric.name][-1] for metric in model.metrics if metric.name in history}
    return Trained(run.folder, save_figures(run.folder, figures), settings, model.epochs_completed, new, last)


def _absolute(place):
    """The whole path of a folder, by which a run that is resumed elsewhere finds it; a set's name as it is."""
    return str(Path(place).expanduser().resolve()) if place and Path(place).expanduser().exists() else place


class Translated(typing.NamedTuple):
    """What was translated: how many images, the set of their `sizes` (height, width), and a `note` about these."""

    count: int
    sizes: set
    note: str


def translate(folder, images, to="y", out="translations", size=None):
    """Translate an image, or those of a folder, into files of the same names.

    A generator of convolutions alone translates each image at its own size: if its sides must be multiples of a number,
    at the nearest multiples. Any other generator translates at the size that it was built for.

    Args:
        folder: The folder of a run whose model translates.
        images: An image, or a folder of images.
        to: Which set the images are to be like: `"y"` (of images of x) or `"x"`. Defaults to `"y"`.
        out: The folder of the translations, `.png` files. Defaults to `"translations"`.
        size: Side that all images are resized to. Defaults to `None`: as above.

    Returns:
        A `Translated`.

    Raises:
        ValueError: If the model does not translate, an image would be overwritten, or the generator cannot run at
            `size`.
    """
    checks.choice("side", to, ["x", "y"])
    out, place = Path(out), Path(images).expanduser()
    if place.exists():
        files = [path for path, _ in image_files(place)] if place.is_dir() else [place]
        if out.resolve() in {place.resolve(), *(path.parent.resolve() for path in files)}:
            raise ValueError(f"--out would overwrite images. Expected: a folder without them. Received: '{out}'")
    run = load_run(folder)
    run.require("translate", "`translate`")
    model = run.model
    shape, generator = (model.shape_x, model.generator_xy) if to == "y" else (model.shape_y, model.generator_yx)
    value_range = model.value_range or (-1, 1)
    source = image_source("images", str(images), _READ, shape[-1], value_range)
    sizes, note = _sizes(generator, shape, source.sizes, size)
    names = _names(source.titles)
    for height, width in sorted(set(sizes)):
        chosen = [number for number, one in enumerate(sizes) if one == (height, width)]
        resized, batch = source.resized((height, width)), max(1, _PIXELS // (height * width))
        for numbers in np.array_split(chosen, -(-len(chosen) // batch)):
            translated = model.translate(resized.rows(numbers).numpy(), to=to)
            for number, image in zip(numbers, translated, strict=True):
                _save(image, value_range, out / f"{names[number]}.png")
    return Translated(source.size, set(sizes), note)


def _sizes(generator, shape, own, size):
    """The sizes (height, width) at which a generator translates images of their `own` sizes, and a note about them."""
    try:
        multiple = size_multiple(at_size(generator, (None, None, shape[-1])))
    except ValueError as error:
        if size is not None and (size, size) != shape[:2]:
            raise
        return [shape[:2]] * len(own), f"the model's size: {error}"
    if size is not None:
        if checks.integer("size", size) % multiple:
            raise ValueError(f"--size must be divisible by {multiple}. Expected: such as 128. Received: {size}")
        return [(size, size)] * len(own), ""
    sizes = [tuple(max(round(side / multiple), 2) * multiple for side in one) for one in own]
    changed = sum(new != old for new, old in zip(sizes, own, strict=True))
    return sizes, f"{changed} resized to the nearest sides divisible by {multiple}" if changed else ""


def _names(titles):
    """Names of the files to write, all different."""
    names = [Path(title).stem for title in titles]
    if len(set(names)) == len(names):
        return names
    warnings.warn("Several images have the same name: each file's name begins with its number", stacklevel=3)
    return [f"{number:05d}-{name}" for number, name in enumerate(names)]


def _save(image, value_range, path):
    low, high = value_range
    with atomic_write(path) as beside:
        pixels = np.clip((image - low) / (high - low), 0, 1) * 255
        keras.utils.save_img(beside, np.round(pixels), scale=False)


def _contents(pairs):
    """What identifies the sets of a run: their numbers of images, and a hash of the names and lengths of the files."""
    return {"images": list(pairs.sizes), "contents": [source.fingerprint for source in pairs.sources]}


def _require_the_same(pairs, options, began):
    """Raise if a resumed run is given other images than its own, and warn if its own have changed."""
    found = _contents(pairs)
    began = {**found, **began}
    if all(found[name] == list(began[name]) for name in found):
        return
    changes = ", ".join(
        f"{side} of {now} images, {before} when the run began" if now != before else f"{side} of other names or lengths"
        for side, now, before, content, kept in zip(
            ("x", "y"), found["images"], began["images"], found["contents"], began["contents"], strict=True
        )
        if content != kept
    )
    if any(options[side] != began[side] for side in ("x", "y")):
        raise ValueError(
            f"A resumed run keeps its images. Expected: the same files, in whatever folders. Received: {changes}"
        )
    warnings.warn(f"The files have changed: {changes}", stacklevel=3)
