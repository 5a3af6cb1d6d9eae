import functools
import gc
import threading
import weakref

import keras
import numpy as np
import pytest
from keras import ops
from tensorflow.python.eager import context
from tensorflow.python.framework import ops as framework

from keras_gen import backend, models, networks, presets
from keras_gen.backend import execution
from keras_gen.training.programs import program_key

SHAPE = (8, 8, 1)
BUILDERS = {
    "VAE": functools.partial(presets.vae, SHAPE, width=0.02),
    "GAN": functools.partial(presets.gan, SHAPE, width=0.03, ema=0.5, n_critic=2),
    "noise": functools.partial(presets.autoencoder, SHAPE, width=0.02, corruption=0.3, corruption_kind="masking"),
    "tied": functools.partial(presets.stacked, SHAPE, width=0.02),
}


def autoencoder(width=6, activation="relu", rate=0.1, optimizer="sgd", metrics=None, **settings):
    x, z = keras.Input(SHAPE), keras.Input((2,))
    hidden = keras.layers.Dense(width, activation)(keras.layers.Flatten()(x))
    code = keras.layers.Dense(2)(keras.layers.Dropout(rate)(hidden))
    decoder = keras.Model(z, keras.layers.Reshape(SHAPE)(keras.layers.Dense(64)(z)))
    model = models.Autoencoder(keras.Model(x, code), decoder, **settings)
    model.compile(optimizer, metrics=metrics)
    return model


def frozen():
    model = autoencoder()
    model.encoder.layers[2].trainable = False
    return model


@pytest.mark.parametrize("name", BUILDERS)
def test_models_built_alike_share_a_program_whatever_their_rates_and_names(name):
    first, second = BUILDERS[name](), BUILDERS[name](learning_rate=0.5)
    assert program_key(first) == program_key(second) is not None


def test_rates_within_the_scaling_of_losses_make_no_difference():
    scaled = [autoencoder(optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(r))) for r in (0.1, 0.2)]
    assert program_key(scaled[0]) == program_key(scaled[1]) is not None


OTHERS = {
    "width": lambda: autoencoder(7),
    "activation": lambda: autoencoder(activation="tanh"),
    "rate": lambda: autoencoder(rate=0.2),
    "optimizer": lambda: autoencoder(optimizer="adam"),
    "momentum": lambda: autoencoder(optimizer=keras.optimizers.SGD(momentum=0.5)),
    "clipping": lambda: autoencoder(optimizer=keras.optimizers.SGD(clipnorm=1.0)),
    "schedule": lambda: autoencoder(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.01, 9))),
    "metrics": lambda: autoencoder(metrics=["mse"]),
    "loss": lambda: autoencoder(reconstruction="bernoulli"),
    "penalty": lambda: autoencoder(contraction=0.1),
    "frozen layer": frozen,
    "class": lambda: presets.vae(SHAPE, width=0.02),
}


@pytest.mark.parametrize("name", OTHERS)
def test_models_that_take_other_steps_share_nothing(name):
    assert program_key(OTHERS[name]()) != program_key(autoencoder())


def test_metrics_of_other_names_share_nothing():
    first, second = (autoencoder(metrics=[keras.metrics.MeanSquaredError(f"error_{n}")]) for n in (1, 2))
    assert program_key(first) != program_key(second)


def relu(x):
    return ops.relu(x) + 1


class Scaled(keras.layers.Dense):
    pass


def _with(layer):
    x = keras.Input(SHAPE)
    encoder = keras.Model(x, keras.layers.Dense(2)(layer(keras.layers.Flatten()(x))))
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape(SHAPE)])
    return models.Autoencoder(encoder, decoder)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Scaled(2),
        lambda: keras.layers.Lambda(lambda x: 2 * x),
        lambda: keras.layers.Dense(2, activation=relu),  # Keras saves it as its own "relu"
        lambda: keras.layers.Dense(2, kernel_regularizer=lambda w: ops.sum(w)),
    ],
)
def test_code_of_a_user_is_not_shared(layer):
    model = _with(layer())
    model.compile("sgd")
    assert program_key(model) is None


def test_a_model_of_a_users_class_is_not_shared():
    class Own(models.Autoencoder):
        pass

    model = Own(*networks.mlp_autoencoder([64, 2]))
    model.compile("sgd")
    assert program_key(model) is None


def _trained(name, digits, seed, rate):
    keras.utils.set_random_seed(seed)
    model = BUILDERS[name](learning_rate=rate)
    digits = digits if name != "GAN" else 2 * digits - 1
    history = model.fit(digits, epochs=2, batch_size=8, verbose=0, validation_data=digits[:12]).history
    figures = {key: value for key, value in history.items() if not key.startswith("learning_rate")}
    return (
        figures,
        model.evaluate(digits, verbose=0),
        [np.array(v) for v in (*model.variables, *model.optimizer.variables)],
    )


@pytest.mark.compiled
@pytest.mark.parametrize("name", BUILDERS)
def test_a_shared_program_trains_as_one_of_its_own_would(name, digits):
    own = _trained(name, digits, 5, 0.01)
    backend.forget_programs()
    _trained(name, digits, 6, 0.02)
    programs = list(execution._programs)
    shared = _trained(name, digits, 5, 0.01)
    assert list(execution._programs) == programs and len(programs) >= 2
    assert not any(program.captured_inputs for program in execution._programs.values())
    assert shared[:2] == own[:2]
    for one, other in zip(shared[2], own[2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.compiled
@pytest.mark.parametrize("name", BUILDERS)
def test_a_further_model_leaves_nothing_behind(name, digits):
    digits = digits if name != "GAN" else 2 * digits - 1
    left, references = [], []
    for seed in range(4):
        keras.utils.set_random_seed(seed)
        model = BUILDERS[name]()
        model.fit(digits, batch_size=8, verbose=0, validation_data=digits[:12])
        model.evaluate(digits, verbose=0)
        references.append(weakref.ref(model))
        del model
        keras.backend.clear_session()  # Keras keeps the last names
        gc.collect()
        left.append((len(context.context().list_function_names()), len(framework.gradient_registry._registry)))
    assert [reference() for reference in references] == [None] * 4
    assert left[1] == left[2] == left[3]


@pytest.mark.compiled
def test_gradients_of_their_own_leave_no_graph_behind(digits):
    before = set(framework.gradient_registry._registry)
    model = presets.vae(SHAPE, width=0.02)  # of SiLU
    model.compile(jit_compile=False)
    model.fit(digits, verbose=0)
    model.predict(digits, verbose=0)
    assert set(framework.gradient_registry._registry) == before


@pytest.mark.compiled
def test_evaluations_in_threads_give_the_numbers_of_one(digits):
    model = presets.vae(SHAPE, width=0.02)
    alone, found = model.evaluate(digits, batch_size=4, verbose=0), []
    threads = [
        threading.Thread(target=lambda: found.append(model.evaluate(digits, batch_size=4, verbose=0))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 4


def test_kernels_are_freed_after_every_few_trainings(monkeypatch):
    freed = []
    monkeypatch.setattr(type(context.context()), "clear_kernel_cache", lambda self: freed.append(None))
    for _ in range(16):
        backend.before_training()
    assert len(freed) == 2
