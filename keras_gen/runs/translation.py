"""Translating image files with the model of a run."""

import math
import typing
import warnings
from pathlib import Path

import numpy as np

from keras_gen import checks
from keras_gen.data import folders
from keras_gen.data.image_sources import image_source
from keras_gen.files import expanded
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import save_image
from keras_gen.training.resizing import at_size, size_multiple
from keras_gen.training.tasks import require_task

_PIXELS = 1 << 20  # of the translations that are made together
_LARGEST = 1 << 22  # pixels of the translation of one image at its own size
_READ = 8  # size at which images are opened, before each has its own


class TranslationResult(typing.NamedTuple):
    """The result of `translate`: the number of images, the set of their `sizes` (height, width), and a `note`."""

    count: int
    sizes: set
    note: str


def translate(folder, images, to="y", out="translations", size=None):
    """Translate an image, or those of a folder, into files of the same names.

    A fully convolutional generator translates each image at its own size, or, if its sides must be multiples of a
    number, at the nearest multiples; an image of more than 4 million pixels is reduced to that many. Any other
    generator translates at the size that it was built for.

    Args:
        folder: The folder of a run whose model translates.
        images: An image, or a folder of images.
        to: The set to translate into: `"y"`, for images of x, `"x"`, or the name of its folder, or of its split of a
            tensorflow-datasets set. Defaults to `"y"`.
        out: The folder of the translations, `.png` files; for one image also the name of a `.png` file. Defaults to
            `"translations"`.
        size: Side to which all images are centre-cropped and resized. Defaults to `None`: as above.

    Returns:
        A `TranslationResult`.

    Raises:
        ValueError: If the model does not translate, there is no such set, an image would be overwritten, or the
            generator cannot run at `size`.
    """
    model, settings = load_run(folder)
    require_task("`translate`", model, "translate")
    out, place = Path(out), expanded(images)
    if place.exists():
        files = [path for path, _ in folders.listing(place).files] if place.is_dir() else [place]
        if out.resolve() in {path.resolve() for path in (place, *files)} | {path.parent.resolve() for path in files}:
            raise ValueError(f"--out would overwrite images. Expected: a folder without them. Received: '{out}'")
    as_file = out.suffix.lower() == ".png" and not out.is_dir()
    if as_file and place.is_dir():
        raise ValueError(f"--out must be a folder, because a file holds one image. Received: '{out}'")
    to = _side(to, settings.options, model.generators())
    generator = model.generators()[to]
    shape = tuple(generator.input_shape[1:])
    value_range = model.value_range or (-1, 1)
    source = image_source("images", str(images), _READ, shape[-1], value_range)
    sizes, note = _sizes(generator, shape, source.sizes, size)
    names = _names(source.display_names)
    written = set()
    for height, width in sorted(set(sizes)):
        chosen = [number for number, sides in enumerate(sizes) if sides == (height, width)]
        resized, batch = source.resized((height, width)), max(1, _PIXELS // (height * width * _growth(generator)))
        for numbers in np.array_split(chosen, -(-len(chosen) // batch)):
            translated = model.translate(resized.rows(numbers).numpy(), to=to)
            for number, image in zip(numbers, translated, strict=True):
                save_image(image, value_range, out if as_file else out / f"{names[number]}.png")
            written.add(translated.shape[1:3])
    return TranslationResult(source.size, written, note)


def set_names(options):
    """Dict from `"x"` and `"y"` to the names of a run's folders or splits; empty if it has one set, or no names."""
    x, y = options.get("x"), options.get("y")
    if x and not y and "y" in options:  # a set of tensorflow-datasets that has both
        x, y = "trainA", "trainB"
    names = [Path(place or "").name.rpartition(":")[2] for place in (x, y)]
    return dict(zip("xy", names, strict=True)) if all(names) and names[0] != names[1] else {}


def _side(to, options, known=("x", "y")):
    """One of the `known` sides, `"x"` or `"y"`, of what may be the name of one of the sets."""
    sides = {name: side for side, name in set_names(options).items()} | {"x": "x", "y": "y"}
    sides = {name: side for name, side in sides.items() if side in known}
    return sides[checks.choice("set for --to", to, sides)]


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
            near = multiple * max(1, round(size / multiple))
            raise ValueError(f"--size must be divisible by {multiple}. Expected: such as {near}. Received: {size}")
        return [(size, size)] * len(own), ""
    largest = _LARGEST // _growth(generator)
    scales = [min(1.0, math.sqrt(largest / math.prod(sides))) for sides in own]
    least = min([2, *(side // multiple for side in shape[:2] if side is not None)])  # 2: padding by reflection
    sizes = [
        tuple(max(round(scale * side / multiple), least) * multiple for side in sides)
        for scale, sides in zip(scales, own, strict=True)
    ]
    changed = sum(new != old for new, old in zip(sizes, own, strict=True))
    limit = f", of at most {largest:,} pixels" if min(scales) < 1 else ""
    return sizes, f"{changed} resized to the nearest sides divisible by {multiple}{limit}" if changed else ""


def _growth(generator):
    """How many pixels a generator makes of one."""
    large, small = ([side or 64 for side in shape[1:3]] for shape in (generator.output_shape, generator.input_shape))
    if None in generator.input_shape[1:3]:
        large = generator.compute_output_shape((1, *small, generator.input_shape[-1]))[1:3]
    return max(1, math.prod(large) // math.prod(small))


def _names(titles):
    """Names of the files to write, all different."""
    names = [Path(title).stem for title in titles]
    if len(set(names)) == len(names):
        return names
    warnings.warn("Several images have the same name: each file's name begins with its number", stacklevel=3)
    return [f"{number:05d}-{name}" for number, name in enumerate(names)]
