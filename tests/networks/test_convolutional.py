import numpy as np
import pytest

from keras_gen import networks


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (32, 32, 3), (30, 21, 2), (5, 7, 1)])
def test_any_size_and_channels(shape):
    encoder, decoder = (
        networks.convolutional_encoder(shape, 2, (4, 6)),
        networks.convolutional_decoder(2, shape, (6, 4)),
    )
    assert [output.shape for output in encoder.outputs] == [(None, 2), (None, 2)]
    assert decoder.output_shape == (None, *shape)
    z_mean = encoder(np.zeros((3, *shape), "float32"))[0]
    assert decoder(z_mean).shape == (3, *shape)


def test_parameters_follow_the_formula():
    encoder = networks.convolutional_encoder((28, 28, 1), 2, units=(16,))
    decoder = networks.convolutional_decoder(2, (28, 28, 1))
    assert encoder.count_params() == (9 * 1 + 1) * 32 + (9 * 32 + 1) * 64 + (7 * 7 * 64 + 1) * 16 + 2 * 17 * 2
    assert decoder.count_params() == 3 * 3136 + (9 * 64 + 1) * 64 + (9 * 64 + 1) * 32 + (9 * 32 + 1)


def test_two_heads():
    decoder = networks.convolutional_decoder(2, (8, 8, 1), (4,), heads=2, output_activation="sigmoid")
    assert [output.shape for output in decoder.outputs] == [(None, 8, 8, 1)] * 2


def test_bad_shapes():
    with pytest.raises(ValueError, match=r"must be \(height, width, channels\). Received: input_shape=\(28, 28\)"):
        networks.convolutional_encoder((28, 28), 2)
    with pytest.raises(ValueError, match="`filters` must name at least one convolution"):
        networks.convolutional_decoder(2, (8, 8, 1), ())


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("shape", "kernel_size"), [((28, 28, 1), 3), ((9, 7, 3), 3), ((8, 10, 1), 4), ((5, 5, 2), 5)])
def test_an_autoencoder_of_any_size(shape, kernel_size, tied):
    encoder, decoder = networks.convolutional_autoencoder(shape, 3, (4, 6), kernel_size, tied=tied)
    assert decoder(encoder(np.zeros((2, *shape), "float32"))).shape == (2, *shape)
    code = (shape[0] + 3) // 4 * ((shape[1] + 3) // 4) * 6
    kernels = kernel_size**2 * (shape[2] * 4 + 4 * 6) + 3 * code
    assert encoder.count_params() == kernels + 4 + 6 + 3
    assert decoder.count_params() == (0 if tied else kernels) + code + 4 + shape[2]


@pytest.mark.parametrize(
    ("shape", "kernel_size"), [((6, 6, 1), 3), ((7, 5, 2), 3), ((8, 6, 1), 4), ((9, 9, 1), 5), ((7, 7, 1), 1)]
)
def test_a_tied_one_is_the_adjoint_of_its_encoder(shape, kernel_size):
    encoder, decoder = networks.convolutional_autoencoder(shape, 3, (4,), kernel_size, activation=None, tied=True)
    rng = np.random.default_rng(0)
    x, z = rng.random((1, *shape)).astype("float32"), rng.random((1, 3)).astype("float32")
    # Biases begin at zero, so that both are linear: <encoder(x), z> = <x, decoder(z)>
    np.testing.assert_allclose(np.sum(encoder(x) * z), np.sum(x * decoder(z)), rtol=1e-4)


def test_an_autoencoder_needs_convolutions():
    with pytest.raises(ValueError, match="`filters` must name at least one convolution"):
        networks.convolutional_autoencoder((8, 8, 1), 3, ())
