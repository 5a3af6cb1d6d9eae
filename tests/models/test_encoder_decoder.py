import keras
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from keras_gen import layers, losses, models, networks

RNG = np.random.default_rng(0)
STEPS, FEATURES = 6, 3


def padded(lengths):
    """Sequences with zeros behind their ends."""
    x = RNG.normal(size=(len(lengths), STEPS, FEATURES)).astype("float32")
    for row, length in zip(x, lengths, strict=True):
        row[length:] = 0
    return x


def sequence_autoencoder(bottleneck):
    """Networks of padded sequences, whose mask reaches the output, or ends at a code of one vector."""
    x = keras.Input((STEPS, FEATURES))
    code = keras.layers.LSTM(4, return_sequences=not bottleneck)(keras.layers.Masking()(x))
    encoder = keras.Model(x, code)
    z = hidden = keras.Input(code.shape[1:])
    if bottleneck:
        hidden = keras.layers.RepeatVector(STEPS)(hidden)
    decoder = keras.Model(z, keras.layers.Dense(FEATURES)(keras.layers.LSTM(4, return_sequences=True)(hidden)))
    return models.Autoencoder(encoder, decoder)


@pytest.mark.parametrize("bottleneck", [False, True])
def test_masked_steps_add_nothing_in_fit_and_evaluate(bottleneck):
    keras.utils.set_random_seed(0)
    model, lengths = sequence_autoencoder(bottleneck), [6, 4, 1]
    x = padded(lengths)
    outputs = model.predict(x, verbose=0)
    inside = np.arange(STEPS) < np.array(lengths)[:, None]
    expected = np.square(x - outputs)[inside].sum() / len(x)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    assert model.evaluate(x, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-4)
    assert model.fit(x, verbose=0).history["loss"][0] == pytest.approx(expected, rel=1e-4)


def test_networks_of_images_of_any_size_train_on_each():
    def network(channels, outputs, name):
        layer = keras.layers.Conv2D(outputs, 3, padding="same")
        return keras.Sequential([keras.Input((None, None, channels)), layer], name=name)

    model = models.Autoencoder(network(3, 4, "encoder"), network(4, 3, "decoder"), reconstruction="bernoulli")
    model.compile("adam", jit_compile=False)
    for sides in ((8, 8), (6, 10)):
        x = RNG.random((4, *sides, 3)).astype("float32")
        history = model.fit(x, validation_data=x, epochs=2, verbose=0).history
        assert np.isfinite(history["val_loss"]).all() and model.reconstruct(x).shape == x.shape
        outputs = model.decoder(model.encoder(x))
        expected = float(np.mean(losses.bernoulli_nll(x, outputs)))
        assert model.evaluate(x, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-4)


def test_sequences_of_any_length_train():
    encoder = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(4)], name="encoder")
    decoder = keras.Sequential([keras.Input((None, 4)), keras.layers.Dense(2)], name="decoder")
    model = models.Autoencoder(encoder, decoder)
    model.compile("adam", jit_compile=False)
    for length in (3, 5):
        assert np.isfinite(model.fit(RNG.normal(size=(8, length, 2)), verbose=0).history["loss"]).all()


def test_a_contraction_of_free_axes_is_refused_with_the_reason():
    encoder = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(4), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((None, 4)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"needs a fixed number of code units.*codes \(None, 4\)"):
        models.Autoencoder(encoder, decoder, contraction=0.1)


def small(**options):
    return models.Autoencoder(*networks.mlp_autoencoder([(4,), 3], "tanh"), **options)


def test_metrics_compare_targets_with_reconstructions():
    x, clean = RNG.random((16, 4)).astype("float32"), np.zeros((16, 4), "float32")
    model = small()
    model.compile(keras.optimizers.SGD(0.0), metrics=["mae"])
    found = model.evaluate(x, clean, verbose=0, return_dict=True)
    assert found["mae"] == pytest.approx(np.abs(model.reconstruct(x)).mean(), rel=1e-5)
    assert "val_mae" in model.fit(x, clean, validation_data=(x, clean), verbose=0).history


def test_metrics_come_back_with_the_file(tmp_path):
    model = small(corruption=layers.MaskingNoise(0.1))
    model.compile("adam", metrics=["mae"], weighted_metrics=[keras.metrics.MeanSquaredError(name="weighted")])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert {"mae", "weighted"} <= set(again.evaluate(RNG.random((8, 4)), verbose=0, return_dict=True))


@pytest.mark.parametrize("kind", ["fresh", "trained", "loaded"])
def test_an_exported_model_serves_what_the_model_gives(kind, tmp_path):
    model, x = small(), RNG.random((5, 4)).astype("float32")
    if kind != "fresh":
        model.compile("adam", jit_compile=False)
        model.fit(x, verbose=0)
    if kind == "loaded":
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras")
    model.export(str(tmp_path / "served"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "served"))
    np.testing.assert_allclose(served.serve(x), model(x), rtol=1e-6)


@pytest.mark.compiled
def test_a_model_in_use_is_exported(tmp_path):
    """It keeps what it has compiled for several numbers of steps."""
    model, x = small(), RNG.random((320, 4)).astype("float32")
    model.compile("adam", jit_compile=True)
    model.fit(x, batch_size=10, verbose=0)
    model.predict(x, verbose=0)
    assert len(model._compiled_functions.by_steps) > 0
    model.export(str(tmp_path / "served"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "served"))
    np.testing.assert_allclose(served.serve(x[:5]), model(x[:5]), rtol=1e-6)


def test_an_onnx_file_gives_what_the_model_gives(tmp_path):
    pytest.importorskip("tf2onnx", reason="Keras writes ONNX with it")
    runtime = pytest.importorskip("onnxruntime")
    model, x, path = small(), RNG.random((5, 4)).astype("float32"), str(tmp_path / "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path)
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(found, model(x), rtol=1e-5)


def test_a_gaussian_vae_takes_what_its_decoder_can_reach():
    encoder = networks.mlp_encoder((4,), (), 2)
    for activation, wanted in ((None, None), ("tanh", (-1, 1)), ("sigmoid", (0, 1))):
        decoder = networks.mlp_decoder(2, (), (4,), output_activation=activation)
        assert models.VAE(keras.models.clone_model(encoder), decoder, "gaussian").value_range == wanted
    assert models.VAE(encoder, networks.mlp_decoder(2, (), (4,))).value_range == (0, 1)


def test_sparse_matrices_are_the_arrays_that_they_stand_for():
    x = np.where(RNG.random((1500, 4)) < 0.3, RNG.random((1500, 4)), 0).astype("float32")  # more than one batch
    rows = scipy.sparse.csr_matrix(x)
    vae = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    logits = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for method in (small().encode, small().reconstruct, vae.posterior, models.Classifier(logits).classify):
        for sparse, dense in zip(method(rows), method(x), strict=True):
            np.testing.assert_array_equal(sparse, dense)


def test_networks_that_do_not_fit_are_shown_by_all_their_inputs():
    encoder, decoder = networks.mlp_autoencoder([4, 3])
    two = [keras.Input((3,)), keras.Input((3,))]
    decoder = keras.Model(two, decoder(two[0] + two[1]))
    with pytest.raises(ValueError, match=r"inputs of shapes \[\(3,\)\]. Received: \[\(3,\), \(3,\)\]"):
        models.Autoencoder(encoder, decoder)
    two = [keras.Input((4,)), keras.Input((4,))]
    with pytest.raises(ValueError, match=r"one input to one code. Received: inputs .* \[\(4,\), \(4,\)\], outputs"):
        models.Autoencoder(keras.Model(two, encoder(two[0] + two[1])), networks.mlp_decoder(3, (), (4,)))
