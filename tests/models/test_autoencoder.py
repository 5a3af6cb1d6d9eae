import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, data, layers, load_model, losses, models, networks, presets

SHAPE = (8, 8, 1)


def autoencoder(units=(SHAPE, 12, 3), activation="sigmoid", code_activation="sigmoid", tied=True, **options):
    pair = networks.mlp_autoencoder(units, activation, code_activation, tied=tied)
    return models.Autoencoder(*pair, **options)


def batch(x):
    x = ops.convert_to_tensor(x)
    return {"x": x, "target": x}


def tensor(shape=(16, *SHAPE)):
    return ops.convert_to_tensor(np.random.default_rng(0).random(shape).astype("float32"))


def test_the_loss_is_the_sum_of_its_parts():
    model = autoencoder(
        reconstruction="bernoulli",
        sparsity=layers.KLSparsity(0.1, 2.0),
        contraction=0.3,
        corruption=layers.MaskingNoise(0.5),
    )
    x = tensor()
    values = {name: float(value) for name, value in model.objective(batch(x), training=False).items()}
    assert list(values) == ["objective", "reconstruction", "sparsity", "contraction"]
    code = model.encoder(x)
    expected = {
        "reconstruction": np.mean(losses.bernoulli_nll(x, model.decoder(code))),
        "sparsity": 2.0 * np.sum(losses.sparsity_kl(0.1, ops.mean(code, axis=0))),
        "contraction": 0.3 * np.mean(losses.jacobian_penalty(model.encoder, x)),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-5)
    np.testing.assert_allclose(values["objective"], sum(expected.values()), rtol=1e-5)
    assert float(model.objective(batch(x), training=True)["reconstruction"]) != values["reconstruction"]


@pytest.mark.parametrize("tied", [True, False])
def test_the_gradient_of_the_loss_is_the_finite_difference(tied):
    model = autoencoder(sparsity=layers.L1Sparsity(0.5), contraction=0.5, tied=tied)
    x, kernel = tensor(), model.encoder.get_layer("encoder_2").kernel

    def loss():
        return model.objective(batch(x), training=False)["objective"]

    _, (gradient,) = backend.value_and_grad(lambda: (loss(), None), [kernel])
    start, direction = kernel.numpy(), np.random.default_rng(1).standard_normal(kernel.shape).astype("float32")
    ends = []
    for sign in (1, -1):
        kernel.assign(start + sign * 1e-2 * direction)
        ends.append(float(loss()))
    np.testing.assert_allclose(np.sum(gradient * direction), (ends[0] - ends[1]) / 2e-2, rtol=2e-2)


def test_tied_kernels_are_one_variable_also_after_a_load_and_training(tmp_path, digits):
    model = autoencoder()
    model.compile("adam")
    model.fit(digits, verbose=0)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    again.fit(digits, verbose=0)
    for number in (1, 2):
        source = again.encoder.get_layer(f"encoder_{number}")
        assert again.decoder.get_layer(f"decoder_{number}").source is source
    untied = 64 * 12 + 12 + 12 * 3 + 3 + 12 + 64  # each kernel once
    assert sum(v.numpy().size for v in again.trainable_variables) == untied
    assert not np.array_equal(again.encoder.get_weights()[0], model.encoder.get_weights()[0])


@pytest.mark.compiled
def test_training_lowers_the_error_on_real_digits():
    train, test = data.load("digits")
    for options in ({}, {"corruption": layers.SaltAndPepperNoise(0.1)}, {"contraction": 1e-3}):
        model = autoencoder((SHAPE, 40, 10), "relu", None, tied=False, **options)
        model.compile(keras.optimizers.Adam(3e-3), jit_compile=False, steps_per_execution=45)
        before = model.evaluate(test.x, verbose=0, return_dict=True)["reconstruction"]
        model.fit(train.x, epochs=5, verbose=0)
        assert model.evaluate(test.x, verbose=0, return_dict=True)["reconstruction"] < before / 2


def test_a_contraction_shrinks_the_jacobian(digits):
    norms = []
    for contraction in (0.0, 10.0):
        keras.utils.set_random_seed(0)
        model = autoencoder((SHAPE, 10), contraction=contraction)
        model.compile(keras.optimizers.Adam(1e-2))
        model.fit(digits, epochs=20, verbose=0)
        norms.append(np.mean(losses.jacobian_penalty(model.encoder, digits)))
    assert norms[1] < norms[0] / 2


@pytest.mark.compiled
def test_sparsity_makes_units_as_active_as_wanted(digits):
    model = autoencoder((SHAPE, 10), sparsity=layers.KLSparsity(0.1, 1000.0))
    model.compile(keras.optimizers.Adam(3e-2), jit_compile=False, steps_per_execution=20)
    model.fit(np.tile(digits, (20, 1, 1, 1)), batch_size=28, epochs=10, verbose=0)
    np.testing.assert_allclose(model.encode(digits).mean(axis=0), 0.1, atol=0.03)


def test_methods_take_and_give_numpy(digits):
    model = autoencoder(reconstruction="bernoulli")
    code = model.encode(digits)
    assert code.dtype == np.float32 and code.shape == (28, 3)
    np.testing.assert_allclose(model.reconstruct(digits), model.predict(digits, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.decode(code), ops.sigmoid(model.decoder(code)), rtol=1e-5)


def test_a_classifier_starts_from_the_encoder_and_leaves_it_alone(digits):
    model = autoencoder((SHAPE, 12, 5))
    classifier = model.to_classifier(10)
    inner = keras.Model(classifier.network.inputs, classifier.network.layers[-1].input)
    np.testing.assert_allclose(inner(digits), model.encode(digits), rtol=1e-5)
    before = [weights.copy() for weights in model.get_weights()]
    classifier.compile("adam", jit_compile=False)
    classifier.fit(digits, np.arange(28) % 10, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_classifier_keeps_the_range_and_may_follow_any_names():
    encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="logits")])
    model = models.Autoencoder(encoder, networks.mlp_decoder(3, (), (4,)), "bernoulli")
    assert model.to_classifier(2).value_range == (0, 1)


def test_metrics_leave_the_training_as_it_is():
    """A metric draws no noise and updates no statistics of its own."""
    losses_, x = [], tensor((16, 4)).numpy()
    for metrics in (None, ["mse"]):
        keras.utils.set_random_seed(0)
        parts = [keras.layers.Dense(6), keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
        encoder = keras.Sequential([keras.Input((4,)), *parts, keras.layers.Dense(2)])
        model = models.Autoencoder(encoder, networks.mlp_decoder(2, (), (4,)))
        model.compile("adam", metrics=metrics)
        losses_.append(model.fit(x, batch_size=8, epochs=3, verbose=0).history["loss"])
    assert losses_[0] == losses_[1]


def test_metrics_of_missing_entries_are_refused():
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Dense(2)(layers.MissingIndicator()(inputs)))
    model = models.IncompleteAutoencoder(encoder, networks.mlp_decoder(2, (), (4,)))
    with pytest.raises(ValueError, match="`metrics` cannot skip missing entries.*Received: metrics of Incomplete"):
        model.compile("adam", metrics=["mse"])


def test_missing_entries_neither_count_nor_teach():
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Dense(2)(layers.MissingIndicator()(inputs)))
    model = models.IncompleteAutoencoder(encoder, networks.mlp_decoder(2, (), (4,)))
    x = np.random.default_rng(0).random((6, 4)).astype("float32")
    x[:, 1] = np.nan
    found = model.reconstruct(x)
    expected = np.nansum(np.square(x - found), axis=1).mean()
    np.testing.assert_allclose(float(model.objective(batch(x), training=False)["reconstruction"]), expected, rtol=1e-5)
    kernel = model.decoder.layers[1].kernel
    _, (gradient,) = backend.value_and_grad(
        lambda: (model.objective(batch(x), training=False)["objective"], None), [kernel]
    )
    assert np.isfinite(gradient).all() and (np.asarray(gradient)[:, 1] == 0).all()
    model.compile("adam")
    assert np.isfinite(model.fit(x, epochs=2, validation_data=x, verbose=0).history["val_loss"]).all()


ENCODER, DECODER = networks.mlp_autoencoder([SHAPE, 300, 260])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"decoder": networks.mlp_decoder(3, (), SHAPE)},
            r"Expected: inputs of shapes \[\(260,\)\]. Received: \[\(3,\)\]",
        ),
        ({"encoder": networks.mlp_encoder(SHAPE, (), 260)}, "must map one input to one code"),
        ({"reconstruction": "mse"}, "Unknown reconstruction. Expected: one of"),
        ({"corruption": 0.3}, "`corruption` must be a Keras layer"),
        ({"sparsity": 0.1}, "`sparsity` must be a penalty"),
        ({"sparsity": layers.KLSparsity()}, r"needs codes in \(0, 1\).*Received: 'linear'"),
        ({"contraction": -1}, "`contraction` must be a finite number >= 0"),
        ({"contraction": 0.1}, "at most 256 code units. Received: an encoder of several layers with 260"),
        (
            {"decoder": networks.mlp_autoencoder([SHAPE, 260], tied=True)[1]},
            "has its source in another encoder",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.Autoencoder(**{"encoder": ENCODER, "decoder": DECODER, **arguments})


class Falsy(layers.L1Sparsity):
    def __len__(self):
        return 0


def test_a_penalty_is_logged_whatever_its_truth(digits):
    model = autoencoder(sparsity=Falsy(0.5))
    model.compile("adam", jit_compile=False)
    expected = float(model.sparsity(model.encode(digits)))
    found = model.evaluate(digits, batch_size=28, verbose=0, return_dict=True)["sparsity"]
    assert found == pytest.approx(expected, rel=1e-5)


def test_bad_numbers_of_classes():
    with pytest.raises(ValueError, match="`num_classes` must be an integer >= 2"):
        autoencoder().to_classifier(1)


def test_the_contraction_is_at_the_clean_input_and_without_dropout():
    encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, "tanh"), keras.layers.Dropout(0.9)])
    encoder.add(keras.layers.Dense(2, "tanh"))
    model = models.Autoencoder(
        encoder, networks.mlp_decoder(2, (), (4,)), corruption=layers.MaskingNoise(0.9), contraction=0.5
    )
    x = tensor((16, 4))
    expected = 0.5 * np.mean(losses.jacobian_penalty(encoder, x))
    np.testing.assert_allclose(float(model.objective(batch(x), training=True)["contraction"]), expected, rtol=1e-5)


def test_an_incomplete_one_learns_from_what_is_observed_alone():
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Dense(2)(layers.MissingIndicator()(inputs)))
    model = models.IncompleteAutoencoder(encoder, networks.mlp_decoder(2, (), (4,)))
    x = tensor((6, 4)).numpy()
    x[:, 1] = np.nan
    outputs = model.reconstruct(x)
    error = np.square(x - outputs)[:, [0, 2, 3]].sum(axis=1).mean()
    np.testing.assert_allclose(float(model.objective(batch(x), training=False)["reconstruction"]), error, rtol=1e-5)
    bias = model.decoder.layers[1].bias
    _, (gradient,) = backend.value_and_grad(
        lambda: (model.objective(batch(x), training=False)["objective"], None), [bias]
    )
    assert float(gradient[1]) == 0 and (np.abs(gradient.numpy()[[0, 2, 3]]) > 0).all()
    assert np.isfinite(model.reconstruct(np.full((2, 4), np.nan))).all()


VARIANTS = {
    "linear": lambda: autoencoder((SHAPE, 3), None, None, tied=False),
    "bernoulli": lambda: autoencoder(reconstruction="bernoulli"),
    "sparse by L1": lambda: autoencoder(sparsity=layers.L1Sparsity(0.3)),
    "sparse by KL": lambda: autoencoder(sparsity=layers.KLSparsity(0.2, 2.0)),
    "contractive, closed form": lambda: autoencoder((SHAPE, 6), contraction=0.5),
    "contractive, deep": lambda: autoencoder(contraction=0.5, tied=False),
    "convolutional": lambda: models.Autoencoder(
        *networks.convolutional_autoencoder(SHAPE, 3, (4,), activation="tanh", tied=True)
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_gradient_of_every_variant_is_the_finite_difference(name):
    model, x = VARIANTS[name](), tensor((4, *SHAPE))
    variables = model.trainable_variables
    _, gradients = backend.value_and_grad(
        lambda: (model.objective(batch(x), training=False)["objective"], None), variables
    )
    rng = np.random.default_rng(1)
    for variable, gradient in zip(variables, gradients, strict=True):
        start, direction = variable.numpy(), rng.standard_normal(variable.shape).astype("float32")
        direction /= np.linalg.norm(direction)
        ends = []
        for sign in (1, -1):
            variable.assign(start + sign * 3e-2 * direction)
            ends.append(float(model.objective(batch(x), training=False)["objective"]))
        variable.assign(start)
        slope = float(np.sum(np.asarray(gradient) * direction))
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 6e-2, rtol=2e-2, atol=2e-2, err_msg=variable.path)


@pytest.mark.compiled
@pytest.mark.parametrize("kind", ["kl", "l1", "k"])
def test_weights_of_pixels_that_are_always_dark_fade_in_the_sparse_preset(kind):
    x = np.zeros((64, 6), "float32")
    x[:, :3] = np.random.default_rng(0).random((64, 3))
    model = presets.sparse((6,), 4, sparsity_kind=kind, k=2, weight_decay=10.0, reconstruction="squared_error")
    dark = model.encoder.get_layer("encoder_1").kernel.numpy()[3:]
    model.fit(x, batch_size=16, epochs=40, verbose=0)
    assert np.abs(model.encoder.get_layer("encoder_1").kernel.numpy()[3:]).max() < 0.5 * np.abs(dark).max()
