"""What models that translate images share: the method, and a generator at the size of the images."""

import numpy as np

from keras_gen import checks
from keras_gen.models.batches import by_batch
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.resizing import at_size, size_multiple

_BATCH = 16  # images at a time


class TranslationModel(GenerativeModel):
    """A `GenerativeModel` that translates images: a subclass defines `generators()`, a dict by the set translated to.

    By default `compile()` gives all players Adam with the published learning rate of 2e-4 and beta_1 = 0.5.
    """

    tasks = frozenset({"translate"})
    optimizer_settings = {"learning_rate": 2e-4, "beta_1": 0.5}

    def generators(self):
        """The generators, a dict by the set that they translate to, `"y"` or also `"x"`."""
        raise NotImplementedError(f"{type(self).__name__} must define `generators`.")

    def translate(self, images, to="y"):
        """Translate images of one set to the other.

        Fully convolutional generators take images of any size that they preserve or multiply, such as sides divisible
        by 4.

        Args:
            images: Array `(n, *shape)` in the `value_range`: of x for `to="y"`, of y for `to="x"`.
            to: `"y"`, or `"x"` for models of both ways. Defaults to `"y"`.

        Returns:
            float32 array `(n, *shape of the other)`, in the generator's own range.
        """
        generator = self.generators()[checks.choice("to", to, self.generators())]
        checks.array("images", images, (None, None, generator.input_shape[-1]), self.value_range)
        return translated(generator, images)


def translated(generator, images):
    """A generator's outputs for images `(n, *shape)` of any size that it takes: a float32 array."""
    images = np.asarray(images, "float32")
    network = _fitting(generator, images.shape[1:])
    return by_batch(lambda batch: network(batch, training=False), _BATCH, images)[0]


def _fitting(generator, shape):
    """The generator, or a copy with the same weights for images of another size."""
    own = tuple(generator.input_shape[1:])
    if own == shape:
        return generator
    free = generator if own[:2] == (None, None) else at_size(generator, (None, None, shape[2]))
    multiple = size_multiple(free)
    if any(side % multiple for side in shape[:2]):
        raise ValueError(
            "`images` must have a size that the generator preserves. Expected: sides that are multiples of "
            f"{multiple}. Received: {shape[:2]}"
        )
    return free
