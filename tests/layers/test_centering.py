import keras
import numpy as np
import pytest

from keras_gen import layers, models, networks

X = np.random.default_rng(0).random((12, 3)).astype("float32") + [0, 5, -2]


def test_the_mean_of_the_training_batches_is_subtracted_and_added():
    centering = layers.SubtractMean()
    for batch in np.split(X, 3):
        centering(batch, training=True)
    np.testing.assert_allclose(centering(X), X - X.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(layers.AddMean(centering)(centering(X)), X, atol=1e-6)
    assert not centering.trainable_variables


def test_every_example_counts_alike():
    centering = layers.SubtractMean()
    for batch in (X[:9], X[9:]):
        centering(batch, training=True)
    np.testing.assert_allclose(centering.mean, X.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("dtype, error", [("mixed_float16", 2e-3), ("mixed_bfloat16", 2e-2)])
def test_half_precision_rounds_after_the_subtraction(dtype, error):
    """Numbers around 1000 are 0.5 or 4 apart in half precision."""
    x = 1000 + np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    centering, plain = layers.SubtractMean(dtype=dtype), layers.SubtractMean()
    for layer in (centering, plain):
        layer(x, training=True)
    assert centering(x).dtype == centering.compute_dtype
    np.testing.assert_allclose(keras.ops.cast(centering(x), "float32"), plain(x), atol=error)
    add = layers.AddMean(centering, dtype=dtype)
    np.testing.assert_allclose(add(centering(x)), x, atol=error)
    inputs = keras.Input((3,), dtype=centering.compute_dtype)
    assert add(inputs).dtype == "float32"


@pytest.mark.parametrize("frozen, training", [(False, False), (True, True)])
def test_inference_and_training_of_a_frozen_layer_change_nothing(frozen, training):
    centering = layers.SubtractMean()
    centering(X, training=True)
    before = [np.array(variable) for variable in centering.variables]
    centering.trainable = not frozen
    centering(2 * X, training=training)
    for variable, value in zip(centering.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize(
    "pair",
    [
        lambda: networks.mlp_autoencoder([(8, 8, 1), 16, 2], center=True),
        lambda: networks.convolutional_autoencoder((8, 8, 1), 2, (4,), center=True),
    ],
)
def test_an_autoencoder_of_one_batch_begins_at_its_mean(pair, digits):
    model = models.Autoencoder(*pair())
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(digits, batch_size=28, verbose=0)
    model.decoder.set_weights([np.zeros_like(weight) for weight in model.decoder.get_weights()])
    np.testing.assert_allclose(model.reconstruct(digits), np.broadcast_to(digits.mean(axis=0), digits.shape), atol=1e-6)


def test_a_file_holds_the_mean_once(tmp_path, digits):
    model = models.Autoencoder(*networks.mlp_autoencoder([(8, 8, 1), 16, 2], center=True))
    model.compile("adam")
    model.fit(digits, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.decoder.get_layer("decoder_center").source is loaded.encoder.get_layer("encoder_center")
    assert not loaded.decoder.get_layer("decoder_center").variables
    np.testing.assert_array_equal(loaded.reconstruct(digits), model.reconstruct(digits))


def test_another_source_is_refused():
    dense = keras.layers.Dense(2)
    dense.build((None, 3))
    with pytest.raises(ValueError, match="`source` must be a built SubtractMean layer. Received: Dense"):
        layers.AddMean(dense)
    with pytest.raises(ValueError, match="'lost' has no source yet"):
        layers.AddMean("elsewhere", name="lost")(X)
