"""Padding by reflection."""

import keras
from keras import ops

from keras_gen import checks


@keras.saving.register_keras_serializable(package="keras_gen")
class ReflectionPadding2D(keras.layers.Layer):
    """Pad images by their reflection at the edges, without repeating the edges.

    Args:
        padding: Rows and columns added on each side, an integer >= 1, smaller than the images' sides.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> image = ops.reshape(ops.arange(4.0), (1, 2, 2, 1))
    >>> ReflectionPadding2D(1)(image)[0, :, :, 0].numpy().tolist()[0]
    [3.0, 2.0, 3.0, 2.0]
    """

    def __init__(self, padding, **kwargs):
        super().__init__(**kwargs)
        self.padding = checks.integer("padding", padding)

    def build(self, input_shape):
        if any(side is not None and side <= self.padding for side in input_shape[1:3]):
            raise ValueError(
                f"`padding` must be smaller than the images' sides. Expected: sides above {self.padding}. "
                f"Received: {tuple(input_shape[1:3])}"
            )

    def call(self, x):
        sides = (self.padding, self.padding)
        return ops.pad(x, ((0, 0), sides, sides, (0, 0)), mode="reflect")  # (batch, height + 2 p, width + 2 p, c)

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        return (batch, *(None if side is None else side + 2 * self.padding for side in sides), channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
