import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, networks
from keras_gen.layers import Warp2D
from keras_gen.losses import end_point_error

RNG = np.random.default_rng(0)


def pair(side=16, n=2):
    return [RNG.uniform(-1, 1, (n, side, side, 3)).astype("float32") for _ in range(2)]


def small(side=16, **options):
    return networks.flownet_simple((side, side, 3), **{"filters": 2, "downsamplings": 3, **options})


def test_the_number_of_weights_is_that_of_the_published_layers():
    """(input, output) channels of the convolutions, of the transposed ones, and the five predictions."""
    contracting = [(7, 6, 64), (5, 64, 128), (5, 128, 256), (3, 256, 256), (3, 256, 512), (3, 512, 512)]
    contracting += [(3, 512, 512), (3, 512, 512), (3, 512, 1024), (3, 1024, 1024)]
    expanding = [(4, 1024, 512), (4, 1026, 256), (4, 770, 128), (4, 386, 64)]
    predictions = [(3, channels, 2) for channels in (1024, 1026, 770, 386, 194)]
    convolutions = contracting + expanding + predictions
    expected = sum(side * side * before * after + after for side, before, after in convolutions)
    expected += 4 * 4 * 4 * 2 * 2  # the enlargements of the flow, without a bias
    assert networks.flownet_simple((64, 64, 3)).count_params() == expected


@pytest.mark.parametrize("downsamplings", [3, 4, 5, 6])
def test_the_flow_has_the_size_of_the_images_and_is_predicted_at_a_quarter(downsamplings):
    network = networks.flownet_simple((64, 128, 1), filters=1, downsamplings=downsamplings)
    assert network.output_shape == (None, 64, 128, 2)
    assert network.layers[-1].input.shape == (None, 16, 32, 2)
    smallest = min((layer.output.shape[1:3] for layer in network.layers), key=np.prod)
    assert smallest == (64 >> downsamplings, 128 >> downsamplings)


@pytest.mark.parametrize("stages", [1, 2])
def test_every_weight_has_a_gradient_and_both_images_matter(stages):
    network, images = small(stages=stages), pair()
    true = np.ones((2, 16, 16, 2), "float32")
    _, gradients = backend.value_and_grad(
        lambda: (ops.mean(end_point_error(true, network(images))), None), network.trainable_variables
    )
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)
    assert np.abs(network(images) - network(images[::-1])).max() > 1e-3


def test_a_further_stage_corrects_the_flow_of_the_stages_before():
    """With zeros in the last predictions of the second stage, it is that of the first: their sum."""
    network, images = small(stages=2), pair()
    first = small()
    count = len(first.weights)
    assert len(network.weights) == 2 * count
    first.set_weights(network.get_weights()[:count])
    added = network(images) - first(images)
    assert np.abs(added).max() > 1e-3
    for weight in network.weights[count:]:
        weight.assign(np.zeros(weight.shape))
    np.testing.assert_array_equal(network(images), first(images))


def test_a_further_stage_sees_the_second_image_warped_by_the_flow_so_far():
    network, (first, second) = small(stages=2), pair()
    (seen,) = (layer.output for layer in network.layers if layer.output.shape[-1] == 3 + 3 + 3 + 2)
    seen, flow = keras.Model(network.inputs, [seen, network.layers[-1].input[0]])([first, second])
    warped = np.asarray(Warp2D()([second, flow]))
    np.testing.assert_allclose(seen, np.concatenate([first, warped, first - warped, flow], axis=-1), atol=1e-6)


@pytest.mark.compiled
def test_it_learns_the_direction_of_a_motion():
    """Images that move by 2 pixels to the left or to the right: the error falls to a third of that of no motion."""
    keras.utils.set_random_seed(0)
    wide = np.random.default_rng(0).standard_normal((32, 16, 20, 1)).astype("float32")
    x = np.where(np.arange(32) % 2, 2, -2)
    first = wide[:, :, 2:18]
    second = np.stack([image[:, 2 - step : 18 - step] for image, step in zip(wide, x, strict=True)])
    flow = np.zeros((32, 16, 16, 2), "float32")
    flow[..., 0] = x[:, None, None]
    network = networks.flownet_simple((16, 16, 1), filters=4, downsamplings=3)
    network.compile(keras.optimizers.Adam(3e-3), loss=end_point_error, jit_compile=False)
    for _ in range(60):
        loss = network.train_on_batch([first, second], flow)
    assert loss < 2 / 3


def test_weights_fit_larger_images(tmp_path):
    network = small(stages=2)
    network.compile("adam", loss=end_point_error)
    network.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    images = pair()
    np.testing.assert_array_equal(again(images), network(images))
    assert again.loss is end_point_error
    larger = small(32, stages=2)
    larger.set_weights(network.get_weights())
    assert larger(pair(32)).shape == (2, 32, 32, 2)


def test_half_precision_keeps_flows_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = small()
    single = [layer for layer in network.layers if layer.compute_dtype == "float32" and layer.weights]
    assert [layer.output.shape[-1] for layer in single] == [2, 2, 2]  # two predictions and an enlargement
    assert network(pair()).dtype == "float32" and np.isfinite(network(pair())).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: networks.flownet_simple((60, 64, 3), downsamplings=5),
            r"sides divisible by 32, with downsamplings=5. Expected: such as \(64, 64\). Received: \(60, 64\)",
        ),
        (lambda: networks.flownet_simple((64, 64)), r"`input_shape` must be \(height, width, channels\)"),
        (lambda: networks.flownet_simple((None, 64, 3)), "`input_shape` must be fixed"),
        (lambda: small(stages=0), "`stages` must be an integer >= 1. Received: stages=0"),
        (lambda: small(filters=0), "`filters` must be an integer >= 1. Received: filters=0"),
        (lambda: small(downsamplings=2), "`downsamplings` must be an integer from 3 to 6. Received: downsamplings=2"),
        (lambda: small(downsamplings=7), "`downsamplings` must be an integer from 3 to 6. Received: downsamplings=7"),
        (
            lambda: small()([pair(16)[0], pair(24)[1]]),
            r"'second' of layer 'flownet' .* expected shape=\(None, 16, 16, 3\), found shape=\(2, 24, 24, 3\)",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
