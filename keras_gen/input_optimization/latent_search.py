"""The latents of images: those from which a generator makes the nearest ones."""

import dataclasses
import functools
import typing

import numpy as np

from keras_gen import backend, checks, losses
from keras_gen.input_optimization.batches import in_batches
from keras_gen.input_optimization.engine import LBFGS, InputOptimization
from keras_gen.input_optimization.starts import optimized
from keras_gen.input_optimization.subjects import checked_labels
from keras_gen.networks.introspection import require_network
from keras_gen.training import GenerativeModel
from keras_gen.training.tasks import has_task, require_task

_ERROR = 1 / 784  # of a value in [0, 1]: a squared error of 1 for an image of 28x28


class LatentSearch(typing.NamedTuple):
    """The latents of images.

    Args:
        latents: float32 array `(n, *latent_shape)`.
        images: float32 array `(n, *shape)`, those that the generator makes from them.
        errors: float32 array `(n,)`, the sums of their squared differences from the given images.

    Example:

    >>> LatentSearch(np.zeros((1, 2)), np.zeros((1, 8, 8, 1)), np.array([0.5])).errors.tolist()
    [0.5]
    """

    latents: np.ndarray
    images: np.ndarray
    errors: np.ndarray


def invert_generator(
    model,
    images,
    labels=None,
    restarts=8,
    steps=200,
    optimizer=None,
    seed=0,
    value_range=None,
    batch_size=16,
    verbose=0,
):
    """The latent whose image is nearest to each image.

    minimise over z    ||G(z) - x||_2^2    with z in the range of the latents, if they have one

    from several draws of z, of which the best result is kept.

    Args:
        model: A model with the task "sample", such as a GAN or a VAE, or "encode", such as an autoencoder, whose
            decoder is meant; or a Keras model of one input, from latents `(batch, *latent_shape)` to images.
        images: Finite array `(n, *shape)` in the range.
        labels: Integer array `(n,)`, for a generator of labelled images. Defaults to `None`.
        restarts: Number of starts for each image, an integer >= 1, drawn from the prior, or from N(0, I) where there is
            none; the same for each image. Defaults to 8.
        steps: Number of steps, an integer >= 0; for L-BFGS, at most. Defaults to 200.
        optimizer: As in `InputOptimization`. Defaults to `None`: `LBFGS()`.
        seed: Integer of the starts. Defaults to 0.
        value_range: The pair (lowest, highest) of the images' values. Defaults to `None`: the model's own, or any.
        batch_size: Images at once, an integer >= 1, each with its restarts. Defaults to 16.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        `LatentSearch`: latents, images and errors.

    Raises:
        ValueError: If an argument is not of this form, or if the model generates no images.

    Example:

    >>> import keras
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> invert_generator(decoder, [[0.75, 0.5]], restarts=1).latents.round(3).tolist()
    [[0.75, 0.5]]

    Reference:
        Zhu, Kraehenbuehl, Shechtman and Efros, 2016, arXiv:1609.03552, section 3.1; Bojanowski et al., 2018,
        arXiv:1707.05776, section 2.
    """
    generator = _generator(model)
    images = _checked(generator, images, value_range)
    restarts = checks.integer("restarts", restarts)
    conditions = _conditions(generator, labels, len(images))
    targets, *conditions = (np.repeat(entry, restarts, axis=0) for entry in (images, *conditions))
    seed, size = checks.integer("seed", seed, minimum=0), checks.integer("batch_size", batch_size) * restarts

    def draw(rows, attempt):
        return generator.draw(restarts, [seed, attempt + 1])[rows % restarts]

    problem = _search(generator, LBFGS() if optimizer is None else optimizer)
    latents = optimized(problem, draw, targets, *conditions, steps=steps, batch_size=size, seed=seed, verbose=verbose)
    found = in_batches(_compiled(generator), min(size, len(latents)), latents, *conditions)
    errors = np.square(found - targets).reshape(len(images), restarts, -1).sum(axis=-1)
    errors = np.nan_to_num(errors, nan=np.inf)  # a start that ends in NaN has found nothing
    best = np.arange(len(images)) * restarts + errors.argmin(axis=1)
    return LatentSearch(latents[best], found[best], errors.min(axis=1))


def self_inversion_rate(
    model, n=100, labels=None, restarts=8, steps=200, optimizer=None, seed=0, value_range=None, batch_size=16, verbose=0
):
    """The share of a generator's own samples that `invert_generator` finds again.

    A sample is found if the squared error is at most 1 for 784 values, scaled to [0, 1], and as much for each value of
    larger or smaller images. Without this, an image that is not found says nothing about what the generator can make.

    Args:
        model: As in `invert_generator`.
        n: Number of samples, an integer >= 1. Defaults to 100.
        labels: Integers `(n,)`, for a generator of labelled images. Defaults to `None`.
        restarts, steps, optimizer, batch_size, verbose: As in `invert_generator`.
        seed: Integer of the samples and of the starts, which differ. Defaults to 0.
        value_range: The pair (lowest, highest) that is scaled to [0, 1]. Defaults to `None`: the model's own, or (0, 1)
            where it is not known.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: As `invert_generator`.

    Example:

    >>> import keras
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> self_inversion_rate(decoder, n=4, restarts=2)
    1.0
    """
    generator = _generator(model)
    n, batch_size = checks.integer("n", n), checks.integer("batch_size", batch_size)
    conditions = _conditions(generator, labels, n)
    latents = generator.draw(n, [checks.integer("seed", seed, minimum=0), 0])
    samples = in_batches(_compiled(generator), min(batch_size, n), latents, *conditions)
    found = invert_generator(
        model, samples, labels, restarts, steps, optimizer, seed, None, batch_size=batch_size, verbose=verbose
    )
    low, high = value_range or generator.value_range or (0, 1)
    return float(np.mean(found.errors / (high - low) ** 2 <= _ERROR * samples[0].size))


@dataclasses.dataclass(frozen=True)
class _Generator:
    """How a model makes images, `(n, *shape)`, from latents.

    Args:
        function: From tensors of latents, and of labels if it takes some, to images.
        draw: Function of n and a seed that returns latents.
        latent_range, value_range: The pairs (lowest, highest) of latents and of images, or `None`.
        shape: One image's shape.
        num_classes: Number of the classes that labels choose from, or `None` if the function takes no labels.
    """

    function: typing.Callable
    draw: typing.Callable
    latent_range: tuple | None
    value_range: tuple | None
    shape: tuple | None
    num_classes: int | None = None


@functools.lru_cache(maxsize=16)
def _generator(model):
    if isinstance(model, GenerativeModel):
        can_sample = has_task(model, "sample")
        if not can_sample:
            require_task("A search for latents", model, "encode")
        draw = model.draw_latents if can_sample else _normal(model.code_shape)
        num_classes = model.data_description.y.num_classes if can_sample and model.uses_labels else None
        return _Generator(
            model.from_latents, draw, model.latent_range, model.value_range, model.example_shape, num_classes
        )
    require_network("model", model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            "`model` must map latents to images. Expected: one input and one output. Received: "
            f"{len(model.inputs)} inputs, {len(model.outputs)} outputs"
        )

    def function(z):
        return model(z, training=False)

    draw = _normal(tuple(model.inputs[0].shape[1:]))
    return _Generator(function, draw, None, None, tuple(model.outputs[0].shape[1:]))


def _normal(shape):
    if None in shape:
        raise ValueError(f"`model` must take latents of a fixed shape. Received: {shape}")
    return lambda n, seed: np.random.default_rng(seed).standard_normal((n, *shape), "float32")


@functools.lru_cache(maxsize=16)
def _compiled(generator):
    return backend.compiled(generator.function)


@functools.lru_cache(maxsize=16)
def _search(generator, optimizer):
    def objective(latents, targets, *labels):
        return losses.squared_error(targets, generator.function(latents, *labels))

    return InputOptimization(objective, optimizer, generator.latent_range)


def _checked(generator, images, value_range):
    own = generator.value_range
    if own is not None and value_range is not None and tuple(value_range) != tuple(own):
        raise ValueError(f"`value_range` must be the model's own. Expected: {own}, or None. Received: {value_range}")
    value_range = own if value_range is None else checks.interval("value_range", value_range)
    checks.array("images", images, generator.shape, value_range)
    return np.asarray(images, "float32")


def _conditions(generator, labels, n):
    """The list of what the generator takes besides latents: labels as int32 `(n,)`, or nothing."""
    if generator.num_classes is None and labels is None:
        return []
    if generator.num_classes is None or labels is None:
        expected = "None, as the generator takes none" if labels is not None else f"integers of shape ({n},)"
        received = "None" if labels is None else "labels"
        raise ValueError(f"`labels` must fit the generator. Expected: {expected}. Received: {received}")
    return [checked_labels("labels", labels, n, generator.num_classes)]
