import keras
import numpy as np
import pytest

from keras_gen import backend, networks


@pytest.mark.parametrize(("downsamplings", "patch"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch_of_the_stated_size(downsamplings, patch):
    """Where the input's gradient of one logit is not zero; instance normalisation, which sees all, is left out."""
    network = networks.patchgan_discriminator((160, 160, 1), 1, downsamplings)
    bare = without_normalisation(network)
    x = np.random.default_rng(0).uniform(-1, 1, (1, 160, 160, 1)).astype("float32")
    middle = network.output_shape[1] // 2
    gradient = keras.ops.convert_to_numpy(
        backend.input_gradient(lambda x: bare(x)[:, middle, middle], keras.ops.convert_to_tensor(x))
    )[0, :, :, 0]
    rows, columns = np.flatnonzero(np.abs(gradient).sum(axis=1)), np.flatnonzero(np.abs(gradient).sum(axis=0))
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == patch


def without_normalisation(network):
    kept = [layer for layer in network.layers[1:] if not isinstance(layer, keras.layers.GroupNormalization)]
    for layer in kept:
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(np.full(layer.kernel.shape, 0.1))
    return keras.Sequential([network.inputs[0], *kept])


@pytest.mark.parametrize(("side", "map_side"), [(256, 30), (128, 14), (70, 6), (24, 1)])
def test_the_map_of_logits(side, map_side):
    assert networks.patchgan_discriminator((side, side, 3), 1).output_shape == (None, map_side, map_side, 1)


def test_the_number_of_weights():
    """C64-C128-C256-C512 and the logit; the first and last convolutions have biases, the others a scale and shift."""
    expected = 16 * 3 * 64 + 64 + 16 * (64 * 128 + 128 * 256 + 256 * 512) + 2 * (128 + 256 + 512) + 16 * 512 + 1
    assert networks.patchgan_discriminator((256, 256, 3)).count_params() == expected
    assert networks.patchgan_discriminator((256, 256, 3), 2, downsamplings=5).layers[-2].output.shape[-1] == 16


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.patchgan_discriminator((20, 256, 3)), "sides of at least 24 with downsamplings=3"),
        (lambda: networks.patchgan_discriminator((256, 256, 3), downsamplings=0), "`downsamplings` must be an integer"),
        (lambda: networks.patchgan_discriminator((256, 256)), r"must be \(height, width, channels\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
