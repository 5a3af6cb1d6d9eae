import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import layers, networks
from keras_gen.training.introspection import output_range

RNG = np.random.default_rng(0)
SHAPE, FILTERS = (16, 24, 3), (6, 5, 4)  # stages of 4x6, 8x12 and 16x24
LATENTS = RNG.normal(size=(3, 7)).astype("float32")


def generator(stage, **options):
    return networks.progressive_generator(7, SHAPE, stage, FILTERS, **options)


def discriminator(stage, **options):
    return networks.progressive_discriminator(SHAPE, stage, FILTERS, **options)


def taught(network, old, alpha):
    """A network with the weights of an old one, by the names of its layers, and its fades at alpha."""
    for layer in network.layers:
        if layer.weights and layer.name in {one.name for one in old.layers}:
            layer.set_weights(old.get_layer(layer.name).get_weights())
        if isinstance(layer, layers.FadeIn):
            layer.alpha.assign(alpha)
    return network


def enlarged(images):
    return np.asarray(images).repeat(2, axis=1).repeat(2, axis=2)


def with_biases(network):
    """Biases begin at zero, where a wrong one would not show."""
    for layer in network.layers:
        if getattr(layer, "bias", None) is not None:
            layer.bias.assign(RNG.normal(size=layer.bias.shape))
    return network


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        ((32, 32, 3), [(4, 4), (8, 8), (16, 16), (32, 32)]),
        ((28, 28, 1), [(7, 7), (14, 14), (28, 28)]),
        ((24, 48, 1), [(6, 12), (12, 24), (24, 48)]),
        ((5, 4, 1), [(5, 4)]),
        ((1024, 1024, 3), [(4 << stage, 4 << stage) for stage in range(9)]),
    ],
)
def test_sides_are_halved_as_long_as_they_stay_integers_of_four_or_more(shape, sides):
    assert networks.progressive_shapes(shape) == [(*pair, shape[2]) for pair in sides]


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_each_stage_has_its_sides_and_the_same_smallest_map(stage):
    height, width = 4 << stage, 6 << stage
    assert generator(stage).output_shape == discriminator(stage).input_shape == (None, height, width, 3)
    assert discriminator(stage).output_shape == (None, 1)
    assert output_range(generator(stage)) == (-1, 1)


@pytest.mark.parametrize("stage", [1, 2])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_at_alpha_0_the_grown_generator_is_the_old_one_enlarged_to_the_bit(stage, policy):
    keras.config.set_dtype_policy(policy)
    old = taught(with_biases(generator(stage - 1)), with_biases(generator(0)), 1.0)
    grown = taught(with_biases(generator(stage)), old, 0.0)
    images, large = (ops.convert_to_numpy(ops.cast(one(LATENTS), "float32")) for one in (old, grown))
    np.testing.assert_array_equal(large, enlarged(images))
    assert np.ptp(images) > 0.1


@pytest.mark.parametrize("stage", [1, 2])
def test_at_alpha_0_the_grown_discriminator_judges_the_averaged_image_as_the_old_one_to_the_bit(stage):
    old = with_biases(discriminator(stage - 1))
    grown = taught(with_biases(discriminator(stage)), old, 0.0)
    x = RNG.uniform(-1, 1, (5, *grown.input_shape[1:])).astype("float32")
    values = np.asarray(grown(x))
    np.testing.assert_array_equal(values, old(ops.average_pool(x, 2, 2)))
    averages = x.reshape(5, x.shape[1] // 2, 2, x.shape[2] // 2, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(values, old(averages), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [generator, discriminator])
def test_at_alpha_1_the_old_branch_does_nothing_and_at_0_the_new_one(build):
    network = build(2)
    x = LATENTS if build is generator else RNG.uniform(-1, 1, (5, *SHAPE)).astype("float32")
    image = "to_image" if build is generator else "from_image"
    for alpha, idle, busy in ((1, f"stage_1_{image}", f"stage_2_{image}"), (0, f"stage_2_{image}", f"stage_1_{image}")):
        network.get_layer("stage_2_fade").alpha.assign(alpha)
        before = np.asarray(network(x))
        for name, changes in ((idle, False), (busy, True)):
            layer = network.get_layer(name)
            layer.kernel.assign(layer.kernel + 1.0)
            assert np.array_equal(before, network(x)) != changes, (alpha, name)


@pytest.mark.parametrize("build", [generator, discriminator])
def test_all_but_the_joints_of_the_stage_before_is_kept_by_name_and_shape(build):
    for stage in (1, 2):
        old, new = ({layer.name: layer for layer in build(number).layers} for number in (stage - 1, stage))
        lost = {name for name in old if old[name].weights and name not in new}
        joint = "to_image" if build is generator else "from_image"
        assert lost == ({f"stage_{stage - 2}_{joint}", f"stage_{stage - 1}_fade"} if stage > 1 else set())
        for name in old.keys() & new.keys():
            assert [w.shape for w in old[name].weights] == [w.shape for w in new[name].weights]


def size(*channels, kernel=3):
    """Weights and biases of convolutions from each number of channels to the next."""
    return sum(kernel**2 * before * after + after for before, after in itertools.pairwise(channels))


def test_weights_are_as_many_as_the_published_table_says():
    """Table 2: 23.1 million in each network for 1024x1024, of these layers and no branch of the stage before."""
    shape, filters = (1024, 1024, 3), (512, 512, 512, 512, 256, 128, 64, 32, 16)
    generator = 512 * 16 * 512 + 16 * 512 + size(512, 512) + size(16, 3, kernel=1)
    generator += sum(size(before, after, after) for before, after in itertools.pairwise(filters))
    critic = size(3, 16, kernel=1) + size(513, 512) + 16 * 512 * 512 + 512 + 512 + 1
    critic += sum(size(after, after, before) for before, after in itertools.pairwise(filters))
    assert round(generator / 1e6, 1) == round(critic / 1e6, 1) == 23.1
    for network, expected, joint in (
        (networks.progressive_generator(512, shape, 8), generator, "stage_7_to_image"),
        (networks.progressive_discriminator(shape, 8), critic, "stage_7_from_image"),
    ):
        old = network.get_layer(joint).count_params() + network.get_layer("stage_8_fade").count_params()
        assert network.count_params() - old == expected


def test_latents_are_points_of_a_sphere():
    """Their length does not matter, their direction does."""
    network = with_biases(generator(0))
    np.testing.assert_allclose(network(LATENTS), network(3 * LATENTS), atol=1e-5)
    assert np.abs(network(LATENTS) - network(-LATENTS)).max() > 0.01


def test_the_discriminator_sees_whether_examples_differ():
    critic = discriminator(1)
    various = RNG.uniform(-1, 1, (6, 8, 12, 3)).astype("float32")
    alike = np.repeat(various[:1], 6, axis=0)
    assert abs(float(critic(various)[0, 0]) - float(critic(alike)[0, 0])) > 1e-3


def test_conditions_change_what_the_networks_compute():
    options = {"num_classes": 3, "condition_dim": 2}
    vectors, labels = np.zeros((3, 2), "float32"), np.array([0, 1, 2])
    for network, x in (
        (generator(1, **options), np.repeat(LATENTS[:1], 3, axis=0)),
        (discriminator(1, **options), np.ones((3, 8, 12, 3), "float32")),
    ):
        first = np.asarray(network([x, labels, vectors]))
        assert np.abs(first[0] - first[1]).max() > 1e-6
        assert np.abs(first - network([x, labels, vectors + 1])).max() > 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: generator(3),
            r"`stage` must not grow the images beyond the data's size. Expected: 0 to 2 \(4x6, 8x12, 16x24\). "
            "Received: stage=3",
        ),
        (lambda: discriminator(3), "beyond the data's size"),
        (lambda: generator(-1), "`stage` must be an integer >= 0. Received: stage=-1"),
        (lambda: discriminator(1.0), "`stage` must be an integer >= 0"),
        (
            lambda: networks.progressive_generator(7, SHAPE, 0, (6, 5)),
            r"`filters` must give the channels of every stage of output_shape=\(16, 24, 3\). Expected: at least 3 "
            r"integers. Received: \[6, 5\]",
        ),
        (lambda: networks.progressive_discriminator((2048, 2048, 3), 0), "Expected: at least 10 integers"),
        (lambda: networks.progressive_generator(0, SHAPE, 0), "`latent_dim` must be an integer >= 1"),
        (lambda: networks.progressive_shapes((3, 8, 1)), "too small to be grown. Expected: sides of 4 or more"),
        (lambda: networks.progressive_shapes((8, 8)), r"`shape` must be \(height, width, channels\)"),
        (lambda: networks.progressive_discriminator((8, 8), 0), r"`input_shape` must be \(height, width, channels\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
