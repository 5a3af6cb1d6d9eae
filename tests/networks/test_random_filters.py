import numpy as np
import pytest

from keras_gen import networks

X = np.random.default_rng(0).random((2, 9, 7, 3)).astype("float32")


def test_maps_are_rectified_correlations_with_the_centred_image():
    network = networks.random_filter_bank(filters=2, kernel_sizes=(3,))
    (kernel,) = network.get_layer("filters_3").get_weights()
    patch = X[0, 2:5, 1:4] - 0.5
    expected = np.maximum(np.tensordot(patch, kernel, 3), 0)
    np.testing.assert_allclose(np.asarray(network(X))[0, 3, 2], expected, rtol=1e-4, atol=1e-6)


def test_the_published_bank():
    """Eight sizes of 128 filters, without biases; Glorot's uniform distribution; each unit sees 55 pixels at most."""
    network = networks.random_filter_bank()
    assert network.output_shape == (None, None, None, 1024) and not network.trainable_variables
    assert network.count_params() == 3 * 128 * sum(size**2 for size in (3, 5, 7, 11, 15, 23, 37, 55))
    kernel = network.get_layer("filters_11").get_weights()[0]
    limit = np.sqrt(6 / (11**2 * (3 + 128)))
    assert 0.98 * limit < abs(kernel).max() <= limit
    assert networks.receptive_field(network)[-1].size == (55, 55)


def test_equal_seeds_give_equal_weights_and_sizes_differ():
    first, again, other = (
        networks.random_filter_bank((8, 8, 1), 2, (3, 5), seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not any((a == b).any() for a, b in zip(first, other, strict=True))
    assert not np.allclose(first[0], first[1][1:4, 1:4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_sizes": (3, 4)}, r"`kernel_sizes` must be odd integers, each once.* Received: kernel_sizes=\(3, 4\)"),
        ({"kernel_sizes": ()}, "`kernel_sizes` must be odd integers"),
        ({"kernel_sizes": (3, 3)}, "`kernel_sizes` must be odd integers"),
        ({"filters": 0}, "`filters` must be an integer >= 1"),
        ({"input_shape": (8, 8)}, r"`input_shape` must be \(height, width, channels\)"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        networks.random_filter_bank(**options)
