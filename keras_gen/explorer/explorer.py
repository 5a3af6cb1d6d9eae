"""What the page of a model shows: its latents, codes, classes and translations, as plain values and 8-bit images."""

import functools
import math
import typing

import numpy as np

from keras_gen import checks
from keras_gen.data.deep_images import WHITE_8, unit
from keras_gen.explorer.latent_axes import LatentAxes
from keras_gen.models.conditions import Conditional
from keras_gen.models.encoder_decoder import EncoderDecoder
from keras_gen.runs.latent_space import generated, latent_shape
from keras_gen.runs.pictures import as_pixels, range_of
from keras_gen.training.resizing import size_multiple
from keras_gen.training.tasks import has_task
from keras_gen.value_ranges import rescaled

CODES = 2000  # of test examples, in the scatter
_RESTARTS, _STEPS = 4, 100  # of a search for the latents of an image, for which a reader waits


class Attack(typing.NamedTuple):
    """The nearest image of another class.

    `image` and `change` are uint8 images, `probabilities` those of the classes of `image`; `is_fooled` tells whether
    another is the highest. In each channel of `change`, 0 is the most darkened, 255 the most brightened value, and the
    middle an unchanged one. `largest` is the largest change, as a share of the model's range.
    """

    image: np.ndarray
    probabilities: np.ndarray
    is_fooled: bool
    change: np.ndarray
    largest: float


class Explorer:
    """A model and, where there are some, test examples, seen from the page in the browser.

    Images are uint8 arrays `(height, width, 1 or 3)`, latents are flat: float32 arrays `(latent_dim,)`.

    Args:
        model: A model of images of the library.
        test: A `data.Split` of images in [0, 1] of the model's shape, and their labels if there are any. Defaults to
            `None`.
        class_names: Names of the classes, a tuple of strings. Defaults to (): numbers.
        set_names: Names of the sets that a model translates between, a dict from `"x"` and `"y"`. Defaults to `None`:
            these.

    Raises:
        ValueError: If the page has nothing to show of such a model.

    Example:

    >>> from keras_gen import presets
    >>> explorer = Explorer(presets.build("vae", (8, 8, 1), latent_dim=3, width=0.1))
    >>> explorer.latent_dim, sorted(explorer.parts), explorer.decode(np.zeros((1, 3))).shape
    (3, ['encode', 'latents'], (1, 8, 8, 1))
    """

    def __init__(self, model, test=None, class_names=(), set_names=None):
        shape = getattr(model, "example_shape", None)
        if shape is None or len(shape) != 3 or shape[2] not in (1, 3):
            received = type(model).__name__ + (f" of examples of shape {shape}" if shape is not None else "")
            raise ValueError(
                "`explore` shows models of images. Expected: a model of keras_gen, of grey or coloured images. "
                f"Received: {received}"
            )
        self.model, self.set_names = model, {"x": "x", "y": "y"} | (set_names or {})
        self.is_conditional = isinstance(model, Conditional)
        if self.is_conditional and not model.uses_labels:
            raise ValueError(
                "`explore` shows conditional models of labels. Expected: num_classes, an integer. Received: a "
                f"{type(model).__name__} of vectors or of several conditions"
            )
        self._test = (
            None if test is None else test._replace(x=test.x[:CODES], y=None if test.y is None else test.y[:CODES])
        )
        classes = range(model.num_classes) if self.is_conditional or has_task(model, "classify") else ()
        self.class_names = tuple(class_names) or tuple(map(str, classes))
        if classes and len(self.class_names) != len(classes):
            raise ValueError(
                f"The data have other classes than the model. Expected: {len(classes)}. Received: "
                f"{len(self.class_names)}, {checks.listed(self.class_names)}"
            )
        generates, decodes = has_task(model, "sample"), has_task(model, "encode") or isinstance(model, EncoderDecoder)
        shape = latent_shape(model)
        decodes = decodes and None not in shape
        self.parts = {
            name
            for name, has in (
                ("latents", generates or decodes),
                ("encode", decodes),
                ("classes", self.is_conditional),
                ("classify", has_task(model, "classify")),
                ("translate", has_task(model, "translate")),
                ("cycle", has_task(model, "cycle")),
            )
            if has
        }
        if not self.parts:
            raise ValueError(
                "`explore` shows what a model samples, encodes, classifies or translates. Received: a "
                f"{type(model).__name__}"
            )
        self.latent_dim = math.prod(shape) if "latents" in self.parts else 0

    @functools.cached_property
    def multiple(self):
        """What the sides of an image of any size must be multiples of, for translations."""
        generators = self.model.generators().values() if "translate" in self.parts else ()
        return max((size_multiple(one) for one in generators if None in one.input_shape[1:3]), default=1)

    @property
    def value_range(self):
        """The pair (black, white) of the model's values."""
        return range_of(self.model)

    # Images

    def pixels(self, images):
        """The model's images `(n, height, width, channels)` as uint8."""
        return as_pixels(images, self.value_range)

    def values(self, pixels):
        """Images as `data.read_image` returns them as the model's values, float32."""
        return rescaled(unit(pixels), (0, 1), self.value_range)

    @property
    def n_examples(self):
        """The number of test images."""
        return 0 if self._test is None else len(self._test.x)

    def example(self, number):
        """The test image of a number, as uint8."""
        if not 0 <= number < self.n_examples:
            raise ValueError(
                f"There is no such example. Expected: a number from 0 below {self.n_examples}. Received: {number}"
            )
        return self.pixels(rescaled(self._test.x[number : number + 1], (0, 1), self.value_range))[0]

    @property
    def labels(self):
        """The labels of the test images, integers `(n,)`, or `None`."""
        return None if self._test is None else self._test.y

    # Latents

    def decode(self, z, label=None):
        """The images of flat latents `(n, latent_dim)`, of one class in a conditional model."""
        self._require("latents")
        checks.array("z", z := np.asarray(z, "float32"), shape=(self.latent_dim,))
        return self.pixels(generated(self.model, z, *self._condition(label, len(z))))

    def decoding(self):
        """The network that maps latents, and labels, to images, and the name of the function of its outputs."""
        self._require("latents")
        if isinstance(self.model, EncoderDecoder):
            return self.model.decoder, "sigmoid" if self.model.reconstruction == "bernoulli" else "linear"
        return self.model.averaged_generator or self.model.generator, "linear"

    def encode(self, pixels, label=None):
        """The flat latents of one uint8 image, by the encoder, or else by a search."""
        self._require("latents")
        images = self.values(pixels[None])
        condition = self._condition(label, 1)
        if "encode" in self.parts:
            return self.model.encode(images, *condition).reshape(self.latent_dim)
        from keras_gen.input_optimization import invert_generator

        found = invert_generator(self.model, images, *condition, restarts=_RESTARTS, steps=_STEPS)
        return found.latents.reshape(self.latent_dim)

    def draw(self, seed=None):
        """Random flat latents: of the prior, or the code of a test image, or else of N(0, I)."""
        self._require("latents")
        if has_task(self.model, "sample"):
            return self.model.draw_latents(1, seed)[0]
        rng = np.random.default_rng(seed)
        return rng.choice(self.codes) if self.codes is not None else rng.standard_normal(self.latent_dim, "float32")

    @functools.cached_property
    def codes(self):
        """The flat latents of the test images: float32 array `(n, latent_dim)`.

        `None` without an encoder, without test images, or if some codes are not finite.
        """
        if self._test is None or "encode" not in self.parts or (self.is_conditional and self._test.y is None):
            return None
        x = rescaled(self._test.x, (0, 1), self.value_range)
        condition = (self._test.y,) if self.is_conditional else ()
        codes = self.model.encode(x, *condition).reshape(len(x), -1)
        return codes if np.isfinite(codes).all() else None

    @functools.cached_property
    def axes(self):
        """The `LatentAxes`: how far each latent goes, and the axes of planes."""
        return LatentAxes(self.latent_dim, self.codes, self.model.latent_range, has_task(self.model, "sample"))

    def mean_code(self, label):
        """The mean code of a class of test images, flat."""
        if self.codes is None or self.labels is None or not (chosen := self.labels == label).any():
            raise ValueError(f"Mean codes need test images of the class. Expected: some. Received: none of {label}")
        return self.codes[chosen].mean(axis=0)

    # Classes and translations

    def classify(self, pixels):
        """The probabilities of one uint8 image's classes `(num_classes,)`."""
        self._require("classify")
        return self.model.probabilities(self.values(pixels[None]))[0]

    def saliency(self, pixels):
        """How much the most probable class's logit depends on each pixel: uint8 image `(height, width, 1)`."""
        self._require("classify")
        from keras_gen.input_optimization.visualization import saliency

        found = saliency(self.model, self.values(pixels[None]), value_range=self.value_range)[0]
        return np.uint8(np.round(WHITE_8 * found / max(found.max(), 1e-12)))[..., None]

    def attacked(self, pixels):
        """The `Attack` that DeepFool finds on one uint8 image."""
        self._require("classify")
        from keras_gen.input_optimization.adversarial import deepfool

        images = self.values(pixels[None])
        label = self.model.classify(images)
        found = deepfool(self.model, images, label, value_range=self.value_range)
        change = np.asarray(found - images)[0]
        largest = max(float(np.abs(change).max()), 1e-12)
        grey = np.uint8(np.round((1 + change / largest) * WHITE_8 / 2))
        low, high = self.value_range
        share = largest / (high - low)
        probabilities = self.model.probabilities(found)[0]
        return Attack(self.pixels(found)[0], probabilities, probabilities.argmax() != label[0], grey, share)

    def translate(self, pixels, to="y"):
        """The translation of one uint8 image, and with a CycleGAN the way back, or `None`."""
        self._require("translate")
        there = self.model.translate(self.values(pixels[None]), to=to)
        back = self.model.translate(there, to="x" if to == "y" else "y") if "cycle" in self.parts else None
        return self.pixels(there)[0], None if back is None else self.pixels(back)[0]

    def _condition(self, label, n):
        if not self.is_conditional:
            return ()
        is_whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        if not is_whole or not 0 <= label < len(self.class_names):
            known = f"0 to {len(self.class_names) - 1}"
            raise ValueError(f"`label` must be a class of the model. Expected: {known}. Received: {label!r}")
        return (np.full(n, label),)

    def _require(self, part):
        if part not in self.parts:
            raise ValueError(f"The model has no such part. Expected: one of {sorted(self.parts)}. Received: {part}")
