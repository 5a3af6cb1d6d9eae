import itertools

import numpy as np
import pytest
from keras import layers

from keras_gen.layers import convolution_matrix
from keras_gen.networks import output_size

CASES = list(itertools.product(range(1, 6), range(1, 4), ["valid", "same"]))


@pytest.mark.parametrize("transposed", [False, True])
def test_it_is_what_keras_computes(transposed):
    kind = layers.Conv2DTranspose if transposed else layers.Conv2D
    for kernel_size, strides, padding in CASES:
        layer = kind(1, (kernel_size, 1), (strides, 1), padding)
        for size in range(5, 10):
            expected = layer.compute_output_shape((None, size, 1, 1))[1]
            given = (size, kernel_size, strides, padding, transposed)
            assert output_size(*given) == expected, given


def test_it_is_what_keras_computes_for_poolings_and_what_a_convolution_has_as_a_matrix():
    for kernel_size, strides, padding in CASES:
        pooling = layers.MaxPooling1D(kernel_size, strides, padding)
        for size in range(5, 10):
            found = output_size(size, kernel_size, strides, padding)
            assert found == pooling.compute_output_shape((None, size, 1))[1]
            assert found == len(convolution_matrix(np.ones(kernel_size), size, strides, padding))


def test_the_transposed_size_is_the_smallest_input_for_as_many_outputs():
    for kernel_size, strides, outputs in itertools.product(range(1, 6), range(1, 4), range(2, 6)):
        if kernel_size >= strides:
            size = output_size(outputs, kernel_size, strides, transposed=True)
            assert output_size(size, kernel_size, strides) == outputs
            assert output_size(size - 1, kernel_size, strides) == outputs - 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 5), "with padding 'valid'. Expected: size >= 5. Received: size=4"),
        ((0, 5), "`size` must be an integer >= 1. Received: size=0"),
        ((5, 2.5), "`kernel_size` must be an integer >= 1. Received: kernel_size=2.5"),
        ((5, 2, 0), "`strides` must be an integer >= 1. Received: strides=0"),
        ((5, 2, 1, "full"), r"Unknown padding. Expected: one of \['same', 'valid'\]. Received: 'full'"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        output_size(*arguments)
