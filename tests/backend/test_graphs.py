import functools
import gc
import threading
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops as framework

from keras_gen import backend, models, presets
from keras_gen.backend import execution
from keras_gen.backend.graphs import fingerprint

SHAPE = (8, 8, 1)
BUILDERS = {
    "VAE": functools.partial(presets.vae, SHAPE, width=0.02),
    "GAN": functools.partial(presets.gan, SHAPE, width=0.03, ema=0.5, n_critic=2),
    "tied": functools.partial(presets.stacked, SHAPE, width=0.02),
}


def _graph(function):
    return tf.function(function, autograph=False).get_concrete_function(*[tf.TensorSpec((2,))] * 2).graph


def _nested(function):
    inner = tf.function(function, autograph=False)
    return lambda x, y: inner(x, y) + 1.0


GRAPHS = [
    lambda x, y: x - y,
    lambda x, y: y - x,
    lambda x, y: (x - y, x),
    lambda x, y: (x, x - y),
    lambda x, y: x - 2.0 * y,
    lambda x, y: x - 3.0 * y,
    lambda x, y: tf.split(tf.concat([x, y], 0), 2)[0],
    lambda x, y: tf.split(tf.concat([x, y], 0), 2)[1],
    _nested(lambda x, y: x - y),
    _nested(lambda x, y: y - x),
    _nested(lambda x, y: x),
    lambda x, y: tf.cond(x[0] > 0, lambda: x, lambda: y),
    lambda x, y: tf.cond(x[0] > 0, lambda: y, lambda: x),
]


def test_graphs_that_compute_something_else_have_other_fingerprints():
    prints = [fingerprint(_graph(function)) for function in GRAPHS]
    assert len(set(prints)) == len(GRAPHS)
    assert prints == [fingerprint(_graph(function)) for function in GRAPHS]


def test_names_make_no_difference():
    def named(name):
        def function(x, y):
            with tf.name_scope(name):
                return tf.subtract(x, y, name=f"{name}_of_it")

        return function

    assert fingerprint(_graph(named("a"))) == fingerprint(_graph(named("b"))) == fingerprint(_graph(GRAPHS[0]))


def _trained(name, digits, seed, rate):
    keras.utils.set_random_seed(seed)
    model = BUILDERS[name](learning_rate=rate)
    digits = digits[:16] if name != "GAN" else 2 * digits[:16] - 1
    history = model.fit(digits, epochs=2, batch_size=8, verbose=0, validation_data=digits[:8]).history
    figures = {key: value for key, value in history.items() if not key.startswith("learning_rate")}
    return figures, [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]


@pytest.mark.compiled
@pytest.mark.parametrize("name", BUILDERS)
def test_a_shared_program_trains_as_one_of_its_own_would(name, digits):
    own = _trained(name, digits, 5, 0.01)
    execution._programs.clear()
    _trained(name, digits, 6, 0.02)
    programs = list(execution._programs)
    shared = _trained(name, digits, 5, 0.01)
    assert sorted(execution._programs) == sorted(programs) and len(programs) >= 2
    assert shared[0] == own[0]
    for one, other in zip(shared[1], own[1], strict=True):
        np.testing.assert_array_equal(one, other)


def autoencoder(change=lambda model: None):
    keras.utils.set_random_seed(3)
    x = keras.Input(SHAPE)
    hidden = keras.layers.Dense(6, "relu")(keras.layers.Flatten()(x))
    code = keras.layers.Dense(2)(keras.layers.Dropout(0.1)(hidden))
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape(SHAPE)])
    model = models.Autoencoder(keras.Model(x, code), decoder)
    model.compile("sgd")
    change(model)
    return model


def _weights(digits, change=lambda model: None, callbacks=()):
    """Those of a model after a training of XLA; the programs that it has added."""
    model, before = autoencoder(change), set(execution._programs)
    model.compile(model.optimizer, jit_compile=True, steps_per_execution=2)
    model.fit(digits[:16], batch_size=8, verbose=0, callbacks=list(callbacks))
    return [weight.numpy() for weight in model.weights], set(execution._programs) - before


def _regularized(model):
    model.encoder.layers[2].kernel.regularizer = keras.regularizers.L2(1.0)


def _constrained(model):
    model.encoder.layers[2].kernel.constraint = keras.constraints.MaxNorm(0.1)


def _of_another_rate(model):
    model.encoder.layers[3].rate = 0.6


def _frozen(model):
    model.encoder.layers[2].trainable = False


def _with_decay(model):
    model.compile(keras.optimizers.SGD(weight_decay=0.5))


def _without_decay_of_kernels(model):
    _with_decay(model)
    model.optimizer["autoencoder"].exclude_from_weight_decay(var_names=["kernel"])


def _clipped(model):
    model.compile(keras.optimizers.SGD(clipnorm=0.01))


def _of_a_schedule(model):
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.1)))


CHANGES = [
    _regularized, _constrained, _of_another_rate, _frozen, _with_decay, _without_decay_of_kernels, _clipped,
    _of_a_schedule,
]  # fmt: skip


@pytest.mark.compiled
def test_whatever_changes_a_step_keeps_a_program_from_being_shared(digits):
    """Also what stands in no configuration, such as the penalty of a single variable."""
    execution._programs.clear()
    assert [len(_weights(digits, change)[1]) for change in (lambda model: None, *CHANGES)] == [1] * (1 + len(CHANGES))
    assert not _weights(digits, CHANGES[-1])[1]


@pytest.mark.compiled
def test_a_change_before_the_first_batch_is_that_models_alone(digits):
    class Change(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            _of_another_rate(self.model)

    alone, _ = _weights(digits)
    execution._programs.clear()
    changed, after = (_weights(digits, callbacks=callbacks)[0] for callbacks in ([Change()], []))
    assert not all(np.array_equal(one, other) for one, other in zip(changed, alone, strict=True))
    for one, other in zip(after, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["VAE", "GAN"])
def test_a_further_model_leaves_nothing_behind(name, digits):
    digits = digits[:16] if name != "GAN" else 2 * digits[:16] - 1
    left, references = [], []
    for seed in range(4):
        keras.utils.set_random_seed(seed)
        model = BUILDERS[name]()
        model.fit(digits, batch_size=8, verbose=0, validation_data=digits[:8])
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
        backend.free_kernels_sometimes()
    assert len(freed) == 2
