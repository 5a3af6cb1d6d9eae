"""Models of two players that are small enough to follow by hand."""

import keras
from keras import ops

from keras_gen import backend
from keras_gen.training import GenerativeModel, Player


@keras.saving.register_keras_serializable(package="keras_gen_tests")
class TwoPlayers(GenerativeModel):
    """A critic of several updates against a generator of one, on flattened images: a WGAN without its constraint.

    Args:
        generator: Keras model from `(batch, 2)` to `(batch, *shape)`.
        critic: Keras model from `(batch, *shape)` to `(batch, 1)`.
        n_critic: Updates of the critic a step.
    """

    tasks = frozenset({"sample"})

    def __init__(self, generator, critic, n_critic=2, **kwargs):
        super().__init__(log_names=("critic_loss", "generator_loss"), **kwargs)
        self.generator, self.critic, self.n_critic = generator, critic, n_critic
        self.followed = self.add_weight(name="followed", shape=(), dtype="int32", initializer="zeros", trainable=False)

    @classmethod
    def small(cls, shape=(8, 8, 1), n_critic=2):
        generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape(shape)])
        critic = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)])
        return cls(generator, critic, n_critic)

    def players(self):
        return (
            Player(
                "critic",
                (self.critic,),
                self.critic_loss,
                self.n_critic,
                after_update=lambda: self.followed.assign_add(1),
            ),
            Player("generator", (self.generator,), self.generator_loss),
        )

    def call(self, x, training=False):
        return self.critic(x, training=training)

    def _fakes(self, x, training):
        z = backend.normal((ops.shape(x)[0], 2), self.seed_generator_for(training))
        return self.generator(z, training=training)

    def critic_loss(self, batch, training):
        x = batch["x"]
        fakes = self._fakes(x, training)
        return {"critic_loss": ops.mean(self.critic(fakes, training=training)) - ops.mean(self.critic(x))}

    def generator_loss(self, batch, training):
        return {"generator_loss": -ops.mean(self.critic(self._fakes(batch["x"], training), training=training))}

    def sample(self, n, seed=None):
        z = backend.normal((n, 2), seed)
        return ops.convert_to_numpy(self.generator(z))


class Pull(GenerativeModel):
    """Players that each pull one number towards the mean of the data, the second towards the first as well."""

    def __init__(self, updates=3, regularizer=None):
        super().__init__(log_names=("first_loss", "second_loss"))
        self.updates, self.regularizer, self.seen = updates, regularizer, []
        self.first, self.second = (
            keras.Sequential(
                [
                    keras.Input((1,)),
                    keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", kernel_regularizer=penalty),
                ]
            )
            for penalty in (regularizer, None)
        )

    def players(self):
        return (
            Player("first", (self.first,), self.first_loss, self.updates),
            Player("second", (self.second,), self.second_loss),
        )

    def noted(self, x):
        if self.run_eagerly:
            self.seen.append(x.numpy().tolist())
        return x

    def value(self, network):
        return ops.sum(network(ops.ones((1, 1))))

    def first_loss(self, batch, training):
        x = self.noted(batch["x"])
        return {"first_loss": ops.mean(ops.square(self.value(self.first) - x))}

    def second_loss(self, batch, training):
        x = self.noted(batch["x"])
        return {"second_loss": ops.square(self.value(self.second) - self.value(self.first)) + ops.mean(x)}
