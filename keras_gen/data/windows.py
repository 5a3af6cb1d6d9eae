"""Windows: parts of images, cut out along boxes and resized to one size."""

import numpy as np

from keras_gen import checks


def crop_and_resize(images, boxes, size, context=0.0):
    """Cut boxes out of images and resize them to squares, whatever their shape.

    Pixels are interpolated linearly between the nearest rows and columns, and continue the outermost ones up to the
    edges of the image; what lies outside of it is 0. There is no smoothing where a box is larger than the square.

    Args:
        images: Array `(n, height, width, channels)`.
        boxes: List with an array `(k, 4)` of boxes (top, left, bottom, right) for each image, k >= 0.
        size: Side of the squares, an integer >= 1.
        context: What is added on each of the four sides of a box, as a share of its height or width, a number >= 0.
            Defaults to 0.0.

    Returns:
        float32 array `(sum of all k, size, size, channels)`, image after image.

    Raises:
        ValueError: If an argument is not of this form.

    Example:

    >>> image = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> crop_and_resize(image, [np.array([[0, 1, 2, 3]])], size=2)[0, ..., 0]
    array([[1., 2.],
           [5., 6.]], dtype=float32)

    Reference:
        Girshick et al., 2014, arXiv:1311.2524, section 2.1 and appendix A (warping with context).
    """
    from scipy.ndimage import map_coordinates

    images, size = np.asarray(images, "float32"), checks.integer("size", size)
    checks.images("images", images)
    context = checks.number("context", context)
    if len(boxes) != len(images):
        raise ValueError(f"`boxes` must have an array for each image. Expected: {len(images)}. Received: {len(boxes)}")
    steps = (np.arange(size) + 0.5) / size * (1 + 2 * context) - context  # 0 and 1 at the edges of a box
    windows = []
    for image, places in zip(images, boxes, strict=True):
        places = checks.boxes("boxes", places)[..., None]
        starts, lengths = places[:, :2], places[:, 2:] - places[:, :2]
        rows, columns = (starts + lengths * steps - 0.5).swapaxes(0, 1)  # (k, size) each
        grid = np.broadcast_arrays(rows[:, :, None], columns[:, None])
        channels = [map_coordinates(channel, grid, order=1, mode="nearest") for channel in np.moveaxis(image, -1, 0)]
        inside = _inside(rows, image.shape[0])[:, :, None] & _inside(columns, image.shape[1])[:, None]
        windows.append(np.stack(channels, axis=-1) * inside[..., None])  # (k, size, size, channels)
    return np.concatenate(windows)


def _inside(places, side):
    """Which places lie on a side of pixels, whose centres are 0 to side - 1."""
    return (places >= -0.5) & (places <= side - 0.5)
