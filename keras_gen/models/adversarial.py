"""The base of GANs and Wasserstein GANs: latents, phases, a moving average, samples."""

import typing

import keras
import numpy as np
from keras import InputSpec, ops

from keras_gen import backend, checks
from keras_gen.layers.sampling import draw_by_replica
from keras_gen.models.batches import by_batch
from keras_gen.texts import printable
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, output_range, shapes
from keras_gen.training.player import Player

_BATCH = 256  # images at a time in the methods that take and return numpy
_FREE_SIDE = 32  # pixels, for a side of any length
Latent = typing.Literal["normal", "uniform"]
_AUGMENTATIONS = {  # by name, each of the value around an image that moves
    "none": lambda around: None,
    "flip": lambda around: keras.layers.RandomFlip("horizontal"),
    "translation": lambda around: keras.layers.RandomTranslation(0.125, 0.125, "constant", fill_value=around),
    "zoom": lambda around: keras.layers.RandomZoom(0.1, fill_mode="constant", fill_value=around),
}
Augmentation = typing.Literal[*_AUGMENTATIONS]


class AdversarialModel(GenerativeModel):
    """A `GenerativeModel` of a generator, and a discriminator or critic of its samples.

    A subclass defines `discriminator_losses(batch, fakes, training)` and `generator_losses(batch, fakes, training)`.
    By default `compile()` gives both players Adam with a learning rate of 2e-4 and beta_1 = 0.5 (Radford et al., 2016,
    arXiv:1511.06434, section 4).

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        discriminator: Keras model from `(batch, *shape)` to logits or values, without a last activation. It is stored
            under the name `discriminator_name`.
        condition: The `Component` that both networks also take, a tuple of several, or `None`.
        log_names: As in `GenerativeModel`.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        n_critic: Updates of the discriminator per update of the generator, an integer >= 1. Defaults to 1.
        latent: Distribution of the latents: `"normal"` for N(0, I), or `"uniform"` for U[-1, 1]. Defaults to
            `"normal"`.
        ema: Decay of an exponential moving average of the generator's weights, which `sample` and `predict` then use, a
            number in [0, 1), such as 0.999; 0 for none. Defaults to 0.
        discriminator_warmup_steps: Number of initial steps that train only the discriminator, an integer >= 0. Defaults
            to 0.
        generator_warmup_steps: Number of steps after these that train only the generator, an integer >= 0; the
            discriminator's batch statistics and spectral norms are still updated. Defaults to 0.
        augmentation: Keras layer, or `keras.Sequential` of layers, that changes all that the discriminator sees in
            training, real and generated, at random: a set of few examples then takes it longer to learn by heart. It
            keeps the shape and has gradients, as `keras.layers.RandomTranslation`, `RandomContrast` and `RandomFlip`
            do, and is made to compute in float32 (Zhao et al., 2020, arXiv:2006.10738, figure 4). Or a name: `"flip"`
            (left and right), `"translation"` (by up to an eighth of a side), `"zoom"` (by up to a tenth) or `"none"`.
            Defaults to `None`.
        **kwargs: `name` and `dtype` of a Keras model.
    """

    tasks = frozenset({"sample"})
    optimizer_settings = {"learning_rate": 2e-4, "beta_1": 0.5}
    discriminator_name = "discriminator"
    judges_latents = False  # whether the discriminator also takes latents

    def __init__(
        self,
        generator,
        discriminator,
        condition,
        log_names,
        /,
        latent_dim,
        n_critic=1,
        latent: Latent = "normal",
        ema=0.0,
        discriminator_warmup_steps=0,
        generator_warmup_steps=0,
        augmentation: Augmentation | None = None,
        **kwargs,
    ):
        checks.integer("latent_dim", latent_dim)
        conditions = [component.shape for component in DataDescription(y=condition).y_components]
        shape = _generated_shape(generator, latent_dim, conditions)
        seen = [shape, *conditions, *([(latent_dim,)] if self.judges_latents else [])]
        _check_discriminator(self.discriminator_name, discriminator, seen)
        value_range = output_range(generator)
        images = Component("x", shape, value_range, fills_range=value_range == (-1, 1))
        super().__init__(DataDescription(images, condition), log_names, **kwargs)
        self.generator = generator
        setattr(self, self.discriminator_name, discriminator)
        self.latent_dim = latent_dim
        self.n_critic = checks.integer("n_critic", n_critic)
        self.latent = checks.choice("latent", latent, typing.get_args(Latent))
        self.ema = checks.rate("ema", ema)
        self.discriminator_warmup_steps = checks.integer("discriminator_warmup_steps", discriminator_warmup_steps, 0)
        self.generator_warmup_steps = checks.integer("generator_warmup_steps", generator_warmup_steps, 0)
        self.steps_done = self.add_weight(
            name="steps_done", shape=(), dtype="int32", initializer="zeros", trainable=False
        )
        self.averaged_generator = _frozen_copy(generator) if ema else None
        if isinstance(augmentation, str):
            named = _AUGMENTATIONS[checks.choice("augmentation", augmentation, _AUGMENTATIONS)]
            augmentation = named(0.0 if value_range is None else value_range[0])
        self.augmentation = None if augmentation is None else _checked_augmentation(augmentation, shape)

    @property
    def adversary(self):
        """The discriminator or critic."""
        return getattr(self, self.discriminator_name)

    @property
    def latent_range(self):
        """The pair (lowest, highest) of latents' values, or `None` if any value is allowed."""
        return (-1, 1) if self.latent == "uniform" else None

    def players(self):
        phased = self.discriminator_warmup_steps or self.generator_warmup_steps
        return (
            Player(
                self.discriminator_name,
                (self.adversary,),
                self._of_augmented_examples,
                self.n_critic,
                after_update=self.constrain,
                active=self.discriminator_is_active if phased else None,
            ),
            Player(
                "generator",
                self.generators(),
                self._of_augmented_fakes,
                after_update=self._count_and_average,
                shared_forward=self.fakes,
                active=self.generator_is_active if phased else None,
            ),
        )

    def generators(self):
        """The networks that play against the discriminator, a tuple."""
        return (self.generator,)

    def augmented(self, examples, training):
        """Examples as the discriminator sees them, changed by the augmentation in training: tensor of their shape."""
        if self.augmentation is None or not training:
            return examples
        seen = self.augmentation(ops.cast(examples, "float32"), training=True)
        return ops.cast(seen, examples.dtype)

    def augmented_fakes(self, fakes, training):
        """What `fakes` gives, with `augmented` examples."""
        return self.augmented(fakes, training)

    def _of_augmented_examples(self, batch, fakes, training):
        seen = {**batch, "x": self.augmented(batch["x"], training)}
        return self.discriminator_losses(seen, self.augmented_fakes(fakes, training), training)

    def _of_augmented_fakes(self, batch, fakes, training):
        return self.generator_losses(batch, self.augmented_fakes(fakes, training), training)

    def discriminator_is_active(self):
        """Whether the discriminator is updated in this step, a scalar boolean."""
        first, second = self.discriminator_warmup_steps, self.generator_warmup_steps
        return ops.logical_or(self.steps_done < first, self.steps_done >= first + second)

    def generator_is_active(self):
        """Whether the generator is updated in this step, a scalar boolean."""
        return self.steps_done >= self.discriminator_warmup_steps

    def call(self, z, training=False):
        """Generate examples from latents, with the moving average of the generator if there is one."""
        return (self.averaged_generator or self.generator)(z, training=training)

    def fakes(self, batch, training):
        """As many generated examples as the batch has: tensor `(batch, *shape)`."""
        return self.generator(self.latents(ops.shape(batch["x"])[0], training), training=training)

    def latents(self, n, training):
        """Draws from the prior: tensor `(n, latent_dim)`."""
        shape, seed = (n, self.latent_dim), self.seed_generator_for(training)
        return backend.normal(shape, seed) if self.latent == "normal" else 2.0 * backend.uniform(shape, seed) - 1.0

    def real_logits(self, batch, training):
        """The discriminator's logits of the batch."""
        return self.adversary(batch["x"], training=training)

    def fake_logits(self, batch, fakes, training):
        """The discriminator's logits of the fakes."""
        return self.adversary(fakes, training=training)

    def constrain(self):
        """Run after each update of the discriminator; nothing by default."""

    def _count_and_average(self):
        self.steps_done.assign_add(1)
        if self.averaged_generator is None:
            return
        steps = ops.cast(ops.maximum(self.steps_done - self.discriminator_warmup_steps, 0), "float32")
        decay = ops.minimum(self.ema, (1 + steps) / (10 + steps))  # the first steps are soon forgotten
        trained = {id(weight) for weight in self.generator.trainable_weights}
        for average, weight in zip(self.averaged_generator.weights, self.generator.weights, strict=True):
            if id(weight) in trained:
                average.assign(average + ops.cast(1 - decay, weight.dtype) * (weight - average))
            else:  # the statistics of batches, which are means already
                average.assign(weight)

    def from_latents(self, z, *conditions):
        """Tensors of examples `(n, *shape)` from tensors of latents `(n, latent_dim)`, as `generate` gives them."""
        return self([z, *conditions] if conditions else z, training=False)

    # numpy in, numpy out

    def generate(self, z):
        """Generate examples, as `predict`: finite latents `(n, latent_dim)` -> float32 array `(n, *shape)`."""
        checks.array("z", z, shape=(self.latent_dim,))
        return self._generated(np.asarray(z, "float32"))

    def sample(self, n, seed=None):
        """Generate `n` >= 1 examples from the prior: float32 array `(n, *shape)`, in the generator's own range.

        Without a `seed` each call gives different samples; the random state of training does not change.
        """
        return self._generated(self.draw_latents(n, seed))

    def draw_latents(self, n, seed=None):
        """Draws from the prior, with the arguments of `sample`: float32 array `(n, latent_dim)`."""
        rng, shape = np.random.default_rng(seed), (checks.integer("n", n), self.latent_dim)
        if self.latent == "normal":
            return rng.standard_normal(shape, "float32")
        return 2 * rng.random(shape, "float32") - 1

    def input_specs(self):
        return InputSpec(shape=(None, self.latent_dim), dtype="float32")

    def _generated(self, *inputs):
        return by_batch(self.from_latents, _BATCH, *inputs)[0]


def _generated_shape(generator, latent_dim, conditions):
    """The shape of an example of a generator that takes latents and conditions of these shapes."""
    inputs, outputs = shapes("generator", generator)
    expected = [(latent_dim,), *conditions]
    if inputs != expected or len(outputs) != 1:
        raise ValueError(
            f"`generator` must map latents to examples. Expected: inputs of shapes {expected}, one output. "
            f"Received: inputs of shapes {inputs}, {len(outputs)} outputs"
        )
    return outputs[0]


def _check_discriminator(name, discriminator, seen):
    """Raise a `ValueError` unless the discriminator maps tensors of the shapes `seen`, the example's first."""
    taken, given = shapes(name, discriminator)
    fitting = len(taken) == len(seen) and checks.shapes_agree(taken[0], seen[0]) and taken[1:] == seen[1:]
    if not fitting or len(given) != 1:
        raise ValueError(
            f"`{name}` must take the generator's output. Expected: inputs of shapes {seen}, one output. "
            f"Received: inputs of shapes {taken}, {len(given)} outputs"
        )
    check_logits(name, discriminator)


def _checked_augmentation(augmentation, shape):
    """The augmentation, which draws for each replica, of examples of that shape; without gradients it is refused."""
    if not isinstance(augmentation, keras.layers.Layer):
        raise ValueError(f"`augmentation` must be a Keras layer, or None. Received: {augmentation!r}")
    draw_by_replica(augmentation)
    for layer in augmentation._flatten_layers():
        layer.dtype_policy = "float32"  # in half precision, translations and rotations have no gradient
    examples = ops.zeros((2, *(_FREE_SIDE if side is None else side for side in shape)))

    def changed(x):
        try:
            y = augmentation(x, training=True)
        except Exception as error:  # a layer may raise any error for a shape; the message quotes it
            raise ValueError(
                f"`augmentation` must take the examples. Expected: layers for shape {tuple(x.shape[1:])}. "
                f"Received: {type(error).__name__}: {printable(str(error))}"
            ) from error
        if y.shape != x.shape:
            raise ValueError(
                "`augmentation` must keep the shape of the examples. Expected: "
                f"{tuple(x.shape[1:])}. Received: {tuple(y.shape[1:])}"
            )
        return y

    if backend.input_gradient(changed, examples) is None:
        raise ValueError(
            "`augmentation` must have a gradient, by which the generator learns. Expected: layers such as "
            f"RandomTranslation, RandomContrast and RandomFlip. Received: {type(augmentation).__name__} without one"
        )
    return augmentation


def _frozen_copy(generator):
    """A copy with the same weights and its own name, which no player updates."""
    config = {**generator.get_config(), "name": f"averaged_{generator.name}"}
    copy = type(generator).from_config(config)
    copy.set_weights(generator.get_weights())
    copy.trainable = False
    return copy
