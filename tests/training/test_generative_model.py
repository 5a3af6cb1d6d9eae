import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import data, models, networks, presets
from keras_gen.training import GenerativeModel, Player
from keras_gen.training.compilation import compiled_for
from tests.toy import Pull, TwoPlayers

X = np.random.default_rng(0).random((12, 3)).astype("float32")


def test_updates_see_disjoint_slices_of_equal_size_and_a_single_update_the_first():
    model = Pull(updates=3)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    model.fit(X[:11], batch_size=11, shuffle=False, verbose=0)
    expected = [X[:11][move::3][:3].tolist() for move in range(3)]
    assert model.seen == [*expected, expected[0]]


def test_updates_alternate_each_against_the_updated_other():
    model = Pull(updates=2)
    model.compile({"first": keras.optimizers.SGD(0.1), "second": keras.optimizers.SGD(0.25)}, jit_compile=False)
    history = model.fit(X, batch_size=12, shuffle=False, verbose=0).history
    first, losses = 0.0, []
    for move in range(2):
        part = X[move::2]
        losses.append(np.mean((first - part) ** 2))
        first -= 0.1 * 2 * np.mean(first - part)
    second_loss = first**2 + X[0::2].mean()
    np.testing.assert_allclose(float(model.value(model.first)), first, rtol=1e-5)
    np.testing.assert_allclose(float(model.value(model.second)), 0.25 * 2 * first, rtol=1e-5)
    np.testing.assert_allclose(history["first_loss"], np.mean(losses), rtol=1e-5)
    np.testing.assert_allclose(history["second_loss"], second_loss, rtol=1e-5)
    np.testing.assert_allclose(history["loss"], np.mean(losses) + second_loss, rtol=1e-5)


@pytest.mark.compiled
def test_what_follows_an_update_runs_once_an_update():
    model = TwoPlayers.small(n_critic=2)
    model.compile("adam", jit_compile=False)
    model.fit(np.zeros((24, 8, 8, 1), "float32"), batch_size=8, epochs=2, verbose=0)
    assert int(model.followed) == 2 * 3 * 2


def test_evaluate_is_the_mean_over_examples_also_with_a_small_last_batch():
    model = Pull(updates=1)
    model.compile("sgd")
    losses = model.evaluate(X[:10], batch_size=4, return_dict=True, verbose=0)
    np.testing.assert_allclose(losses["first_loss"], np.mean(X[:10] ** 2), rtol=1e-5)


def test_regularisers_of_the_networks_are_minimised():
    def first_kernel(regularizer):
        keras.utils.set_random_seed(1)
        model = Pull(updates=1, regularizer=regularizer)
        model.first.layers[0].kernel.assign([[3.0]])
        model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
        model.fit(X, batch_size=12, verbose=0)
        return float(model.first.layers[0].kernel[0, 0])

    difference = first_kernel(None) - first_kernel(keras.regularizers.L2(0.5))
    np.testing.assert_allclose(difference, 0.1 * 2 * 0.5 * 3.0, rtol=1e-5)


def test_small_networks_of_dense_layers_are_fused_and_convolutions_and_dropout_are_not():
    dense, conv = networks.mlp_encoder((8, 8, 1), (4,), 2), networks.convolutional_encoder((8, 8, 1), 2, (2,))
    dropout = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.1), keras.layers.Dense(2)])

    class Holder(GenerativeModel):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def players(self):
            return (Player("player", (self.network,), None),)

    for network, jit_compile, steps in ((dense, True, 32), (conv, False, 1), (dropout, False, 1)):
        model = Holder(network)
        model.compile("adam")
        assert (model.jit_compile, model.steps_per_execution) == (jit_compile, steps)
        model.compile("adam", jit_compile=not jit_compile, steps_per_execution=2)
        assert (model.jit_compile, model.steps_per_execution) == (not jit_compile, 2)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_leaves_xla_but_not_the_long_executions(policy):
    keras.config.set_dtype_policy(policy)
    model = presets.build("autoencoder", (8, 8, 1), latent_dim=2, width=0.01)
    assert (model.jit_compile, model.steps_per_execution) == (False, 32)
    x = np.random.default_rng(0).random((50, 8, 8, 1)).astype("float32")
    history = model.fit(x, batch_size=8, epochs=2, verbose=0).history  # 7 batches an epoch, the last one smaller
    assert np.isfinite(history["loss"]).all()
    assert int(model.optimizer.optimizers[0].iterations) == 14


@pytest.mark.compiled
def test_a_step_in_bfloat16_moves_biases_as_one_in_float32():
    """By a sum over all pixels of a batch, of which TensorFlow's kernel loses nearly all."""

    def bias_after_a_step(policy):
        keras.utils.set_random_seed(0)
        keras.config.set_dtype_policy(policy)
        enlarge = keras.layers.Conv2DTranspose(4, 2, strides=2, kernel_initializer="ones")
        parts = [keras.layers.Dense(256), keras.layers.Reshape((16, 16, 1)), enlarge, keras.layers.Conv2D(1, 1)]
        encoder = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
        model = models.Autoencoder(encoder, keras.Sequential([keras.Input((2,)), *parts]))
        model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
        model.fit(np.full((16, 32, 32, 1), 0.5, "float32"), batch_size=16, verbose=0)
        return enlarge.bias.numpy()

    expected = bias_after_a_step("float32")
    found = bias_after_a_step("mixed_bfloat16")
    np.testing.assert_allclose(found, expected, atol=0.05 * abs(expected).max())


def test_validation_split_takes_the_end_and_steps_per_epoch_the_beginning():
    model = Pull(updates=1)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    history = model.fit(X, batch_size=4, validation_split=0.25, shuffle=False, steps_per_epoch=1, verbose=0).history
    np.testing.assert_allclose(history["first_loss"], np.mean(X[:4] ** 2), rtol=1e-5)
    np.testing.assert_allclose(history["val_first_loss"], np.mean(X[9:] ** 2), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "`x` must be given.*Received: None"),
        ({"x": (X, np.arange(12), np.ones(12))}, "`sample_weight` needs a model with a loss of each example"),
        (
            {"x": X, "validation_data": (X, None, np.ones(12))},
            "`sample_weight` needs a model with a loss of each example",
        ),
        (
            {"x": tf.data.Dataset.from_tensors((X, np.arange(12), np.ones(12)))},
            "`sample_weight` needs a model with a loss of each example",
        ),
        ({"x": tf.data.Dataset.from_tensors(X[:2])}, "Expected: batch_size >= 3. Received: batch_size=2"),
        ({"x": data.Pipeline(X, batch_size=2)}, "Expected: batch_size >= 3. Received: batch_size=2"),
        (
            {"x": data.Pipeline(X), "steps_per_epoch": 1},
            "`steps_per_epoch` can be given for arrays only.* a Pipeline that was .* steps_per_epoch=1",
        ),
        ({"x": tf.data.Dataset.from_tensors(X).take(0)}, "at least one batch. Received: an empty dataset"),
        ({"x": X, "sample_weight": np.ones(12)}, "`sample_weight` needs a model with a loss of each example"),
        ({"x": X, "class_weight": {0: 1}}, "`class_weight` needs a model of labels"),
        ({"x": X[:0]}, "`x` must hold at least one example"),
        ({"x": np.full((4, 3), np.nan)}, "`x` must be finite"),
        (
            {"x": X, "batch_size": 2},
            "each of the 3 updates of a step.* Expected: batch_size >= 3. Received: batch_size=2",
        ),
        ({"x": X, "validation_split": 1.0}, "examples on both sides.*Received: 1.0 of 12"),
        ({"x": X, "validation_data": np.full((4, 3), np.inf)}, "`x` must be finite"),
        (
            {"x": X, "steps_per_epoch": 5},
            "more steps than batches. Expected: at most 1. Received: 5",
        ),
        (
            {"x": tf.data.Dataset.from_tensors(X), "steps_per_epoch": 0},
            "`steps_per_epoch` must be an integer >= 1.* steps_per_epoch=0",
        ),
        (
            {"x": tf.data.Dataset.from_tensors(X), "steps_per_epoch": -1},
            "`steps_per_epoch` must be an integer >= 1.* steps_per_epoch=-1",
        ),
        (
            {"x": X, "validation_data": X, "validation_steps": 0},
            "`validation_steps` must be an integer >= 1.* validation_steps=0",
        ),
        (
            {"x": data.Pipeline(X[:11], batch_size=12, drop_remainder=True)},
            "must fill a batch of the 3 updates of a step. Expected: examples >= 12. Received: examples=11",
        ),
    ],
)
def test_bad_input_is_refused_before_training(arguments, message):
    model = Pull(updates=3)
    model.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match=message):
        model.fit(verbose=0, **arguments)
    assert model.seen == []


def test_an_export_needs_the_shape_of_x(tmp_path):
    with pytest.raises(ValueError, match="`export` needs the shape of x. Expected: .* Received: neither"):
        Pull().export(tmp_path / "served")


def test_players_must_be_defined():
    with pytest.raises(NotImplementedError, match="GenerativeModel must define `players`"):
        GenerativeModel().players()


@pytest.mark.parametrize("losses", [0.5, {}])
def test_a_loss_is_a_dict(losses, monkeypatch):
    model = Pull()
    model.compile("sgd", run_eagerly=True)
    name = model.players()[0].loss.__name__
    monkeypatch.setattr(model, name, lambda batch, training: losses)
    with pytest.raises(ValueError, match="must return a dict, whose first value is minimised. .* of the player"):
        model.fit(X, verbose=0)


@pytest.mark.compiled
def test_steps_are_exact_for_every_kind_of_data():
    """As counted by the optimizers of an unfused and a fused model."""
    unfused, fused = Pull(updates=1), Pull(updates=1)
    unfused.compile("sgd", jit_compile=False)
    fused.compile("sgd", jit_compile=True)

    def counted(make_data, **options):
        before = [int(model.optimizer.iterations) for model in (unfused, fused)]
        for model in (unfused, fused):
            model.fit(make_data(), verbose=0, **options)
        counts = {int(m.optimizer.iterations) - start for m, start in zip((unfused, fused), before, strict=True)}
        (count,) = counts
        return count

    batches = tf.data.Dataset.from_tensor_slices(X).batch(3)
    assert counted(lambda: X, batch_size=3, epochs=2) == 8
    assert counted(lambda: X, batch_size=3, epochs=2, steps_per_epoch=3) == 6
    assert counted(lambda: batches.repeat(), steps_per_epoch=5, epochs=2) == 10
    assert counted(lambda: batches.concatenate(batches), epochs=2) == 16
    assert counted(lambda: ((X[:3],) for _ in range(10)), steps_per_epoch=5, epochs=2) == 10
    assert counted(lambda: zip(X.reshape(4, 3, 3), strict=True)) == 4
    assert counted(lambda: data.Pipeline(X, batch_size=5, steps=2), epochs=2) == 4
    assert counted(lambda: tf.data.Dataset.from_tensor_slices((X, np.arange(12))).batch(3)) == 4


def test_whether_to_compile_is_a_truth_value():
    with pytest.raises(ValueError, match="`jit_compile` must be a bool or 'auto'. Received: jit_compile='yes'"):
        Pull(updates=1).compile("sgd", jit_compile="yes")


def test_evaluation_steps_are_exact():
    batches = tf.data.Dataset.from_tensor_slices(X).batch(3)
    model = Pull(updates=1)
    model.compile("sgd")
    first = model.evaluate(batches, steps=1, verbose=0, return_dict=True)["first_loss"]
    np.testing.assert_allclose(first, np.mean(X[:3] ** 2), rtol=1e-5)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(X, validation_data=batches.repeat(), validation_steps=2, verbose=0).history
    np.testing.assert_allclose(history["val_first_loss"], np.mean(X[:6] ** 2), rtol=1e-5)


@pytest.mark.compiled
def test_evaluation_between_fits_does_not_compile_the_training_anew():
    model = Pull(updates=1)
    model.compile("sgd")
    model.fit(X, batch_size=3, verbose=0)
    compiled = model.train_function
    model.evaluate(X, verbose=0)
    model.fit(X, batch_size=3, verbose=0)
    assert model.train_function is compiled


def test_callbacks_that_evaluate_and_predict_leave_the_training_as_it_is():
    def trained(*methods):
        keras.utils.set_random_seed(1)
        model = presets.autoencoder((3,), 2, units=(4,))
        call = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: [getattr(model, m)(X) for m in methods])
        return model, model.fit(X, batch_size=3, epochs=3, callbacks=[call], verbose=0).history["loss"]

    (model, losses), (plain, plain_losses) = trained("predict", "evaluate", "test_on_batch"), trained()
    assert losses == plain_losses and len(losses) == 3
    for left, right in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.compiled
def test_predictions_are_compiled_once():
    model = presets.autoencoder((3,), 2, units=(4,))
    model.predict(X, verbose=0)
    compiled = model._compiled_functions.by_steps[1][2]
    model.predict(X, verbose=0)
    assert compiled is not None and model._compiled_functions.by_steps[1][2] is compiled


@pytest.mark.compiled
def test_callbacks_see_no_batch_beyond_the_last():
    class Last(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.batch = batch

    model, last = Pull(updates=1), Last()
    model.compile("sgd")
    model.fit(X, batch_size=3, callbacks=[last], verbose=0)
    assert last.batch == 3


def test_each_epoch_feeds_the_losses_an_order_of_its_own():
    model = Pull(updates=1)
    model.compile("sgd", run_eagerly=True)
    model.fit(X, batch_size=12, epochs=3, verbose=0)
    orders = {str(batch) for batch in model.seen}
    assert len(model.seen) == 6 and len(orders) == 3
    for batch in model.seen:
        np.testing.assert_array_equal(np.sort(batch, axis=0), np.sort(X, axis=0))


def test_a_last_batch_too_small_for_the_updates_is_dropped():
    model = Pull(updates=3)
    model.compile("sgd", run_eagerly=True)
    losses = model.fit(X[:11], batch_size=9, verbose=0).history["loss"]
    assert len(model.seen) == 4 and np.isfinite(losses).all()


def test_pairs_are_x_and_labels_in_every_form():
    labels = np.arange(12)
    for x, y in ((X, labels), ((X, labels), None), (data.Split(X, None), None), (X, labels[:, None])):
        model = Pull(updates=1)
        model.compile("sgd", run_eagerly=True)
        model.fit(x, y, validation_data=(X, labels), batch_size=12, shuffle=False, verbose=0)
        assert model.seen[0] == X.tolist()
        assert model.evaluate(x, y, verbose=0) == model.evaluate(X, verbose=0)


def test_explicit_validation_data_go_before_a_split():
    model = Pull(updates=1)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(X, validation_split=0.5, validation_data=X[:2], verbose=0).history
    np.testing.assert_allclose(history["val_first_loss"], np.mean(X[:2] ** 2), rtol=1e-5)
    np.testing.assert_allclose(history["first_loss"], np.mean(X**2), rtol=1e-5)


def test_a_pipeline_validates_arrays_that_have_a_batch_size():
    model = Pull(updates=1)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(X, batch_size=6, validation_data=data.Pipeline(X[:4], batch_size=2), verbose=0).history
    np.testing.assert_allclose(history["val_first_loss"], np.mean(X[:4] ** 2), rtol=1e-5)


def test_a_reused_list_of_callbacks_counts_epochs_once():
    model = Pull(updates=1)
    model.compile("sgd")
    callbacks = keras.callbacks.CallbackList([], add_history=True, model=model)
    for done in (1, 2):
        model.fit(X, callbacks=callbacks, verbose=0)
        assert model.epochs_completed == done


def test_a_name_that_no_loss_returns_is_refused():
    model = Pull(updates=1)
    model._means.append(keras.metrics.Mean(name="third_loss"))
    model.compile("sgd", jit_compile=False)
    with pytest.raises(
        ValueError,
        match=r"all `log_names`. Expected: \['first_loss', 'second_loss', 'third_loss'\]. Received: "
        r"\['first_loss', 'second_loss'\], without \['third_loss'\]",
    ):
        model.fit(X, verbose=0)


def test_losses_are_the_models_own_and_metrics_need_labels_or_reconstructions():
    for other in ("loss", "jit"):
        with pytest.raises(ValueError, match=rf"not take these arguments; .* its own losses.* Received: \['{other}'\]"):
            Pull().compile("adam", **{other: "mse"})
    with pytest.raises(
        ValueError, match="`metrics` are for models of labels or reconstructions. Expected: a class.*Received: Pull"
    ):
        Pull().compile("adam", metrics=["mse"])
    with pytest.raises(TypeError, match="positional"):
        Pull().compile("adam", "mse")


def test_no_metrics_are_an_empty_list_too():
    model = Pull(updates=1)
    model.compile("adam", metrics=[], weighted_metrics=[], jit_compile=False)
    assert model.fit(X, verbose=0).history.keys() == {"loss", "first_loss", "second_loss"}


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch"])
def test_arguments_have_the_places_that_keras_gives_them(method):
    own, keras_own = (
        [p.name for p in inspect.signature(getattr(cls, method)).parameters.values() if p.kind is not p.VAR_KEYWORD]
        for cls in (GenerativeModel, keras.Model)
    )
    assert own == keras_own[: len(own)]


class Played(GenerativeModel):
    """A model of given players."""

    def __init__(self, *given, **kwargs):
        self.given = given
        super().__init__(**kwargs)

    def players(self):
        return self.given


def test_players_have_different_names_one_shared_pass_and_updates():
    first, second = (keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in range(2))
    with pytest.raises(ValueError, match=r"`players` must have different names. Received: \['one', 'one'\]"):
        Played(Player("one", (first,), None), Player("one", (second,), None))
    shared = {"shared_forward": lambda batch, training: batch["x"]}
    with pytest.raises(ValueError, match=r"`shared_forward` must be given by one .* Received: \['one', 'two'\]"):
        Played(Player("one", (first,), None, **shared), Player("two", (second,), None, **shared))
    with pytest.raises(ValueError, match="`updates_per_step` must be an integer >= 1. Received: updates_per_step=0"):
        Player("one", (first,), None, updates_per_step=0)


@pytest.mark.parametrize(
    ("units", "steps", "eager", "xla"),
    [((8,), 10, True, False), ((8,), 500, False, False), ((1000,), 500, False, True), ((8,), 5000, False, True)],
)
def test_short_trainings_are_compiled_for_their_length_and_size(units, steps, eager, xla):
    model = presets.autoencoder((100,), 2, units=units)
    before = model.jit_compile, model.run_eagerly, model.get_compile_config()
    with compiled_for(model, steps):
        assert model.run_eagerly is eager and bool(model.jit_compile and not eager) is xla
    assert (model.jit_compile, model.run_eagerly, model.get_compile_config()) == before


def test_predictions_have_no_program_of_their_own_unless_the_user_wants_one(monkeypatch):
    seen, vae = [], presets.vae((8, 8, 1), width=0.02)
    monkeypatch.setattr(keras.Model, "make_predict_function", lambda self, force=False: seen.append(self.jit_compile))
    for jit_compile in ("auto", True):
        vae.compile(jit_compile=jit_compile)
        vae.make_predict_function()
        assert vae.jit_compile
    assert seen == [False, True]


def test_a_negative_number_of_epochs_is_refused():
    model = presets.build("vae", (8, 8, 1), width=0.02)
    with pytest.raises(ValueError, match="`epochs` must be an integer >= 0. Received: epochs=-1"):
        model.fit(np.zeros((8, 8, 8, 1), "float32"), epochs=-1)
