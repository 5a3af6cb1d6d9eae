"""What generators against one opponent share, whatever the two minimise: latents, phases, a moving average, samples."""

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, check_reach, shapes, value_range
from keras_gen.training.player import Player

_BATCH = 256  # images at a time in the methods that take and return numpy


class AdversarialModel(GenerativeModel):
    """A `GenerativeModel` of a generator and an opponent that judges what it makes.

    A subclass stores its opponent under the name `opponent_name` before it calls `__init__` here, and defines
    `opponent_loss(batch, fakes, training)` and `generator_loss(batch, fakes, training)`.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        opponent: Keras model from `(batch, *shape)` to logits or values, without a last activation.
        latent_dim: Width of the latents, an integer >= 1.
        n_critic: Moves of the opponent for each of the generator, an integer >= 1.
        latent: `"normal"` for N(0, I), or `"uniform"` for U[-1, 1].
        ema: Decay of the generator's moving average, a number in [0, 1); 0 for none.
        discriminator_warmup_steps: First steps in which the generator holds still, an integer >= 0.
        generator_warmup_steps: Steps after these in which the opponent holds still, an integer >= 0. What holds still
            are weights and optimizer; the statistics of batch normalisation go on, and a `SpectralNormalization`
            scales its kernel in every pass, whoever moves.
        log_names: As in `GenerativeModel`.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: If the networks do not fit each other, or an argument is out of range.
    """

    tasks = frozenset({"sample"})
    opponent_name = "discriminator"
    condition_shapes = ()  # of one example's inputs besides the latents and the images

    def __init__(
        self,
        generator,
        opponent,
        latent_dim,
        n_critic,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
        log_names,
        **kwargs,
    ):
        super().__init__(log_names=log_names, **kwargs)
        self.generator = generator
        setattr(self, self.opponent_name, opponent)
        self.latent_dim = checks.integer("latent_dim", latent_dim)
        self.n_critic = checks.integer("n_critic", n_critic)
        self.latent = checks.choice("latent", latent, ["normal", "uniform"])
        self.ema = checks.rate("ema", ema)
        warmup = "discriminator_warmup_steps", "generator_warmup_steps"
        self.discriminator_warmup_steps, self.generator_warmup_steps = (
            checks.integer(name, steps, minimum=0)
            for name, steps in zip(warmup, (discriminator_warmup_steps, generator_warmup_steps), strict=True)
        )
        self.example_shape = self._checked_shapes()
        self.value_range = value_range(generator)
        self.steps_done = self.add_weight(
            name="steps_done", shape=(), dtype="int32", initializer="zeros", trainable=False
        )
        self.averaged_generator = _still_copy(generator) if ema else None
        self.built = True

    @property
    def opponent(self):
        """The network that judges: the discriminator or the critic."""
        return getattr(self, self.opponent_name)

    def players(self):
        phased = self.discriminator_warmup_steps or self.generator_warmup_steps
        return (
            Player(
                self.opponent_name,
                (self.opponent,),
                self.opponent_loss,
                self.n_critic,
                after=self.constrain,
                active=self.opponent_moves if phased else None,
            ),
            Player(
                "generator",
                (self.generator,),
                self.generator_loss,
                after=self._count_and_average,
                makes=self.fakes,
                active=self.generator_moves if phased else None,
            ),
        )

    def opponent_moves(self):
        """Whether the opponent moves in this step, a scalar truth value."""
        first, second = self.discriminator_warmup_steps, self.generator_warmup_steps
        return ops.logical_or(self.steps_done < first, self.steps_done >= first + second)

    def generator_moves(self):
        """Whether the generator moves in this step, a scalar truth value."""
        return self.steps_done >= self.discriminator_warmup_steps

    def call(self, z, training=False):
        """What the generator, or its moving average, makes of latents."""
        return (self.averaged_generator or self.generator)(z, training=training)

    def fakes(self, batch, training):
        """As many generated examples as the batch has: tensor `(batch, *shape)`."""
        return self.generator(self.latents(ops.shape(batch)[0], training), training=training)

    def latents(self, n, training):
        """Draws from the prior: tensor `(n, latent_dim)`."""
        draw = backend.normal if self.latent == "normal" else _symmetric_uniform
        return draw((n, self.latent_dim), self.noise(training))

    def judged(self, batch, fakes, training):
        """The opponent's logits of the batch and of the fakes, the pair (real, fake)."""
        return self.opponent(batch, training=training), self.judged_fakes(batch, fakes, training)

    def judged_fakes(self, batch, fakes, training):
        """The opponent's logits of the fakes alone."""
        return self.opponent(fakes, training=training)

    def constrain(self):
        """Run after each move of the opponent; nothing by default."""

    def _count_and_average(self):
        self.steps_done.assign_add(1)
        if self.averaged_generator is None:
            return
        steps = ops.cast(ops.maximum(self.steps_done - self.discriminator_warmup_steps, 0), "float32")
        decay = ops.minimum(self.ema, (1 + steps) / (10 + steps))  # the first steps are soon forgotten
        trained = {id(weight) for weight in self.generator.trainable_weights}
        for average, weight in zip(self.averaged_generator.weights, self.generator.weights, strict=True):
            is_mean = id(weight) in trained  # the statistics of batches are means already
            moved = average + ops.cast(1 - decay, weight.dtype) * (weight - average)
            average.assign(moved if is_mean else weight)

    # numpy in, numpy out

    def generate(self, z):
        """Examples that latents stand for, by the moving average of the generator where there is one.

        Args:
            z: Array `(n, latent_dim)`.

        Returns:
            float32 array `(n, *shape)`, in the generator's own range.

        Raises:
            ValueError: If `z` is empty, not finite or of another shape.
        """
        checks.array("z", z, shape=(self.latent_dim,))
        return self._generated(np.asarray(z, "float32"))

    def sample(self, n, seed=None):
        """Examples of latents drawn from the prior; the training's random state is not touched.

        Args:
            n: Number of samples, an integer >= 1.
            seed: Integer, or `None` for other samples at each call. Defaults to `None`.

        Returns:
            float32 array `(n, *shape)`, in the generator's own range.
        """
        return self._generated(self.draw_latents(n, seed))

    def draw_latents(self, n, seed=None):
        """Draws from the prior: float32 array `(n, latent_dim)`.

        Args:
            n: Number of draws, an integer >= 1.
            seed: Integer, or `None` for others at each call. Defaults to `None`.
        """
        rng, shape = np.random.default_rng(seed), (checks.integer("n", n), self.latent_dim)
        return rng.standard_normal(shape, "float32") if self.latent == "normal" else _unit(rng, shape)

    def _generated(self, *inputs):
        parts = []
        for start in range(0, len(inputs[0]), _BATCH):
            part = [one[start : start + _BATCH] for one in inputs]
            parts.append(ops.convert_to_numpy(self(part[0] if len(part) == 1 else part, training=False)))
        return np.concatenate(parts).astype("float32")

    # The door

    def check_data(self, x, y=None):
        checks.array("x", x, self.example_shape, self.value_range)

    def limits(self):
        return {"x": self.value_range}

    def check_reach(self, *lowest):
        check_reach("x", lowest[0], self.value_range)

    def _checked_shapes(self):
        inputs, outputs = shapes("generator", self.generator)
        expected = [(self.latent_dim,), *self.condition_shapes]
        if inputs != expected or len(outputs) != 1:
            raise ValueError(
                f"`generator` must map latents to examples. Expected: inputs of shapes {expected}, one output. "
                f"Received: inputs of shapes {inputs}, {len(outputs)} outputs"
            )
        taken, given = shapes(self.opponent_name, self.opponent)
        if taken != [outputs[0], *self.condition_shapes] or len(given) != 1:
            raise ValueError(
                f"`{self.opponent_name}` must take what the generator makes. "
                f"Expected: inputs of shapes {[outputs[0], *self.condition_shapes]}, one output. "
                f"Received: inputs of shapes {taken}, {len(given)} outputs"
            )
        check_logits(self.opponent_name, self.opponent)
        return outputs[0]


def _still_copy(generator):
    """A copy with the same weights and a name of its own, which no player moves."""
    config = generator.get_config()
    copy = type(generator).from_config({**config, "name": f"averaged_{generator.name}"})
    copy.set_weights(generator.get_weights())
    copy.trainable = False
    return copy


def _symmetric_uniform(shape, seed):
    return 2.0 * backend.uniform(shape, seed) - 1.0


def _unit(rng, shape):
    return 2 * rng.random(shape, "float32") - 1
