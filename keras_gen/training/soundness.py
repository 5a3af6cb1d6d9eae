"""Whether a training has left the model whole."""

import keras
import numpy as np
from keras import ops


def infinite_weights(model):
    """The paths, in quotes, of the variables of a model that hold values which are not finite."""
    floats = (variable for variable in model.variables if keras.backend.is_float_dtype(variable.dtype))
    return [f"'{variable.path}'" for variable in floats if not np.isfinite(ops.convert_to_numpy(variable)).all()]
