from fractions import Fraction

import keras
import numpy as np
import pytest
from keras import layers

from keras_gen import backend, networks
from keras_gen import layers as own

POSITIVE = {"use_bias": False, "kernel_initializer": "ones"}
SEPARABLE = {"use_bias": False, "depthwise_initializer": "ones", "pointwise_initializer": "ones"}


def built(steps, *input_shapes):
    """A functional model of a function from its inputs to its outputs."""
    inputs = [keras.Input(shape) for shape in input_shapes]
    return keras.Model(inputs, steps(*inputs))


def last(steps, *input_shapes):
    return networks.receptive_field(built(steps, *input_shapes))[-1]


def scalars(field):
    """Size, stride and padding, where rows and columns have the same."""
    assert all(rows == columns for rows, columns in (field.size, field.stride, field.padding))
    return field.size[0], field.stride[0], field.padding[0]


def measured(network, places):
    """Which pixels change each of some units of a network: their gradient is not 0. `(units, height, width)`."""
    x = keras.ops.ones((len(places), *network.input_shape[1:]))

    def units(x):
        y = network(x)
        return keras.ops.stack([keras.ops.sum(y[number][place]) for number, place in enumerate(places)])

    return keras.ops.convert_to_numpy(backend.input_gradient(units, x)).any(axis=-1)


def assert_measured(network, places, filled=True):
    """The calculated box is the smallest that contains the measured pixels and, where it has no gaps, equals them."""
    field = networks.receptive_field(network)[-1]
    for place, seen in zip(places, measured(network, places), strict=True):
        (top, bottom), (left, right) = field.pixels(*place)
        assert 0 <= top <= bottom < seen.shape[0] and 0 <= left <= right < seen.shape[1], "away from the edges"
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        assert (rows[0], rows[-1], columns[0], columns[-1]) == (top, bottom, left, right)
        assert bottom - top < field.size[0] and right - left < field.size[1]
        assert not filled or seen[top : bottom + 1, left : right + 1].all()


# Published values


def alexnet():
    """The convolutional layers, as the table counts them: no padding in front but of the second to fifth."""
    network = [keras.Input((224, 224, 3)), layers.Conv2D(1, 11, 4), layers.MaxPooling2D(3, 2)]
    network += [layers.Conv2D(1, 5, padding="same"), layers.MaxPooling2D(3, 2)]
    network += [layers.Conv2D(1, 3, padding="same") for _ in range(3)]
    return keras.Sequential([*network, layers.MaxPooling2D(3, 2)])


def published(name, side=224):
    return getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(side, side, 3))


@pytest.mark.parametrize(
    ("make", "size", "stride", "padding"),
    [
        (alexnet, 195, 32, 64),
        (lambda: published("VGG16"), 212, 32, 90),
        (lambda: published("MobileNet"), 315, 32, 126),
        (lambda: published("InceptionV3", 299), 1311, 32, 618),
        # Published: padding 239. Keras pads the pooling by 1 on both sides, at a stride of 2; there, "same" puts the
        # one pixel that is missing behind
        (lambda: published("ResNet50"), 483, 32, 239 + 2),
    ],
    ids=["AlexNet", "VGG-16", "MobileNet", "InceptionV3", "ResNet-50"],
)
def test_published_values(make, size, stride, padding):
    """Araujo, Norris and Sim, 2019, Computing receptive fields of convolutional neural networks, table of models."""
    with keras.StatelessScope():  # no weights are drawn
        field = networks.receptive_field(make())[-1]
    assert scalars(field) == (size, stride, padding)
    assert field.center == ((size - 1) / 2 - padding,) * 2


@pytest.mark.parametrize(("downsamplings", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_patches_of_a_patchgan(downsamplings, patch):
    """Isola et al., 2017, arXiv:1611.07004, section 6.1.2: 16, 70; the others by the same layers."""
    network = networks.patchgan_discriminator((256, 256, 3), 1, downsamplings)
    assert scalars(networks.receptive_field(network)[-1])[:2] == (patch, 2**downsamplings)


# The gradient


def branch(rng, hidden, padding="same", strides=1):
    """One layer of positive weights, drawn at random, and whether it leaves gaps between the pixels it sees."""
    size = [int(side) for side in rng.integers(2, 5, 2)]
    kind = rng.integers(4 if strides == 1 else 3)
    if kind == 0:
        return layers.AveragePooling2D(size, strides, padding)(hidden), False
    if kind == 1:
        return layers.DepthwiseConv2D(size, strides, padding, use_bias=False, depthwise_initializer="ones")(
            hidden
        ), False
    if kind == 2:
        return layers.SeparableConv2D(2, size, strides, padding, **SEPARABLE)(hidden), False
    dilation = [int(rate) for rate in rng.integers(1, 4, 2)]
    return layers.Conv2D(2, size, 1, padding, dilation_rate=dilation, **POSITIVE)(hidden), max(dilation) > 1


def random_network(rng):
    """A network with two branches and a skip, both of stride 1 or of stride 2, and upsampling in every other one."""
    inputs = keras.Input((*(int(side) for side in rng.integers(60, 71, 2)), 1))
    hidden, gaps = branch(rng, inputs, rng.choice(["same", "valid"]))
    strides = int(rng.integers(1, 3))
    ends = [branch(rng, hidden, strides=strides) for _ in range(2)]
    ends.append((layers.MaxPooling2D(1, strides)(hidden), False))
    hidden = layers.Concatenate()([end for end, _ in ends])
    gaps = gaps or any(gap for _, gap in ends)
    hidden = layers.ZeroPadding2D(((1, 2), (0, 3)))(layers.ReLU()(hidden))
    after, gap = branch(rng, hidden)
    side = layers.Conv2D(after.shape[-1], 1, **POSITIVE)(hidden)
    hidden = layers.Cropping2D(((2, 0), (1, 1)))(layers.Add()([side, after]))
    hidden = layers.Conv2D(2, 3, strides=2, **POSITIVE)(hidden)
    if rng.integers(2):
        hidden = layers.UpSampling2D((2, 3), interpolation=str(rng.choice(["nearest", "bilinear"])))(hidden)
        hidden = layers.Conv2DTranspose(1, (3, 4), 2, padding=str(rng.choice(["same", "valid"])), **POSITIVE)(hidden)
        hidden = layers.Conv2D(1, 2, **POSITIVE)(hidden)
    return keras.Model(inputs, hidden), gaps or gap


@pytest.mark.compiled
def test_the_fields_of_random_networks_are_what_changes_their_units():
    strides, kinds = set(), set()
    for seed in range(14):
        network, gaps = random_network(np.random.default_rng(seed))
        row, column = (side // 2 for side in network.output_shape[1:3])
        assert_measured(network, [(row, column), (row - 1, column + 1), (row + 1, column + 2)], filled=not gaps)
        strides.add(networks.receptive_field(network)[-1].stride)
        kinds |= {getattr(layer, "interpolation", type(layer).__name__) for layer in network.layers}
    assert strides == {(2, 2), (4, 4), (Fraction(1, 2), Fraction(1, 3)), (1, Fraction(2, 3))}
    assert kinds >= {"SeparableConv2D", "DepthwiseConv2D", "AveragePooling2D", "Conv2DTranspose", "nearest", "bilinear"}


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_same_padding_and_transposes_of_every_size(padding):
    """Every unit of one layer, for kernels, strides and sides of every parity, also smaller than the stride."""
    for size, strides, side in ((1, 2, 9), (2, 2, 9), (3, 2, 10), (3, 2, 9), (4, 3, 11), (5, 3, 12), (2, 3, 12)):
        for kind, stride in ((layers.Conv2D, strides), (layers.Conv2DTranspose, Fraction(1, strides))):
            network = built(kind(1, (size, 1), (strides, 1), padding, **POSITIVE), (side, 1, 1))
            (field,) = networks.receptive_field(network)
            units = range(network.output_shape[1])
            for unit, seen in zip(units, measured(network, [(unit,) for unit in units]), strict=True):
                (first, last), _ = field.pixels(unit, 0)
                assert list(np.flatnonzero(seen)) == [pixel for pixel in range(side) if first <= pixel <= last]
            assert field.stride[0] == stride


def test_the_skips_of_a_u_net():
    """Units see boxes of different sizes, which repeat after 6 units."""

    def steps(x):
        hidden = layers.Conv2D(1, 3, padding="same", **POSITIVE)(x)
        halves, thirds = (layers.AveragePooling2D(factor)(hidden) for factor in (2, 3))
        halves = layers.Conv2D(1, 3, padding="same", **POSITIVE)(halves)
        ends = [layers.UpSampling2D(2)(halves), layers.UpSampling2D(3, interpolation="bilinear")(thirds)]
        return layers.Concatenate()([hidden, *ends])

    network = built(steps, (36, 36, 1))
    assert_measured(network, [(unit, unit + 1) for unit in range(14, 21)], filled=False)
    field = networks.receptive_field(network)[-1]
    assert field.stride == (1, 1)
    boxes = [field.pixels(unit, 0)[0] for unit in range(12)]
    assert [(first + 6, last + 6) for first, last in boxes[:6]] == boxes[6:]
    assert field.size[0] == max(last - first + 1 for first, last in boxes)


def test_output_padding_reflection_and_other_layers():
    padded = layers.Conv2DTranspose(1, 3, 2, "same", output_padding=1, **POSITIVE)
    convolution = layers.Conv2D(1, 5, strides=2, padding="same", kernel_initializer="ones")
    convolution.build((None, 8, 8, 1))
    tied = own.TiedConv2DTranspose(convolution, 1, strides=2, use_bias=False)
    filtered = own.FixedFilter2D([[1, 1, 1, 1], [2, 1, 1, 1]], padding="same")
    spectral = layers.SpectralNormalization(layers.Conv2D(1, 3, **POSITIVE))
    polyphase = own.PolyphaseConv2DTranspose(1, 5, 3, "same", **POSITIVE)
    for layer in (padded, tied, filtered, spectral, polyphase, own.SubPixelConv2D(1, 3, 2, **POSITIVE)):
        network = built(layer, (9, 9, 1))
        assert_measured(network, [(4, 4), (5, 5)])
    dilated = layers.Conv2DTranspose(1, (3, 4), padding="same", dilation_rate=(2, 3), **POSITIVE)
    assert_measured(built(dilated, (20, 20, 1)), [(9, 9), (10, 10)], filled=False)
    field = last(lambda x: layers.Conv2D(1, 7)(own.ReflectionPadding2D(3)(x)), (9, 9, 1))
    assert scalars(field) == (7, 1, 3)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_unpooling(padding):
    """The place of a maximum depends on all of its window; its gradient does not show that."""

    def steps(x):
        values, switches = own.MaxPoolWithSwitches2D(3, padding=padding)(x)
        values = layers.Conv2D(1, 3, padding="same", name="of_values")(values)
        return own.MaxUnpool2D(3)([values, switches]), layers.Rescaling(2.0, name="of_places")(switches)

    fields = {field.name: field for field in networks.receptive_field(built(steps, (10, 10, 1)))}
    first = -1 if padding == "same" else 0  # "same" adds two rows, one of them in front
    assert fields["of_values"].size == (9, 9) and fields["of_values"].stride == (3, 3)
    assert fields["of_places"].stride == fields["max_unpool2d"].stride == (1, 1)
    for unit in range(9):
        start = (unit - first) // 3 * 3 + first
        assert fields["of_places"].pixels(unit, 0)[0] == (start, start + 2)
        assert fields["max_unpool2d"].pixels(unit, 0)[0] == (start - 3, start + 5)


def test_switches_of_a_deconvolution_network_add_no_pixel():
    """The window that a place depends on is part of what its value sees."""
    pair = [networks.deconvnet((32, 30, 1), 2, (2, 2), 1, switches) for switches in (True, False)]
    with_switches, without = (networks.receptive_field(network)[-1] for network in pair)
    assert with_switches == without and with_switches.stride == (1, 1)
    for unit in range(12, 16):
        assert with_switches.pixels(unit, unit) == without.pixels(unit, unit)


# Structure


def test_every_call_has_a_record_through_nested_and_shared_layers():
    shared = layers.Conv2D(2, 3, name="shared")
    inner = keras.Sequential([keras.Input((None, None, 2)), layers.Conv2D(2, 3, name="a"), layers.ReLU()], name="inner")
    network = built(lambda x: inner(inner(shared(shared(x)))), (20, 20, 2))
    fields = networks.receptive_field(network)
    assert [field.name for field in fields[:4]] == ["shared", "shared", "inner/a", f"inner/{inner.layers[1].name}"]
    assert [field.size[0] for field in fields] == [3, 5, 7, 7, 9, 9]
    with pytest.raises(AttributeError):
        fields[0].size = (1, 1)


def test_rows_and_columns_differ():
    field = last(lambda x: layers.AveragePooling2D((1, 3), (1, 3))(layers.Conv2D(1, (5, 2))(x)), (20, 20, 1))
    assert (field.size, field.stride, field.padding, field.center) == ((5, 4), (1, 3), (0, 0), (2.0, 1.5))
    assert field.pixels(2, 1) == ((2, 6), (3, 6))


@pytest.mark.parametrize(
    "steps",
    [
        lambda x: layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, padding="same")(x)),
        lambda x: layers.Dense(3)(layers.Flatten()(x)),
        lambda x: layers.Conv2D(1, 3)(layers.Reshape((4, 5, 1))(layers.Dense(20)(layers.Flatten()(x)))),
        lambda x: layers.MultiHeadAttention(1, 2)(*[layers.Reshape((80, 1))(x)] * 2),
        lambda x: layers.Multiply()(
            [layers.Conv2D(1, 3, padding="same")(x), layers.GlobalMaxPooling2D(keepdims=True)(x)]
        ),
    ],
)
def test_units_that_see_the_whole_image(steps):
    field = last(steps, (8, 10, 1))
    assert (field.size, field.stride, field.padding, field.center) == ((8, 10), (0, 0), (0, 0), (3.5, 4.5))


def test_pooling_of_a_part_of_the_image():
    def gated(x):  # the last pixels are in no stride
        hidden = layers.Conv2D(2, 3, strides=2)(x)
        return layers.Multiply()([hidden, layers.GlobalMaxPooling2D(keepdims=True)(hidden)])

    assert last(gated, (10, 10, 1)).size == (9, 9)
    field = last(lambda x: layers.GlobalMaxPooling2D()(layers.Cropping2D(((2, 1), (0, 3)))(x)), (10, 10, 1))
    assert (field.size, field.padding) == ((7, 7), (-2, 0))


def test_units_between_those_that_see_a_pixel():
    field = last(lambda x: layers.Cropping2D(1)(layers.Conv2DTranspose(1, 1, strides=3)(x)), (8, 8, 1))
    assert (field.size, field.stride[0], field.padding, field.center) == ((1, 1), Fraction(1, 3), (-1, -1), (1.0, 1.0))
    assert field.pixels(2, 0) == ((1, 1), (float("inf"), -float("inf")))


def test_rows_of_a_matrix_are_not_those_of_an_image():
    """Without the axis of channels, a dense layer mixes the columns: the units count as a vector."""
    field = last(lambda x: layers.Dense(8)(layers.Reshape((8, 8))(layers.Conv2D(1, 3)(x))), (10, 10, 1))
    assert (field.size, field.stride) == ((10, 10), (0, 0))
    kept = last(lambda x: layers.Reshape((8, 8, 1, 2))(layers.Conv2D(2, 3)(x)), (10, 10, 1))
    assert (kept.size, kept.stride) == ((3, 3), (1, 1))


def test_classifiers_of_this_library():
    responses, plain = (networks.alexnet((8, 8, 1), 3, 0.02, response_normalization=given) for given in (True, False))
    ends = [networks.receptive_field(network)[-4:] for network in (responses, plain)]
    assert [field.size for field in ends[0]] == [field.size for field in ends[1]]
    field = last(lambda x: layers.Conv2D(1, 3)(keras.ops.flip(x, axis=-1)), (8, 8, 3))  # as in vgg16 with weights
    assert scalars(field) == (3, 1, 0)


def test_images_with_labels():
    network = networks.dcgan_discriminator((16, 16, 1), 2, num_classes=3)
    fields = {field.name: field for field in networks.receptive_field(network)}
    assert fields["discriminator_labels"].size == (0, 0) and fields["logit"].size == (16, 16)
    assert {field.size for field in fields.values()} == {(0, 0), (1, 1), (5, 5), (13, 13), (16, 16)}


def test_sides_that_vary_where_they_do_not_matter():
    free, fixed = (
        networks.receptive_field(networks.patchgan_discriminator((side, side, 3), 2)) for side in (None, 256)
    )
    assert [scalars(field) for field in free] == [scalars(field) for field in fixed]


def test_operations_of_keras_on_tensors():
    field = last(lambda x: keras.ops.relu(layers.Conv2D(1, 3, padding="same")(x) + x) * 2 - x, (8, 8, 1))
    assert scalars(field) == (3, 1, 1)
    field = last(lambda x: x * layers.Conv2D(1, (1, 8))(x), (8, 8, 1))
    assert field.size == (1, 8) and field.stride == (1, 0), "a side of 1 is repeated"


class Unknown(layers.Layer):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("steps", "shape", "message"),
    [
        (Unknown(name="own"), (8, 8, 1), "layer 'own' is not defined: .* Expected: convolutions, .* Received: Unknown"),
        (
            lambda x: layers.MultiHeadAttention(1, 1, name="attention")(x, x),
            (8, 8, 1),
            "layer 'attention' is not defined.*Received: MultiHeadAttention",
        ),
        (
            lambda x: layers.Add(name="sum")([layers.Cropping2D(2)(x), layers.AveragePooling2D(2)(x)]),
            (8, 8, 1),
            "layer 'sum' is not defined: .* Expected: branches of equal strides, in pixels. Received: strides 1 and 2",
        ),
        (
            lambda x: layers.Multiply(name="a")([x, layers.GlobalMaxPooling2D(keepdims=True)(layers.Cropping2D(1)(x))]),
            (8, 8, 1),
            "layer 'a' .* Expected: branches of equal strides, in pixels. Received: strides 0 and 1",
        ),
        (layers.Conv2D(1, 3, 2, "same", name="a"), (None, 8, 1), "layer 'a' depends on the size .* Received: None"),
        (
            layers.GlobalMaxPooling2D(name="a"),
            (None, 8, 1),
            "layer 'a' depends on the size .* Expected: .* fixed sides",
        ),
        (
            layers.Softmax(axis=1, name="a"),
            (8, 8, 1),
            "layer 'a' .* Expected: an axis of channels. .*Softmax with axis=1",
        ),
        (lambda x: keras.ops.flip(x, axis=1), (8, 8, 1), "Expected: an axis of channels. .*Flip with axis=1"),
        (
            lambda x: layers.Concatenate(axis=2, name="a")([x, x]),
            (8, 8, 1),
            "layer 'a' .* Received: Concatenate with axis=2",
        ),
        (layers.UpSampling2D(2, interpolation="bicubic", name="a"), (8, 8, 1), "Expected: interpolation 'nearest' or"),
        (layers.MaxPooling2D(2, data_format="channels_first", name="a"), (8, 8, 8), "'a' must have its channels last"),
        (layers.Dense(2), (8,), r"needs images. Expected: a network .* Received: inputs of shapes \[\(None, 8\)\]"),
    ],
)
def test_where_it_is_not_defined(steps, shape, message):
    with pytest.raises(ValueError, match=message):
        last(steps, shape)


def test_models_whose_layers_are_not_known():
    for model in (keras.Sequential([layers.Conv2D(1, 3)]), layers.Conv2D(1, 3)):
        with pytest.raises(ValueError, match="`model` must know its layers .* Expected: a functional Keras model"):
            networks.receptive_field(model)
    with pytest.raises(ValueError, match="all images of one size"):
        last(lambda x, y: layers.Concatenate()([layers.Flatten()(x), layers.Flatten()(y)]), (8, 8, 1), (9, 8, 1))
