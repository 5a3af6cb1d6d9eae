"""Warping of images by a flow."""

import keras
from keras import ops


def _between(places, side):
    """The pixels before and after places on a side, int32, and the share of the latter; places outside move to it."""
    places = ops.clip(places, 0.0, ops.cast(side - 1, places.dtype))
    before = ops.floor(places)
    first = ops.clip(ops.cast(before, "int32"), 0, side - 1)  # of NaN, any integer would come out
    return first, ops.minimum(first + 1, side - 1), (places - before)[..., None]


@keras.saving.register_keras_serializable(package="keras_gen")
class Warp2D(keras.layers.Layer):
    """Sample images where a flow points, by bilinear interpolation.

    y(p) = x(p + flow(p))

    Channel 0 of the flow is the displacement along x, the columns, to the right; channel 1 is the one along y, the
    rows, downwards; both in pixels, as in the benchmarks of optical flow. The flow from a first image to a second
    therefore warps the second onto the first.

    Positions outside the image take the value of the nearest pixel of its edge, and their gradient with respect to the
    flow is 0. Positions and sums are computed in float32 even in a policy of half precision.

    Args:
        **kwargs: As in `keras.layers.Layer`.

    Returns:
        Called on the list of `images`, `(batch, height, width, channels)`, and `flow`, `(batch, height, width, 2)`:
        a tensor of the shape of the images.

    Raises:
        ValueError: If the flow does not have a pair for each pixel.

    Example:

    >>> image = ops.reshape([1.0, 2.0, 3.0, 5.0], (1, 1, 4, 1))
    >>> flow = ops.broadcast_to([0.5, 0.0], (1, 1, 4, 2))
    >>> Warp2D()([image, flow])[0, 0, :, 0].numpy().tolist()
    [1.5, 2.5, 4.0, 5.0]

    Reference:
        Jaderberg et al., 2015, arXiv:1506.02025, section 3.3 (the gradient of the sampling).
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # a flow in half precision would be rounded to 1/32 pixel

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            shapes = keras.tree.map_structure(lambda tensor: tuple(tensor.shape), inputs)
            raise ValueError(f"`Warp2D` must be called on a list. Expected: [images, flow]. Received: shapes {shapes}")
        images, flow = inputs
        self.compute_output_shape([images.shape, flow.shape])  # refuses shapes that do not fit
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        images, flow = (ops.cast(tensor, dtype) for tensor in (images, flow))
        batch, height, width, channels = ops.shape(images)
        left, right, to_right = _between(ops.arange(width, dtype=dtype) + flow[..., 0], width)  # (batch, height, width)
        top, bottom, to_bottom = _between(ops.arange(height, dtype=dtype)[:, None] + flow[..., 1], height)
        pixels = ops.reshape(images, (-1, channels))  # (batch * height * width, channels)
        starts = ops.reshape(ops.arange(batch, dtype="int32") * (height * width), (-1, 1, 1))

        def row(rows):
            """Values between the columns of a row, for each position: a + t (b - a), which is a where t is 0."""
            first, second = (ops.take(pixels, starts + rows * width + columns, axis=0) for columns in (left, right))
            return first + to_right * (second - first)  # (batch, height, width, channels)

        above = row(top)
        return ops.cast(above + to_bottom * (row(bottom) - above), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        images, flow = map(tuple, input_shape)
        if len(images) != 4:
            raise ValueError(
                f"The images must be of shape (batch, height, width, channels). Received: shape {images} of the images"
            )
        pairs = zip(flow, (*images[:3], 2), strict=False)
        if len(flow) != 4 or not all(side == other or None in (side, other) for side, other in pairs):
            raise ValueError(
                f"The flow must have a pair (x, y) for each pixel. Expected: shape {(*images[:3], 2)}. "
                f"Received: shape {flow} of the flow"
            )
        return images
