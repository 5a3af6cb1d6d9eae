"""CycleGAN: translation between two unpaired sets of images."""

import keras
from keras import ops

from keras_gen import checks, losses
from keras_gen.layers.image_pool import ImagePool
from keras_gen.losses.adversarial import AdversarialLoss, adversarial_pair
from keras_gen.models.translation import TranslationModel, translated
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.introspection import check_logits, output_range, shapes
from keras_gen.training.player import Player


@keras.saving.register_keras_serializable(package="keras_gen")
class CycleGAN(TranslationModel):
    """Two generators, G: X -> Y and F: Y -> X, that invert each other, each trained against its own discriminator.

    min_{G,F} max_{D_X,D_Y}  L(G, D_Y) + L(F, D_X) + cycle_weight (mean |F(G(x)) - x| + mean |G(F(y)) - y|)
                             + identity_weight (mean |G(y) - y| + mean |F(x) - x|).

    The generators are updated first. The discriminators see the same translations, mixed with earlier ones from a
    pool; their losses are halved, as published. `fit(x, y)` takes two sets of any sizes: each epoch shuffles both, and
    repeats the shorter one. Logged: `loss` (the sum), `generators_loss`, `cycle` and `identity` (before their weights),
    `discriminators_loss`.

    Args:
        generator_xy: G, a Keras model from `(batch, *shape of x)` to `(batch, *shape of y)`.
        generator_yx: F, the other way.
        discriminator_x: D_X, a Keras model from `(batch, *shape of x)` to logits of any shape, without a last
            activation.
        discriminator_y: D_Y, the same for y.
        adversarial_loss: `"least_squares"`, as published, or another loss of `GAN`, such as `"minimax"`, the original
            logarithmic form. Defaults to `"least_squares"`.
        cycle_weight: Weight of the cycle consistency, the difference between an image and its translation there and
            back, a number >= 0. Defaults to 10.
        identity_weight: Weight of the identity loss, the change of images that are already in the target set, a number
            >= 0; the paper uses 5 for paintings. Above 0, x and y must have the same shape. Defaults to 0.
        pool_size: Number of earlier translations that each discriminator also sees, an integer >= 0. Defaults to 50.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> import numpy as np
    >>> from keras_gen import networks
    >>> options = {"filters": 4, "blocks": 1}
    >>> gan = CycleGAN(
    ...     networks.resnet_generator((8, 8, 1), name="xy", **options),
    ...     networks.resnet_generator((8, 8, 1), name="yx", **options),
    ...     networks.patchgan_discriminator((8, 8, 1), filters=4, downsamplings=1, name="discriminator_x"),
    ...     networks.patchgan_discriminator((8, 8, 1), filters=4, downsamplings=1, name="discriminator_y"),
    ... )
    >>> gan.compile()  # Adam with the published learning rate of 2e-4 and beta_1 = 0.5
    >>> x, y = np.linspace(-1, 1, 4 * 64).reshape(4, 8, 8, 1), np.full((3, 8, 8, 1), -0.5)
    >>> history = gan.fit(x, y, batch_size=1, verbose=0)
    >>> gan.translate(x, to="y").shape, gan.cycle(x).shape
    ((4, 8, 8, 1), (4, 8, 8, 1))

    Reference:
        Zhu, Park, Isola and Efros, 2017, arXiv:1703.10593, equation 3 and section 4.
    """

    tasks = frozenset({"translate", "cycle"})

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
        adversarial_pair(adversarial_loss)  # raises if it is invalid
        networks = {
            "generator_xy": generator_xy,
            "generator_yx": generator_yx,
            "discriminator_x": discriminator_x,
            "discriminator_y": discriminator_y,
        }
        shape_x, shape_y, value_range = _checked_networks(networks)
        full = value_range == (-1, 1)
        x, y = (Component(n, s, value_range, fills_range=full) for n, s in (("x", shape_x), ("y", shape_y)))
        log_names = ("generators_loss", "cycle", "identity", "discriminators_loss")
        super().__init__(DataDescription(x, y, paired=False), log_names, **kwargs)
        for name, network in networks.items():
            setattr(self, name, network)
        self.adversarial_loss = adversarial_loss
        self.cycle_weight = checks.number("cycle_weight", cycle_weight)
        self.identity_weight = checks.number("identity_weight", identity_weight)
        if self.identity_weight and shape_x != shape_y:
            raise ValueError(f"`identity_weight` needs x and y of equal shape. Received: {shape_x} and {shape_y}")
        self.pool_size = checks.integer("pool_size", pool_size, minimum=0)
        self.pool_x = self.pool_y = None
        if pool_size:
            self.pool_x, self.pool_y = ImagePool(pool_size, name="pool_x"), ImagePool(pool_size, name="pool_y")
            self.pool_x.build((None, *shape_x))
            self.pool_y.build((None, *shape_y))

    def players(self):
        generators = self.generator_xy, self.generator_yx
        discriminators = self.discriminator_x, self.discriminator_y
        return (
            Player("generators", generators, self.generators_losses, shared_forward=self.translations),
            Player("discriminators", discriminators, self.discriminators_losses),
        )

    def generators(self):
        return {"y": self.generator_xy, "x": self.generator_yx}

    def translations(self, batch, training):
        """Both translations of a batch: the pair (F(y), G(x))."""
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
        sides = (self.discriminator_x, batch["x"], fake_x), (self.discriminator_y, batch["y"], fake_y)
        total = sum(
            loss(network(real, training=training), network(fake, training=training)) for network, real, fake in sides
        )
        return {"discriminators_loss": total / 2}

    def call(self, x, training=False):
        """G(x)."""
        return self.generator_xy(x, training=training)

    # numpy in, numpy out

    def cycle(self, images, via="y"):
        """Images translated by `translate(images, to=via)`, and back again: float32 array of their shape."""
        back = {"x": "y", "y": "x"}[checks.choice("via", via, ["x", "y"])]
        return translated(self.generators()[back], self.translate(images, to=via))


def _checked_networks(networks):
    """The shapes of x and of y, and the range of their values, of four networks that fit each other."""
    if len({id(network) for network in networks.values()}) < 4:
        raise ValueError("CycleGAN needs four different networks. Received: one network several times")
    facts = {name: shapes(name, network) for name, network in networks.items()}
    for name, (inputs, outputs) in facts.items():
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"`{name}` must map one tensor to one. Received: {len(inputs)} inputs, {len(outputs)} outputs"
            )
    (shape_x,), (shape_y,) = facts["generator_xy"]
    expected = {
        "generator_yx": ("map y back to x", (shape_y, shape_x)),
        "discriminator_x": ("take images of x, the input of generator_xy", (shape_x,)),
        "discriminator_y": ("take images of y, the output of generator_xy", (shape_y,)),
    }
    for name, (task, wanted) in expected.items():
        found = tuple(tensors[0] for tensors in facts[name])[: len(wanted)]
        if not all(checks.shapes_agree(one, other) for one, other in zip(found, wanted, strict=True)):
            raise ValueError(
                f"`{name}` must {task}. Expected: {' to '.join(map(str, wanted))}. "
                f"Received: {' to '.join(map(str, found))}; are x and y swapped?"
            )
    ranges = [output_range(networks[name]) for name in ("generator_xy", "generator_yx")]
    if ranges[0] != ranges[1]:
        raise ValueError(
            "Both generators must have the same range of values, because each takes the other's output. Expected: the "
            f"same last activation. Received: ranges {ranges[0]} and {ranges[1]}"
        )
    for name in ("discriminator_x", "discriminator_y"):
        check_logits(name, networks[name])
    return shape_x, shape_y, ranges[0]
