"""Networks of full size without their weights."""

import keras
import pytest


@pytest.fixture
def unallocated():
    """Layers have variables of their shapes, but no values: VGG-16 has 550 MB of them."""
    with keras.StatelessScope(initialize_variables=False):
        yield


@pytest.fixture
def counts():
    """The function from a network to the number of weights of each layer that has some, in order."""
    return lambda network: [layer.count_params() for layer in network.layers if layer.count_params()]
