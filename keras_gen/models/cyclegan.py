"""CycleGAN: translation between two unpaired sets of images."""

import typing

import keras
import numpy as np
from keras import ops

from keras_gen import checks, losses
from keras_gen.layers.image_pool import ImagePool
from keras_gen.losses.adversarial import AdversarialLoss, adversarial_pair
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, shapes, value_range
from keras_gen.training.player import Player
from keras_gen.training.resizing import at_size, size_multiple

_BATCH = 16  # images at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class CycleGAN(GenerativeModel):
    """Two generators, G: X -> Y and F: Y -> X, each against a discriminator of its own, that must undo each other.

    min_{G,F} max_{D_X,D_Y}  L(G, D_Y) + L(F, D_X) + cycle_weight (mean |F(G(x)) - x| + mean |G(F(y)) - y|)
                             + identity_weight (mean |G(y) - y| + mean |F(x) - x|).

    The generators are updated first; their translations, made once for both players, are handed through a pool of
    earlier ones to the discriminators, whose losses are halved, as published. `fit(x, y)` takes two sets of any sizes:
    each epoch shuffles both, and the shorter begins again. Logged: `loss` (the sum), `generators_loss`, `cycle` and
    `identity` (before their weights), `discriminators_loss`.

    Args:
        generator_xy: G, a Keras model from `(batch, *shape of x)` to `(batch, *shape of y)`.
        generator_yx: F, the other way.
        discriminator_x: D_X, a Keras model from `(batch, *shape of x)` to logits of any shape, without a last
            activation.
        discriminator_y: D_Y, the same for y.
        adversarial_loss: `"least_squares"`, as published, or whatever `GAN` takes, such as `"minimax"`, the original
            form in logarithms. Defaults to `"least_squares"`.
        cycle_weight: Weight of the cycle consistency, a number >= 0. Defaults to 10.
        identity_weight: Weight of the identity loss, a number >= 0; with one, x and y must have one shape. The paper's
            5 for paintings. Defaults to 0.
        pool_size: Number of earlier translations of each kind that are kept for the discriminators, an integer >= 0.
            Defaults to 50.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: If the networks do not fit each other, a discriminator ends in an activation, or an argument is out
            of range.

    Example:

    >>> from keras_gen import networks
    >>> options = {"filters": 4, "blocks": 1}
    >>> gan = CycleGAN(
    ...     networks.resnet_generator((8, 8, 1), name="xy", **options),
    ...     networks.resnet_generator((8, 8, 1), name="yx", **options),
    ...     networks.patchgan_discriminator((8, 8, 1), filters=4, downsamplings=1, name="judge_x"),
    ...     networks.patchgan_discriminator((8, 8, 1), filters=4, downsamplings=1, name="judge_y"),
    ... )
    >>> gan.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))
    >>> x, y = np.linspace(-1, 1, 4 * 64).reshape(4, 8, 8, 1), np.full((3, 8, 8, 1), -0.5)
    >>> history = gan.fit(x, y, batch_size=1, verbose=0)
    >>> gan.translate(x, to="y").shape, gan.cycle(x).shape
    ((4, 8, 8, 1), (4, 8, 8, 1))

    Reference:
        Zhu, Park, Isola and Efros, 2017, arXiv:1703.10593, equation 3 and section 4.
    """

    tasks = frozenset({"translate"})

    def __init__(
        self,
        generator_xy,
        generator_yx,
        discriminator_x,
        discriminator_y,
        adversarial_loss: AdversarialLoss = "least_squares",
        cycle_weight=10.0,
        identity_weight=0.0,
        pool_size=50,
        **kwargs,
    ):
        adversarial_pair(adversarial_loss)  # raises if it is none
        networks = {
            "generator_xy": generator_xy,
            "generator_yx": generator_yx,
            "discriminator_x": discriminator_x,
            "discriminator_y": discriminator_y,
        }
        pool_size = checks.integer("pool_size", pool_size, minimum=0)
        identity_weight = checks.number("identity_weight", identity_weight)
        limits, sides = _checked_networks(networks, pool_size, identity_weight), []
        for name, shape in zip("xy", limits.shapes, strict=True):
            sides.append(Component(name, shape, limits.value_range, fills_range=limits.value_range == (-1, 1)))
        log_names = ("generators_loss", "cycle", "identity", "discriminators_loss")
        super().__init__(DataDescription(*sides, paired=False), log_names, **kwargs)
        for name, network in networks.items():
            setattr(self, name, network)
        self.adversarial_loss = adversarial_loss
        self.cycle_weight = checks.number("cycle_weight", cycle_weight)
        self.identity_weight, self.pool_size = identity_weight, pool_size
        self.pool_x = self.pool_y = None
        if pool_size:
            self.pool_x, self.pool_y = ImagePool(pool_size, name="pool_x"), ImagePool(pool_size, name="pool_y")
            self.pool_x.build((None, *self.shape_x))
            self.pool_y.build((None, *self.shape_y))

    @property
    def shape_x(self):
        """The shape of one image of x."""
        return self.data_description.x.shape

    @property
    def shape_y(self):
        """The shape of one image of y."""
        return self.data_description.y.shape

    def players(self):
        generators, discriminators = (
            (self.generator_xy, self.generator_yx),
            (self.discriminator_x, self.discriminator_y),
        )
        return (
            Player("generators", generators, self.generators_losses, shared_forward=self.translations),
            Player("discriminators", discriminators, self.discriminators_losses),
        )

    def translations(self, batch, training):
        """What the generators make of a batch: the pair (F(y), G(x))."""
        return self.generator_yx(batch["y"], training=training), self.generator_xy(batch["x"], training=training)

    def generators_losses(self, batch, translations, training):
        """The generators' loss and its parts, as a dict of scalars."""
        x, y, (fake_x, fake_y) = batch["x"], batch["y"], translations
        _, loss = adversarial_pair(self.adversarial_loss)
        adversarial = loss(self.discriminator_y(fake_y, training=training)) + loss(
            self.discriminator_x(fake_x, training=training)
        )
        cycle = losses.cycle_consistency(x, self.generator_yx(fake_y, training=training))
        cycle += losses.cycle_consistency(y, self.generator_xy(fake_x, training=training))
        identity = ops.zeros(())
        if self.identity_weight:
            identity = losses.cycle_consistency(y, self.generator_xy(y, training=training))
            identity += losses.cycle_consistency(x, self.generator_yx(x, training=training))
        total = adversarial + self.cycle_weight * cycle + self.identity_weight * identity
        return {"generators_loss": total, "cycle": cycle, "identity": identity}

    def discriminators_losses(self, batch, translations, training):
        """The discriminators' loss, the sum of both halves, as a dict of scalars."""
        fake_x, fake_y = translations
        if training and self.pool_x is not None:
            seed = self.seed_generator_for(training)
            fake_x, fake_y = self.pool_x(fake_x, seed=seed), self.pool_y(fake_y, seed=seed)
        loss, _ = adversarial_pair(self.adversarial_loss)
        total = ops.zeros(())
        for discriminator, real, fake in (
            (self.discriminator_x, batch["x"], fake_x),
            (self.discriminator_y, batch["y"], fake_y),
        ):
            total += loss(discriminator(real, training=training), discriminator(fake, training=training)) / 2
        return {"discriminators_loss": total}

    def call(self, x, training=False):
        """G(x)."""
        return self.generator_xy(x, training=training)

    # numpy in, numpy out

    def translate(self, images, to="y"):
        """Images of one set as images of the other.

        Generators of convolutions alone take images of any size that they give back, such as sides divisible by 4.

        Args:
            images: Array `(n, *shape)`: of x for `to="y"`, of y for `to="x"`.
            to: `"y"` or `"x"`. Defaults to `"y"`.

        Returns:
            float32 array `(n, *shape of the other)`, in the generator's own range.

        Raises:
            ValueError: If the images are of another shape or range.
        """
        shape, there, _ = self._ways(to)
        checks.array("images", images, (None, None, *shape[2:]), self.value_range)
        return _in_batches(_fitting(there, np.shape(images)[1:]), images)

    def cycle(self, images, via="y"):
        """Images that have been translated, and translated back.

        Args:
            images: Array `(n, *shape)`: of x for `via="y"`, of y for `via="x"`.
            via: The set that the way leads through, `"y"` or `"x"`. Defaults to `"y"`.

        Returns:
            float32 array `(n, *shape)`, in the generator's own range.

        Raises:
            ValueError: If the images are of another shape or range.
        """
        _, _, back = self._ways(via)
        translated = self.translate(images, to=via)
        return _in_batches(_fitting(back, translated.shape[1:]), translated)

    def _ways(self, to):
        if checks.choice("side", to, ["x", "y"]) == "y":
            return self.shape_x, self.generator_xy, self.generator_yx
        return self.shape_y, self.generator_yx, self.generator_xy


class _Limits(typing.NamedTuple):
    """What two generators that fit each other make: the shapes of x and y, and the range of their values."""

    shapes: tuple
    value_range: tuple | None


def _checked_networks(networks, pool_size, identity_weight):
    """The limits of four networks that fit each other."""
    if len({id(network) for network in networks.values()}) < 4:
        raise ValueError("CycleGAN needs four networks. Received: one network in several places")
    facts = {name: shapes(name, network) for name, network in networks.items()}
    for name, (inputs, outputs) in facts.items():
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"`{name}` must map one tensor to one. Received: {len(inputs)} inputs, {len(outputs)} outputs"
            )
    (shape_x,), (shape_y,) = facts["generator_xy"]
    if pool_size and None in (*shape_x, *shape_y):
        raise ValueError(
            "Networks of images of any size need `pool_size=0`, for a pool keeps images of one. Expected: such as "
            f"keras.Input((128, 128, 3)). Received: {shape_x} and {shape_y}"
        )
    expected = {
        "generator_yx": ("map y back to x", (shape_y, shape_x)),
        "discriminator_x": ("judge x, which generator_xy takes", (shape_x,)),
        "discriminator_y": ("judge y, which generator_xy makes", (shape_y,)),
    }
    for name, (task, wanted) in expected.items():
        found = tuple(tensors[0] for tensors in facts[name])[: len(wanted)]
        if not all(checks.shapes_agree(one, other) for one, other in zip(found, wanted, strict=True)):
            raise ValueError(
                f"`{name}` must {task}. Expected: {' to '.join(map(str, wanted))}. "
                f"Received: {' to '.join(map(str, found))}; are x and y swapped?"
            )
    ranges = [value_range(networks[name]) for name in ("generator_xy", "generator_yx")]
    if ranges[0] != ranges[1]:
        raise ValueError(
            "Both generators must make values of one range, for each takes what the other makes. Expected: the "
            f"same last activation. Received: ranges {ranges[0]} and {ranges[1]}"
        )
    if identity_weight and shape_x != shape_y:
        raise ValueError(f"`identity_weight` needs x and y of one shape. Received: {shape_x} and {shape_y}")
    for name in ("discriminator_x", "discriminator_y"):
        check_logits(name, networks[name])
    return _Limits((shape_x, shape_y), ranges[0])


def _fitting(generator, shape):
    """The generator, or one of the same weights for images of another size."""
    if checks.shapes_agree(generator.input_shape[1:], shape):
        return generator
    resized = at_size(generator, shape)
    if tuple(resized.output_shape[1:3]) != tuple(shape[:2]):
        raise ValueError(
            f"`images` must have a size that the generator gives back. Expected: sides that are multiples of "
            f"{size_multiple(at_size(generator, (None, None, shape[2])))}. Received: {tuple(shape[:2])}"
        )
    return resized


def _in_batches(network, images):
    images = np.asarray(images, "float32")
    parts = [
        ops.convert_to_numpy(network(images[start : start + _BATCH], training=False))
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts).astype("float32")
