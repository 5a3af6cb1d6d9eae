"""Maximum pooling that keeps the place of each maximum, and its partial inverse."""

import keras
from keras import ops

from keras_gen import checks


def _window(pool_size):
    """A pool size, an integer or a pair, as (rows, columns)."""
    sides = pool_size if isinstance(pool_size, (list, tuple)) else (pool_size, pool_size)
    if len(sides) != 2:
        raise ValueError(f"`pool_size` must be an integer or a pair. Received: pool_size={pool_size!r}")
    return tuple(checks.integer("pool_size", side) for side in sides)


def _cut(images, starts, sides, margins, fill=0):
    """Rows and columns `starts` to `starts` + `sides` of images, which `fill` continues for `margins` on each side."""
    known = not any(ops.is_tensor(number) for number in (*starts, *sides))
    if known and (*starts, *sides) == (0, 0, *images.shape[1:3]):
        return images
    images = ops.pad(images, ((0, 0), *((margin, margin) for margin in margins), (0, 0)), constant_values=fill)
    rows, columns = (
        slice(margin + start, margin + start + side) for start, side, margin in zip(starts, sides, margins, strict=True)
    )
    return images[:, rows, columns]


def _pooled_side(side, window, padding):
    """Windows on a side of an image, `None` for one of unknown size."""
    if side is None:
        return None
    return side // window if padding == "valid" else -(-side // window)


def _rows_before(covered, side):
    """Rows that the first window reaches beyond the image: half of what all together do, rounded down, as in Keras."""
    return ops.maximum(covered - side, 0) // 2 if ops.is_tensor(side) else max(covered - side, 0) // 2


@keras.saving.register_keras_serializable(package="keras_gen")
class MaxPoolWithSwitches2D(keras.layers.Layer):
    """Take the maximum of each window of an image, and mark its place for `MaxUnpool2D`.

    pooled[i, j] = max of x over window (i, j);    switches = 1 at the first maximum of each window, 0 elsewhere

    Maxima and places are those of each image and channel; the windows do not overlap. The gradient reaches the first
    maximum alone. A window with NaN has the maximum NaN, and all of it is marked.

    Args:
        pool_size: Sides of the windows, an integer >= 1 or a pair (rows, columns).
        strides: As in `keras.layers.MaxPooling2D`, but only `pool_size`: windows that overlap would mark one place for
            two values. Defaults to `None`: `pool_size`.
        padding: Where a side is no multiple of the window's, `"valid"` leaves out the last rows and columns, `"same"`
            continues the image. Defaults to `"valid"`.
        **kwargs: As in `keras.layers.Layer`.

    Returns:
        The list of `pooled`, `(batch, pooled_height, pooled_width, channels)`, and `switches`, int32, in the shape of
        the images, `(batch, height, width, channels)`, which may be unknown except for the channels.

    Raises:
        ValueError: If an argument is invalid, or an image is smaller than a window of padding `"valid"`.

    Example:

    >>> image = ops.reshape([[1.0, 2.0, 0.0], [5.0, 3.0, 7.0]], (1, 2, 3, 1))
    >>> pooled, switches = MaxPoolWithSwitches2D(2, padding="same")(image)
    >>> pooled[0, :, :, 0].numpy().tolist(), switches[0, :, :, 0].numpy().tolist()
    ([[5.0, 7.0]], [[0, 0, 0], [1, 0, 1]])

    Reference:
        Zeiler and Fergus, 2014, arXiv:1311.2901, section 2.1.
    """

    def __init__(self, pool_size, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=4)
        self.pool_size = _window(pool_size)
        self.padding = checks.choice("padding", padding, ("valid", "same"))
        given = strides if strides is None or isinstance(strides, (list, tuple)) else (strides, strides)
        if given is not None and tuple(given) != self.pool_size:
            raise ValueError(
                "`strides` must equal `pool_size`: windows that overlap, or leave gaps, have no switches. "
                f"Expected: {self.pool_size}. Received: strides={strides!r}"
            )

    def call(self, images):
        self.compute_output_shape(images.shape)  # refuses images that are too small
        images = ops.cast(images, self.compute_dtype)  # Keras does not cast integers
        batch, *sides, channels = ops.shape(images)
        counts = [_pooled_side(*both, self.padding) for both in zip(sides, self.pool_size, strict=True)]
        covered = [count * window for count, window in zip(counts, self.pool_size, strict=True)]
        before = [_rows_before(*both) for both in zip(covered, sides, strict=True)]
        margins = [window - 1 for window in self.pool_size]
        images = _cut(images, [-start for start in before], covered, margins, fill=float("-inf"))

        rows, columns = self.pool_size
        windows = ops.reshape(images, (batch, counts[0], rows, counts[1], columns, channels))
        order = ops.reshape(ops.arange(rows * columns, dtype="int32"), (1, 1, rows, 1, columns, 1))
        is_maximum = windows == ops.max(windows, axis=(2, 4), keepdims=True)
        places = ops.where(is_maximum, order, rows * columns)
        chosen = places == ops.min(places, axis=(2, 4), keepdims=True)  # one in a window: the first
        pooled = ops.sum(ops.where(chosen, windows, ops.zeros_like(windows)), axis=(2, 4))  # (batch, *counts, channels)
        switches = ops.reshape(ops.cast(chosen, "int32"), (batch, *covered, channels))
        return [pooled, _cut(switches, before, sides, margins)]

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        counts = [_pooled_side(*both, self.padding) for both in zip(sides, self.pool_size, strict=True)]
        if 0 in counts:
            raise ValueError(
                f"`pool_size` must fit into the images. Expected: sides of at least {self.pool_size}. "
                f"Received: {tuple(sides)}"
            )
        return [(batch, *counts, channels), tuple(input_shape)]

    def compute_output_spec(self, images):
        pooled, switches = self.compute_output_shape(images.shape)
        return [keras.KerasTensor(pooled, dtype=self.compute_dtype), keras.KerasTensor(switches, dtype="int32")]

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "padding": self.padding}


@keras.saving.register_keras_serializable(package="keras_gen")
class MaxUnpool2D(keras.layers.Layer):
    """Put each value of a pooled image back at the place of its maximum, and zeros elsewhere.

    The layer is called on a list: values in the shape of the pooled images, and the switches of the pooling, which also
    tell the images' size. The padding of the pooling follows from the sizes.

    Args:
        pool_size: The pooling's own, an integer >= 1 or a pair (rows, columns).
        **kwargs: As in `keras.layers.Layer`.

    Returns:
        Images in the shape of the switches, `(batch, height, width, channels)`.

    Raises:
        ValueError: If the switches are of another pooling, or not integers.

    Example:

    >>> image = ops.reshape([[1.0, 2.0, 0.0], [5.0, 3.0, 7.0]], (1, 2, 3, 1))
    >>> pooled_and_switches = MaxPoolWithSwitches2D(2)(image)
    >>> MaxUnpool2D(2)(pooled_and_switches)[0, :, :, 0].numpy().tolist()
    [[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]

    Reference:
        Zeiler and Fergus, 2014, arXiv:1311.2901, section 2.1.
    """

    def __init__(self, pool_size, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = _window(pool_size)

    def _check(self, shapes):
        if len(shapes) != 2 or any(not isinstance(shape, (list, tuple)) or len(shape) != 4 for shape in shapes):
            raise ValueError(
                "`MaxUnpool2D` must be called on a list. Expected: [pooled, switches], as `MaxPoolWithSwitches2D` "
                f"gives them, each (batch, height, width, channels). Received: shapes {shapes}"
            )
        pooled, switches = shapes
        batch, *sides, channels = switches
        windows = list(zip(sides, self.pool_size, strict=True))
        expected = [
            (batch, *(_pooled_side(*window, padding) for window in windows), channels) for padding in ("valid", "same")
        ]
        if not any(checks.shapes_agree(pooled, shape) for shape in expected):
            shown = " or ".join(map(str, dict.fromkeys(expected)))
            raise ValueError(
                f"The switches, of shape {switches}, are not of this pooling. "
                f"Expected: values of shape {shown}, for windows {self.pool_size}. Received: values of shape {pooled}"
            )

    def call(self, inputs):
        self._check(keras.tree.map_structure(lambda tensor: tuple(tensor.shape), inputs))
        values, switches = inputs
        if not keras.backend.is_int_dtype(switches.dtype):
            raise ValueError(
                "The second of the list must be switches, as `MaxPoolWithSwitches2D` gives them. Expected: int32. "
                f"Received: {keras.backend.standardize_dtype(switches.dtype)}"
            )
        values = ops.cast(values, self.compute_dtype)
        sides, counts = ops.shape(switches)[1:3], ops.shape(values)[1:3]
        covered = [count * window for count, window in zip(counts, self.pool_size, strict=True)]
        for axis, window in enumerate(self.pool_size, start=1):
            values = ops.repeat(values, window, axis=axis)
        before = [_rows_before(*both) for both in zip(covered, sides, strict=True)]
        values = _cut(values, before, sides, [window - 1 for window in self.pool_size])
        return ops.where(ops.cast(switches, "bool"), values, ops.zeros_like(values))  # (batch, height, width, channels)

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        pooled, switches = input_shape
        return (pooled[0], *switches[1:])

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}
