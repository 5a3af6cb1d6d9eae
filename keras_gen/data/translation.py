"""Batches of two unpaired sets of images."""

from pathlib import Path

from keras_gen.data.image_sources import image_source
from keras_gen.data.pipelines import PairPipeline, shuffled, uniform_draws
from keras_gen.files import expanded


def unpaired(
    x,
    y=None,
    size=None,
    batch_size=1,
    augment=None,
    shuffle=True,
    seed=0,
    channels=None,
    value_range=(-1, 1),
    steps=None,
):
    """A pipeline of pairs `(images of x, images of y)`, for `models.CycleGAN`.

    An epoch shows each image of the larger set once; the smaller set is repeated as needed. Each set is shuffled
    separately, and again in each of its passes: orders, crops and mirror images depend only on `seed`, the epoch and
    the position in it, so a resumed run sees what an unbroken one would have seen. Files are read when needed; those
    that cannot be read are named in a warning and left out.

    Args:
        x: An array `(n, height, width, channels)`; a folder of images; or a set of tensorflow-datasets and its split,
            such as `"cycle_gan/monet2photo:trainA"`, which is kept encoded in memory.
        y: The same for the other set. Defaults to `None`: of a tensorflow-datasets set `trainA` is x, `trainB` y.
        size: Side, or the pair (height, width), to which files are centre-cropped and resized. Defaults to
            `None`: as in `load`, for x; y gets the same size.
        batch_size: Integer >= 1. Defaults to 1, as published.
        augment: Whether training images are enlarged by 286 / 256, cropped at random and mirrored in half of the cases,
            as published. Defaults to `None`: files are, arrays not.
        shuffle: Whether each epoch has its own orders. Defaults to `True`.
        seed: Integer >= 0 that fixes all orders and draws. Defaults to 0.
        channels: 1 or 3 for files. Defaults to `None`: 3 if any of a set's files stores colours.
        value_range: The pair (lowest, highest) that black and white of files are mapped to. Defaults to (-1, 1).
        steps: Number of batches per epoch, at most what the larger set gives; all if `None`. Defaults to `None`.

    Returns:
        An `UnpairedPipeline`, for `fit` and `evaluate`.

    Example:

    >>> import numpy as np
    >>> pipeline = unpaired(np.zeros((5, 8, 8, 1)), np.ones((3, 8, 8, 1)), batch_size=2)
    >>> [(float(x.numpy().max()), float(y.numpy().min()), len(y)) for x, y in pipeline.dataset()]
    [(0.0, 1.0, 2), (0.0, 1.0, 2), (0.0, 1.0, 1)]

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, section 7.1 (jitter and mirroring: Isola et al., 2017, arXiv:1611.07004,
        section 6.2).
    """
    if y is None:
        if not isinstance(x, str) or ":" in x or expanded(x).exists():
            received = f"'{x}'" if isinstance(x, (str, Path)) else f"a {type(x).__name__}"
            raise ValueError(
                "`y` must be given. Expected: two arrays or folders, or a set that has both, such as "
                f"'cycle_gan/monet2photo'. Received: {received} alone"
            )
        x, y = f"{x}:trainA", f"{x}:trainB"
    first = image_source("x", x, size, channels, value_range)
    if size is None and isinstance(y, (str, Path)):
        size = first.example_shape[:2]
    second = image_source("y", y, size, channels, value_range)
    return UnpairedPipeline(first, second, batch_size, shuffle, seed, augment, steps)


class UnpairedPipeline(PairPipeline):
    """The result of `unpaired`: a pipeline of two sources, each with its own order.

    Args:
        first, second: `ArrayImages` or `FileImages`.
        batch_size, shuffle, seed, augment, steps: As in `unpaired`.

    Example:

    >>> import numpy as np
    >>> pipeline = unpaired(np.zeros((5, 8, 8, 1)), np.ones((3, 4, 4, 3)))
    >>> pipeline.sizes, pipeline.shapes
    ((5, 3), ((8, 8, 1), (4, 4, 3)))
    """

    def __init__(self, first, second, batch_size=1, shuffle=True, seed=0, augment=None, steps=None):
        self._augments = [source.augments if augment is None else augment for source in (first, second)]
        super().__init__((first, second), max(first.size, second.size), batch_size, shuffle, seed, False, steps)

    def _examples(self, places, epoch, training):
        return [self._rows(number, places, epoch, training) for number in (0, 1)]

    def _rows(self, number, places, epoch, training):
        source, stream = self.sources[number], 2 * self._seed.read_value() + number
        indices, passes = places % source.size, places // source.size
        if not training:
            return source.rows(indices)
        if self.shuffle:
            passes += epoch * -(-self.size // source.size)  # those of earlier epochs
            indices = shuffled(indices, stream, passes, source.size)
        if not self._augments[number]:
            return source.rows(indices)
        seen = epoch * self.size + places
        return source.rows(indices, uniform_draws(stream, seen))
