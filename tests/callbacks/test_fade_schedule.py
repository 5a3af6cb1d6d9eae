import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import callbacks, layers, load_model, models, networks, presets
from keras_gen.models.growing import fades

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def build(stage):
    generator = networks.progressive_generator(3, (8, 8, 1), stage, (5, 4))
    return {"generator": generator, "critic": networks.progressive_discriminator((8, 8, 1), stage, (5, 4))}


def dense(jit_compile=False, steps_per_execution=1):
    """A small GAN at the beginning of a fade, for what does not depend on the networks."""
    z = keras.Input((3,))
    generator = keras.Model(z, layers.FadeIn(0.0, name="fade")([keras.layers.Dense(2, name=n)(z) for n in "ab"]))
    model = models.GAN(generator, networks.mlp_discriminator((2,), (3,)), 3, ema=0.5)
    model.compile(jit_compile=jit_compile, steps_per_execution=steps_per_execution)
    return model


def growing():
    """A progressively grown model at the beginning of a fade."""
    keras.utils.set_random_seed(1)
    model = models.WGANGP(**build(1), latent_dim=3, n_critic=1, ema=0.5)
    model.compile(keras.optimizers.Adam(1e-2, beta_1=0.0, beta_2=0.99), jit_compile=False)
    for fade in fades(model):
        fade.alpha.assign(0.0)
    return model


class Alphas(keras.callbacks.Callback):
    """Alpha in each execution, of all fades of the model."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        alphas = {float(fade.alpha) for fade in fades(self.model)}
        assert len(alphas) == 1, "the generator, its average and the critic fade together"
        self.seen += alphas


def fit(model, epochs, fade_epochs):
    """Alpha in each execution, of epochs of five batches, or two of the larger model."""
    alphas, x = Alphas(), X[:8] if model.example_shape == (8, 8, 1) else X[:, 0, :2, 0]
    watchers = [callbacks.FadeSchedule(fade_epochs), alphas]
    model.fit(x, batch_size=4, epochs=epochs, callbacks=watchers, verbose=0)
    return alphas.seen


@pytest.mark.parametrize(("fade_epochs", "steps"), [(1, 5), (1.4, 7), (0.2, 1), (1.5, 8)])
def test_alpha_rises_by_the_same_amount_in_each_step_and_ends_at_exactly_one(fade_epochs, steps):
    model = dense()
    seen = fit(model, 2, fade_epochs)
    np.testing.assert_allclose(seen, np.minimum(1, np.arange(10) / steps), rtol=1e-6)
    assert all(float(fade.alpha) == 1 for fade in fades(model)) and seen[steps:] == [1.0] * (10 - steps)


def test_without_epochs_the_fade_is_over_at_once():
    assert fit(dense(), 1, 0) == [1.0] * 5


def test_no_error_adds_up_over_many_steps():
    """Alpha is counted in whole steps: 1/n added n times in float32 would miss 1."""
    schedule, fade = callbacks.FadeSchedule(1), layers.FadeIn(0.0)
    fade.build([(1,), (1,)])
    model = keras.Sequential([keras.Input((1,))])
    model._flatten_layers = lambda: [fade]
    schedule.set_model(model)
    schedule.set_params({"steps": 999, "epochs": 1})
    schedule.on_train_begin()
    for step in range(999):
        assert float(fade.alpha) == np.float32(step / 999)
        schedule.on_train_batch_begin(step)
        schedule.on_train_batch_end(step)
    assert float(fade.alpha) == 1.0


def test_a_run_that_is_resumed_within_a_fade_equals_an_unbroken_one_to_the_bit(tmp_path):
    whole, part = growing(), growing()
    alphas = fit(whole, 3, 2.4)
    first = fit(part, 1, 2.4)
    part.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert 0 < float(fades(again)[0].alpha) < 1
    assert first + fit(again, 2, 2.4) == alphas
    for one, other in ((whole, again), (whole.optimizer, again.optimizer)):
        for expected, found in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(expected, found)


def test_without_a_schedule_the_new_layers_stay_as_they_are():
    """At alpha = 0 they have no gradient."""
    model = dense()
    old, new = (model.generator.get_layer(name).kernel for name in "ab")
    before = np.array(old), np.array(new)
    model.fit(X[:, 0, :2, 0], batch_size=4, verbose=0)
    assert not np.array_equal(before[0], old) and np.array_equal(before[1], new)
    fit(model, 1, 1)
    assert not np.array_equal(before[1], new)


@pytest.mark.compiled
@pytest.mark.parametrize("jit_compile", [False, True])
def test_with_several_steps_in_an_execution_alpha_counts_them_all(jit_compile):
    """Five steps in executions of two, of which the last has one; the compiled step reads the variable."""
    model = dense(jit_compile=jit_compile, steps_per_execution=2)
    before = np.array(model.generator.get_layer("b").kernel)
    np.testing.assert_allclose(fit(model, 2, 2), [0, 0.2, 0.4, 0.5, 0.7, 0.9], rtol=1e-6)
    assert all(float(fade.alpha) == 1 for fade in fades(model))
    assert not np.array_equal(before, model.generator.get_layer("b").kernel)


def test_bad_input():
    with pytest.raises(ValueError, match="`epochs` must be a finite number >= 0.0. Received: epochs=-1"):
        callbacks.FadeSchedule(-1)
    vae = presets.build("vae", (8, 8, 1), width=0.02)
    with pytest.raises(ValueError, match="needs a model with layers.FadeIn. Received: a model without one"):
        vae.fit((X + 1) / 2, callbacks=[callbacks.FadeSchedule(1)], verbose=0)
    model = growing()
    unknown = tf.data.Dataset.from_tensor_slices(X).batch(4).filter(lambda batch: True)
    with pytest.raises(ValueError, match="needs the number of steps in an epoch.*Received: a dataset of unknown"):
        model.fit(unknown, callbacks=[callbacks.FadeSchedule(1)], verbose=0)
