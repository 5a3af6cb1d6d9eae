"""CycleGAN: translation between two sets of images of which no two belong together."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks, losses
from keras_gen.data.translation import unpaired
from keras_gen.layers.image_pool import ImagePool
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, check_reach, shapes, value_range
from keras_gen.training.player import Player

_BATCH = 16  # images at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class CycleGAN(GenerativeModel):
    """Two generators, G: X -> Y and F: Y -> X, each against a discriminator of its own, that must undo each other.

    min_{G,F} max_{D_X,D_Y}  L(G, D_Y) + L(F, D_X) + cycle_weight (mean |F(G(x)) - x| + mean |G(F(y)) - y|)
                             + identity_weight (mean |G(y) - y| + mean |F(x) - x|).

    The generators move first; their translations, which they have made for their own move, are handed through a pool of
    earlier ones to the discriminators, whose losses are halved, as published. `fit(x, y)` takes two sets of any sizes:
    each epoch shuffles both, and the shorter begins again. Logged: `loss` (the sum), `generators_loss`, `cycle` and
    `identity` (before their weights), `discriminators_loss`.

    Args:
        generator_xy: G, a Keras model from `(batch, *shape of x)` to `(batch, *shape of y)`.
        generator_yx: F, the other way.
        discriminator_x: D_X, a Keras model from `(batch, *shape of x)` to logits of any shape, without a last
            activation.
        discriminator_y: D_Y, the same for y.
        adversarial_loss: `"least_squares"`, as published, or any other of `GAN`, such as `"minimax"`, the original form
            in logarithms. Defaults to `"least_squares"`.
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
    uses_labels = True  # the second of a pair is an image here

    def __init__(
        self,
        generator_xy,
        generator_yx,
        discriminator_x,
        discriminator_y,
        adversarial_loss="least_squares",
        cycle_weight=10.0,
        identity_weight=0.0,
        pool_size=50,
        **kwargs,
    ):
        super().__init__(log_names=("generators_loss", "cycle", "identity", "discriminators_loss"), **kwargs)
        self.generator_xy, self.generator_yx = generator_xy, generator_yx
        self.discriminator_x, self.discriminator_y = discriminator_x, discriminator_y
        self.adversarial_loss = checks.choice("adversarial_loss", adversarial_loss, ADVERSARIAL_LOSSES)
        self.cycle_weight = checks.number("cycle_weight", cycle_weight)
        self.identity_weight = checks.number("identity_weight", identity_weight)
        self.pool_size = checks.integer("pool_size", pool_size, minimum=0)
        self.shape_x, self.shape_y = self._checked_shapes()
        self.value_range = value_range(generator_xy)
        self.pool_x = self.pool_y = None
        if pool_size:
            self.pool_x, self.pool_y = ImagePool(pool_size, name="pool_x"), ImagePool(pool_size, name="pool_y")
            self.pool_x.build((None, *self.shape_x))
            self.pool_y.build((None, *self.shape_y))
        self.built = True

    def players(self):
        return (
            Player("generators", (self.generator_xy, self.generator_yx), self.generators_loss, makes=self.translations),
            Player("discriminators", (self.discriminator_x, self.discriminator_y), self.discriminators_loss),
        )

    def translations(self, batch, training):
        """What the generators make of a batch: the pair (F(y), G(x))."""
        x, y = batch
        return self.generator_yx(y, training=training), self.generator_xy(x, training=training)

    def generators_loss(self, batch, made, training):
        """The generators' loss and its parts, as a dict of scalars."""
        (x, y), (fake_x, fake_y) = batch, made
        _, loss = ADVERSARIAL_LOSSES[self.adversarial_loss]
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

    def discriminators_loss(self, batch, made, training):
        """The discriminators' loss, the sum of both halves, as a dict of scalars."""
        (x, y), (fake_x, fake_y) = batch, made
        if training and self.pool_x is not None:
            fake_x = self.pool_x(fake_x, seed=self.noise(training))
            fake_y = self.pool_y(fake_y, seed=self.noise(training))
        loss, _ = ADVERSARIAL_LOSSES[self.adversarial_loss]
        total = ops.zeros(())
        for judge, real, fake in ((self.discriminator_x, x, fake_x), (self.discriminator_y, y, fake_y)):
            total += loss(judge(real, training=training), judge(fake, training=training)) / 2
        return {"discriminators_loss": total}

    def call(self, x, training=False):
        """G(x)."""
        return self.generator_xy(x, training=training)

    # numpy in, numpy out

    def translate(self, images, to="y"):
        """Images of one set as images of the other.

        Args:
            images: Array `(n, *shape)`: of x for `to="y"`, of y for `to="x"`.
            to: `"y"` or `"x"`. Defaults to `"y"`.

        Returns:
            float32 array `(n, *shape of the other)`, in the generator's own range.

        Raises:
            ValueError: If the images are of another shape or range.
        """
        shape, there, _ = self._ways(to)
        checks.array("images", images, shape, self.value_range)
        return _in_batches(there, images)

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
        return _in_batches(back, self.translate(images, to=via))

    def _ways(self, to):
        if checks.choice("side", to, ["x", "y"]) == "y":
            return self.shape_x, self.generator_xy, self.generator_yx
        return self.shape_y, self.generator_yx, self.generator_xy

    def pipeline(self, x, y, batch_size, **options):
        """What `fit` and `evaluate` make of arrays, as `data.unpaired`; arguments as there."""
        return unpaired(x, y, batch_size=batch_size, **options)

    # The door

    def check_data(self, x, y=None):
        if y is None:
            raise ValueError("CycleGAN translates between two sets. Expected: fit(x, y). Received: x alone")
        given = np.shape(x)[1:], np.shape(y)[1:]
        if given == (self.shape_y, self.shape_x) != (self.shape_x, self.shape_y):
            raise ValueError(
                f"`x` and `y` are swapped. Expected: images of shapes {self.shape_x} and {self.shape_y}. "
                f"Received: {given[0]} and {given[1]}"
            )
        for name, images, shape in (("x", x, self.shape_x), ("y", y, self.shape_y)):
            checks.array(name, images, shape, self.value_range)

    def check_reach(self, *lowest):
        for name, least in zip(("x", "y"), lowest, strict=False):
            check_reach(name, least, self.value_range)

    def limits(self):
        return dict.fromkeys(("x", "y"), self.value_range)

    def _checked_shapes(self):
        networks = {
            name: getattr(self, name) for name in ("generator_xy", "generator_yx", "discriminator_x", "discriminator_y")
        }
        if len({id(network) for network in networks.values()}) < 4:
            raise ValueError("CycleGAN needs four networks. Received: one network in several places")
        facts = {name: shapes(name, network) for name, network in networks.items()}
        for name, (inputs, outputs) in facts.items():
            if len(inputs) != 1 or len(outputs) != 1:
                raise ValueError(
                    f"`{name}` must map one tensor to one. Received: {len(inputs)} inputs, {len(outputs)} outputs"
                )
        (shape_x,), (shape_y,) = facts["generator_xy"]
        if self.pool_size and None in (*shape_x, *shape_y):
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
            if found != wanted:
                raise ValueError(
                    f"`{name}` must {task}. Expected: {' to '.join(map(str, wanted))}. "
                    f"Received: {' to '.join(map(str, found))}; are x and y swapped?"
                )
        ranges = [value_range(network) for network in (self.generator_xy, self.generator_yx)]
        if ranges[0] != ranges[1]:
            raise ValueError(
                "Both generators must make values of one range, for each takes what the other makes. Expected: the "
                f"same last activation. Received: ranges {ranges[0]} and {ranges[1]}"
            )
        if self.identity_weight and shape_x != shape_y:
            raise ValueError(f"`identity_weight` needs x and y of one shape. Received: {shape_x} and {shape_y}")
        for name in ("discriminator_x", "discriminator_y"):
            check_logits(name, networks[name])
        return shape_x, shape_y


def _in_batches(network, images):
    images = np.asarray(images, "float32")
    parts = [
        ops.convert_to_numpy(network(images[start : start + _BATCH], training=False))
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts).astype("float32")
