import keras
import numpy as np
import pytest

from keras_gen.training.soundness import infinite_weights


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_variables_that_are_not_finite_are_named(bad):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dropout(0.1), keras.layers.BatchNormalization(name="norm")]
    )
    assert infinite_weights(model) == []
    model.get_layer("norm").moving_mean.assign([0.0, bad])
    (name,) = infinite_weights(model)
    assert "norm/moving_mean" in name
