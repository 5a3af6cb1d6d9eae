import keras
import numpy as np
import pytest

from keras_gen import networks
from keras_gen.training.resizing import at_size, size_multiple

SMALL = {"filters": 4, "blocks": 1}


@pytest.mark.parametrize("skip", [False, True])
def test_values_at_the_size_it_was_built_for_are_the_same(skip):
    network = networks.resnet_generator((16, 12, 3), skip=skip, **SMALL)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 16, 12, 3)).astype("float32")
    for shape in ((16, 12, 3), (None, None, 3)):
        np.testing.assert_array_equal(at_size(network, shape)(x), network(x))


def test_weights_at_another_size_are_a_copy():
    network = networks.resnet_generator((16, 16, 1), **SMALL)
    resized = at_size(network, (24, 8, 1))
    assert resized(np.zeros((1, 24, 8, 1))).shape == (1, 24, 8, 1) and resized.name == network.name
    for old, new in zip(network.weights, resized.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    resized.weights[0].assign(resized.weights[0] + 1)
    assert (np.array(resized.weights[0]) != np.array(network.weights[0])).any()


def test_a_translation_is_as_local_as_the_network():
    """Far from the edges, an image with more around it gives the same values, if nothing is normalised by the whole."""
    inputs = keras.Input((16, 16, 1))
    network = keras.Model(inputs, keras.layers.Conv2D(2, 3, padding="same")(inputs))
    large = np.random.default_rng(0).normal(size=(1, 24, 24, 1)).astype("float32")
    inner = network(large[:, 4:20, 4:20])[:, 1:-1, 1:-1]
    np.testing.assert_allclose(at_size(network, (None, None, 1))(large)[:, 5:19, 5:19], inner, rtol=1e-5, atol=1e-6)


def test_nested_networks_are_resized_too():
    inputs = keras.Input((8, 8, 1))
    network = keras.Model(inputs, networks.resnet_generator((8, 8, 1), **SMALL)(inputs))
    assert at_size(network, (16, 12, 1)).output_shape == (None, 16, 12, 1)


@pytest.mark.parametrize("shape", [(16, 16, 1), (None, None, 1)])
def test_layers_of_one_size_are_refused_by_name(shape):
    with pytest.raises(ValueError, match=r"`critic` cannot take images of another size. Expected: .*`logit` \(Dense\)"):
        at_size(networks.dcgan_discriminator((8, 8, 1), 4, name="critic"), shape)
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Reshape((64,), name="flat")(inputs)
    network = keras.Model(inputs, keras.layers.Reshape((8, 8, 1), name="folded")(flat))
    nested = keras.Model(inputs, network(inputs))
    for one in (network, nested):
        with pytest.raises(ValueError, match=r"Received: `(flat|folded)` \(Reshape\), which does not work at \("):
            at_size(one, (16, 16, 1))


def test_no_random_state_is_moved():
    network = networks.resnet_generator((8, 8, 1), **SMALL)
    keras.utils.set_random_seed(5)
    expected = keras.random.SeedGenerator().next().numpy().tolist()
    keras.utils.set_random_seed(5)
    at_size(network, (16, 16, 1))
    assert keras.random.SeedGenerator().next().numpy().tolist() == expected


@pytest.mark.parametrize("halvings", [0, 1, 2])
def test_sides_must_be_multiples_of_what_the_network_divides_them_by(halvings):
    network = networks.resnet_generator((16, 16, 1), downsamplings=halvings, **SMALL)
    assert size_multiple(at_size(network, (None, None, 1))) == 2**halvings


def test_a_network_may_enlarge_but_not_reduce():
    inputs = keras.Input((None, None, 1))
    assert size_multiple(keras.Model(inputs, keras.layers.UpSampling2D(2)(inputs))) == 1
    with pytest.raises(ValueError, match="preserve image sizes. Expected: .* multiples of a number up to 64. Received"):
        size_multiple(keras.Model(inputs, keras.layers.MaxPooling2D(2)(inputs)))
