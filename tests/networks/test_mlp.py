import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import layers, networks


def test_parameters_follow_the_formula():
    encoder = networks.mlp_encoder((28, 28, 1), (400, 20), 3)
    decoder = networks.mlp_decoder(3, (20, 400), (28, 28, 1))
    assert encoder.count_params() == 785 * 400 + 401 * 20 + 2 * 21 * 3
    assert decoder.count_params() == 4 * 20 + 21 * 400 + 401 * 784


def test_without_hidden_layers_it_is_linear():
    assert networks.mlp_encoder((4,), (), 2).count_params() == 2 * (4 * 2 + 2)


def test_heads_and_activations():
    decoder = networks.mlp_decoder(2, (5,), (3,), output_activation="tanh", heads=2)
    assert [output.shape for output in decoder.outputs] == [(None, 3), (None, 3)]
    activations = [layer.activation.__name__ for layer in decoder.layers if hasattr(layer, "activation")]
    assert activations == ["relu", "tanh", "linear"]


def test_an_encoder_with_one_head_gives_the_code_alone():
    encoder = networks.mlp_encoder((3,), (5,), 2, heads=1)
    assert encoder.output_shape == (None, 2) and encoder.count_params() == 4 * 5 + 6 * 2


def test_many_values_are_made_smaller_and_their_weights_larger():
    """A hidden unit begins in the same range, and a step of equal size for all weights moves it equally far."""
    keras.utils.set_random_seed(0)
    for build in (
        lambda shape: networks.mlp_encoder(shape, (64,), 2, activation="linear"),
        lambda shape: networks.mlp_classifier(shape, (64,), 3, activation="linear"),
    ):
        deviations = []
        for side in (64, 128):
            network, x = build((side, side, 1)), np.ones((1, side, side, 1))
            dense = next(layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
            hidden = keras.Model(network.inputs, dense.output)
            before = hidden(x)
            deviations.append(float(ops.std(before)))
            dense.kernel.assign(dense.kernel + 1e-3)
            np.testing.assert_allclose(hidden(x) - before, np.full((1, 64), 4.096), rtol=1e-3)
        assert deviations[1] == pytest.approx(deviations[0], rel=0.3)


@pytest.mark.parametrize("of", ["mlp_generator", "mlp_encoder"])
def test_hidden_units_are_normalised_before_their_activations(of):
    arguments = (2, (50,), (3,)) if of == "mlp_generator" else ((2,), (50,), 3)
    options = {} if of == "mlp_generator" else {"heads": 1}
    network = getattr(networks, of)(*arguments, normalization="batch", **options)
    x = 5 + 3 * np.random.default_rng(0).standard_normal((64, 2)).astype("float32")
    hidden = keras.Model(network.input, network.layers[-3 if of == "mlp_generator" else -2].output)
    units = ops.convert_to_numpy(hidden(x, training=True))  # max(u, 0) of normalised units u
    assert (units > 0).mean() == pytest.approx(0.5, abs=0.1)
    assert (units**2).mean() == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ValueError, match="Expected: None or one of .*batch.* Received: 'layer'"):
        getattr(networks, of)(*arguments, normalization="layer")


def test_a_discriminators_dropout_acts_in_training_alone():
    discriminator = networks.mlp_discriminator((2,), (400, 300), dropout=0.5)
    x = np.ones((1, 2), "float32")
    hidden = keras.Model(discriminator.input, discriminator.get_layer("logit").input)
    np.testing.assert_array_equal(hidden(x), hidden(x))
    dropped = ops.convert_to_numpy(hidden(x, training=True)) == 0
    assert dropped.mean() == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ValueError, match=r"`dropout` must be a number in \[0, 1\)"):
        networks.mlp_discriminator((2,), (4,), dropout=1.0)


@pytest.mark.parametrize("arguments", [{"units": (0,)}, {"latent_dim": 0}, {"units": (2.5,)}])
def test_bad_widths(arguments):
    with pytest.raises(ValueError, match="must be an integer >= 1. Received: "):
        networks.mlp_encoder(**{"input_shape": (4,), "units": (3,), "latent_dim": 2, **arguments})


def test_a_single_width_is_refused():
    with pytest.raises(
        ValueError, match=r"`units` must be a sequence of widths. Expected: such as \(400, 20\). Received: "
    ):
        networks.mlp_encoder((4,), 32, 2)


def test_a_symmetric_autoencoder_follows_the_formula_and_shares_its_kernels():
    sizes = [784, 1000, 400, 20]
    kernels = sum(a * b for a, b in itertools.pairwise(sizes))
    for tied, again in ((True, 0), (False, kernels)):
        encoder, decoder = networks.mlp_autoencoder(sizes, tied=tied)
        assert encoder.count_params() == kernels + 1000 + 400 + 20
        assert decoder.count_params() == again + 400 + 1000 + 784
    assert (encoder.output_shape, decoder.output_shape) == ((None, 20), (None, 784))


def test_a_tied_symmetric_autoencoder_transposes():
    encoder, decoder = networks.mlp_autoencoder([(2, 3, 1), 4], tied=True)
    kernel = encoder.get_layer("encoder_1").get_weights()[0]
    z = np.random.default_rng(0).random((5, 4)).astype("float32")
    np.testing.assert_allclose(np.reshape(decoder(z), (5, 6)), z @ kernel.T, rtol=1e-5, atol=1e-6)


def test_a_symmetric_autoencoders_activations():
    encoder, decoder = networks.mlp_autoencoder([6, 5, 4, 3], "tanh", "sigmoid", "relu", code_layer=layers.KSparse(2))
    names = [layer.activation.__name__ for net in (encoder, decoder) for layer in net.layers if "coder_" in layer.name]
    assert names == ["tanh", "tanh", "sigmoid", "tanh", "tanh", "relu"]
    assert int((np.asarray(encoder(np.ones((1, 6)))) != 0).sum()) == 2


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([], "`units` must name the input's width and at least the code's"),
        ([784], "`units` must name"),
        (784, "`units` must name the input's width .* Received: units=784"),
        ([784, 20, 400], r"`units` must not grow .* Received: \[784, 20, 400\]"),
        ([784, 0], "`units` must be an integer >= 1"),
        ([(0, 4), 3], "`units` must be an integer >= 1"),
    ],
)
def test_symmetric_autoencoders_that_cannot_be(units, message):
    with pytest.raises(ValueError, match=message):
        networks.mlp_autoencoder(units)


def test_members_of_an_ensemble_are_autoencoders_of_their_own():
    encoder, decoder = networks.mlp_ensemble([6, 5, 2], 3, "tanh")
    x = np.random.default_rng(0).standard_normal((4, 3, 6)).astype("float32")
    z = np.array(encoder(x))
    y = np.array(decoder(z))
    for member in range(3):
        for ensemble, alone, given, result in zip(
            (encoder, decoder), networks.mlp_autoencoder([6, 5, 2], "tanh"), (x, z), (z, y), strict=True
        ):
            alone.set_weights([weight[member] for weight in ensemble.get_weights()])
            np.testing.assert_allclose(alone(given[:, member]), result[:, member], rtol=1e-4, atol=1e-5)


def test_members_of_an_ensemble_start_as_one_autoencoder_does():
    (kernel, *_), _ = (network.get_weights() for network in networks.mlp_ensemble([300, 200], 2))
    assert kernel.shape == (2, 300, 200)
    np.testing.assert_allclose(kernel.std(axis=(1, 2)), np.sqrt(2 / 500), rtol=0.02)  # Glorot and Bengio, 2010


def test_bad_ensembles():
    with pytest.raises(ValueError, match="`members` must be an integer >= 1. Received: members=0"):
        networks.mlp_ensemble([6, 2], 0)
    with pytest.raises(ValueError, match=r"`units` must not grow .* Received: \[6, 2, 5\]"):
        networks.mlp_ensemble([6, 2, 5], 2)


@pytest.mark.parametrize("tied", [False, True])
def test_a_shortcut_is_a_linear_autoencoder_in_parallel_with_the_hidden_layers(tied):
    widths = [(4, 4, 2), 8, 3]
    encoder, decoder = networks.mlp_autoencoder(widths, tied=tied, shortcut=True, output_activation="sigmoid")
    plain = networks.mlp_autoencoder(widths, tied=tied)
    assert encoder.count_params() == plain[0].count_params() + 32 * 3
    assert decoder.count_params() == plain[1].count_params() + (0 if tied else 3 * 32)
    x = np.random.default_rng(0).normal(size=(5, 4, 4, 2)).astype("float32")
    down = encoder.get_layer("encoder_shortcut").kernel.numpy()
    up = down.T if tied else decoder.get_layer("decoder_shortcut").kernel.numpy()
    for variable in encoder.weights + decoder.weights:
        if "shortcut" not in variable.path:
            variable.assign(0 * variable)
    code = x.reshape(5, -1) @ down
    np.testing.assert_allclose(encoder(x), code, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(decoder(code), 1 / (1 + np.exp(-code @ up)).reshape(x.shape), rtol=1e-4, atol=1e-5)


def test_a_shortcut_without_hidden_layers_is_refused():
    with pytest.raises(
        ValueError, match=r"`shortcut` needs a hidden layer to bypass. Expected: at least one. Received: units=\[4, 2\]"
    ):
        networks.mlp_autoencoder([4, 2], shortcut=True)


def test_a_shortcut_is_added_before_the_codes_activation():
    encoder, _ = networks.mlp_autoencoder([4, 3, 2], code_activation="sigmoid", shortcut=True)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    encoder.get_layer("encoder_2").kernel.assign(np.zeros((3, 2)))
    logits = x @ encoder.get_layer("encoder_shortcut").kernel.numpy()
    np.testing.assert_allclose(encoder(x), 1 / (1 + np.exp(-logits)), rtol=1e-5)


@pytest.mark.parametrize(
    "builder, sizes",
    [(networks.mlp_autoencoder, ([4, 2],)), (networks.convolutional_autoencoder, ((8, 8, 1), 2, (4,)))],
)
def test_a_mean_is_not_added_to_bounded_outputs(builder, sizes):
    with pytest.raises(
        ValueError, match="`center` adds the mean to the outputs, .* Received: output_activation='sigmoid'"
    ):
        builder(*sizes, center=True, output_activation="sigmoid")
