import keras
import numpy as np
import pytest

from keras_gen import losses, models, networks

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (40, 6)).astype("float32")


def wgan(kind=models.WGAN, critic=None, **options):
    critic = critic or networks.mlp_discriminator((6,), (8,), name="critic")
    return kind(networks.mlp_generator(3, (8,), (6,)), critic, 3, **options)


def test_every_weight_of_the_critic_stays_in_the_box():
    model = wgan(clip=0.02, n_critic=2)
    model.compile(keras.optimizers.RMSprop(1e-2))
    model.fit(X, batch_size=8, epochs=3, verbose=0)
    largest = [np.abs(weight).max() for weight in model.critic.get_weights()]
    assert max(largest) == np.float32(0.02)
    assert max(np.abs(weight).max() for weight in model.generator.get_weights()) > 0.02


def test_the_estimate_is_the_loss_without_its_sign_and_its_penalty():
    model = wgan()
    fakes = model.sample(40, seed=0)
    found = model.discriminator_losses({"x": X}, fakes, training=False)
    expected = float(np.mean(model.critic(X)) - np.mean(model.critic(fakes)))
    assert float(found["wasserstein"]) == -float(found["critic_loss"]) == pytest.approx(expected, abs=1e-6)

    model = wgan(models.WGANGP, gradient_penalty_weight=3.0)
    found = {name: float(value) for name, value in model.discriminator_losses({"x": X}, fakes, training=False).items()}
    assert found["critic_loss"] == pytest.approx(3 * found["gradient_penalty"] - found["wasserstein"], rel=1e-5)
    model.evaluation_seed_generator.restart()
    seed = model.evaluation_seed_generator
    assert found["gradient_penalty"] == pytest.approx(float(losses.gradient_penalty(model.critic, X, fakes, seed)))


class TwiceInTraining(keras.layers.Layer):
    def call(self, x, training=False):
        return 2 * x if training else x


def test_the_penalty_is_of_the_critic_as_it_judges():
    """A linear critic of slope a, twice as steep in training: (2 a - 1)^2 there, else (a - 1)^2."""
    linear = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(3 / np.sqrt(6)))
    model = wgan(models.WGANGP, keras.Sequential([keras.Input((6,)), TwiceInTraining(), linear]))
    fakes = model.sample(40, seed=0)
    for training, expected in ((True, 25), (False, 4)):
        found = model.discriminator_losses({"x": X}, fakes, training=training)["gradient_penalty"]
        assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.compiled
def test_the_penalty_holds_the_slope_where_the_formula_says():
    """Real ones at 3, fakes held at 0: a slope s gives 3 s - weight (s - 1)^2, best at s = 1 + 3 / (2 weight)."""
    keras.utils.set_random_seed(0)
    x = RNG.normal(3, 0.01, (2048, 1)).astype("float32")
    model = models.WGANGP(
        networks.mlp_generator(1, (), (1,), output_activation=None),
        networks.mlp_discriminator((1,), (32, 32)),
        1,
        n_critic=1,
        gradient_penalty_weight=1.0,
        discriminator_warmup_steps=10_000,
    )
    model.generator.set_weights([np.full((1, 1), 0.01), np.zeros(1)])
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False, steps_per_execution=32)
    history = model.fit(x, batch_size=64, epochs=15, verbose=0).history
    assert history["wasserstein"][-1] == pytest.approx(3 * 2.5, rel=0.05)
    assert history["gradient_penalty"][-1] == pytest.approx(1.5**2, rel=0.1)
    assert abs(model.sample(100, seed=0).mean()) < 0.01, "the generator holds still"


@pytest.mark.compiled
@pytest.mark.parametrize("kind", [models.WGAN, models.WGANGP])
def test_the_generator_moves_a_gaussian_to_the_data(kind):
    """In the plane: on a line the penalty keeps the critic's slope from changing its sign as it has to."""
    keras.utils.set_random_seed(1)
    centre = np.array([2, -1], "float32")
    x = RNG.normal(0, 0.5, (4096, 2)).astype("float32") + centre
    model = kind(
        networks.mlp_generator(2, (), (2,), output_activation=None),
        networks.mlp_discriminator((2,), (32,)),
        2,
        n_critic=2,
        **({"clip": 0.3} if kind is models.WGAN else {}),
    )
    optimizer = keras.optimizers.Adam(1e-2, beta_1=0.0, beta_2=0.9)
    model.compile(optimizer, jit_compile=False, steps_per_execution=32)
    assert np.linalg.norm(model.sample(2000, seed=0).mean(axis=0) - centre) > 2
    model.fit(x, batch_size=128, epochs=10, verbose=0)
    assert np.linalg.norm(model.sample(2000, seed=0).mean(axis=0) - centre) < 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wgan(clip=0), "`clip` must be a finite number > 0"),
        (lambda: wgan(models.WGANGP, gradient_penalty_weight=-1), "`gradient_penalty_weight` must be a finite number"),
        (lambda: models.WGANGP(networks.mlp_generator(3, (), (6,)), None, 3), "`critic` must know its shapes"),
        (
            lambda: models.WGANGP(
                networks.dcgan_generator(3, (16, 16, 1), 2), networks.dcgan_discriminator((16, 16, 1), 2), 3
            ),
            "must judge each example by itself.*Received: BatchNormalization",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
