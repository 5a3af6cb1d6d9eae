"""Figures of optical flow: a colour for each direction, a saturation for each length."""

import numpy as np

from keras_gen import checks
from keras_gen.plots.images import as_pixels, image_rows

# Steps from each colour of the wheel to the next, from red on; there are more where the eye tells more apart
_ARCS = {"red": 15, "yellow": 6, "green": 4, "cyan": 11, "blue": 13, "magenta": 6}
_CORNERS = {"red": (1, 0, 0), "yellow": (1, 1, 0), "green": (0, 1, 0), "cyan": (0, 1, 1), "blue": (0, 0, 1)}
_CORNERS["magenta"] = (1, 0, 1)
_DARKER = 0.75  # factor of colours of vectors that are longer than the longest
_KEY, _KEY_PIXELS = 0.9, 101  # inches and pixels of the wheel's side


def flow_colours(flow, longest=None):
    """A flow as an image: the hue is the direction of motion, the saturation its length, and white is no motion.

    The wheel has the 55 colours of the Middlebury benchmark: red to the right, yellow downwards, cyan to the left,
    violet upwards. Vectors longer than `longest` are darker.

    Args:
        flow: Array `(n, height, width, 2)` of displacements to the right and downwards.
        longest: Length of the most saturated vectors, a number > 0. Defaults to `None`: that of the longest vector.

    Returns:
        float32 array `(n, height, width, 3)` in [0, 1].

    Raises:
        ValueError: If `flow` is not of that shape or not finite, or `longest` is not positive.

    Example:

    >>> flow_colours(np.array([[[[0.0, 0.0], [2.0, 0.0]]]]))[0, 0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]

    Reference:
        Baker et al., 2011, A database and evaluation methodology for optical flow, doi:10.1007/s11263-010-0390-2.
    """
    flow = np.asarray(flow, "float64")
    checks.images("flow", flow)
    if flow.shape[-1] != 2:
        raise ValueError(f"`flow` must be of shape (n, height, width, 2). Received: shape {flow.shape}")
    lengths = np.linalg.norm(flow, axis=-1)
    longest = lengths.max() or 1.0 if longest is None else checks.positive("longest", longest)
    share = (lengths / longest)[..., None]
    wheel = _wheel()
    # 0 to the right, then clockwise on the screen, because y points downwards
    place = (np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi)) % 1 * len(wheel)
    before = np.floor(place).astype(int)
    between = (place - before)[..., None]
    hues = (1 - between) * wheel[before % len(wheel)] + between * wheel[(before + 1) % len(wheel)]
    return np.where(share <= 1, 1 - share * (1 - hues), _DARKER * hues).astype("float32")


def flows(rows, value_range=(0, 1), longest=None, captions=()):
    """Named rows of images and of flows in colours, one under the other, with the colour wheel as the key.

    Args:
        rows: Dict from a row's name to an array: images `(n, height, width, channels)` of 1 or 3 channels, or flows
            `(n, height, width, 2)`, at least one; the same n for all.
        value_range: The pair (black, white) of the images. Defaults to (0, 1).
        longest: As in `flow_colours`, for all flows. Defaults to `None`: the length of the longest vector of all.
        captions: Texts above the columns, as many as there are images in a row, or none. Defaults to ().

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If no row is a flow, or an argument is not of this form.

    Example:

    >>> pair = np.zeros((3, 8, 8, 1)), np.ones((3, 8, 8, 1))
    >>> figure = flows({"first": pair[0], "second": pair[1], "flow": np.ones((3, 8, 8, 2))})
    """
    found = [flow for flow in rows.values() if np.shape(flow)[-1:] == (2,)]
    if not found:
        shapes = {name: np.shape(images) for name, images in rows.items()}
        raise ValueError(
            f"`rows` must have a row of flows. Expected: an array (n, height, width, 2). Received: shapes {shapes}"
        )
    if longest is None:
        longest = max(np.linalg.norm(flow, axis=-1).max() for flow in found) or 1.0
    pictures = {
        name: flow_colours(images, longest) if np.shape(images)[-1] == 2 else as_pixels(images, value_range)
        for name, images in rows.items()
    }
    figure = image_rows(pictures, captions=captions)
    width, height = figure.get_size_inches()
    total = width + _KEY + 0.1
    figure.set_size_inches(total, height)
    figure.get_layout_engine().set(rect=(0, 0, width / total, 1))
    axes = figure.add_axes((width / total, 0.5 - _KEY / height / 2, _KEY / total, _KEY / height), label="key")
    axes.imshow(_key(), extent=(-longest, longest, longest, -longest))
    axes.set_axis_off()
    axes.set_title(f"motion, up to\n{longest:.1f} pixels", fontsize=7)
    return figure


def _wheel():
    """The colours of the wheel, `(55, 3)` in [0, 1], in steps from each corner to the next."""
    corners = np.array(list(_CORNERS.values()), "float64")
    following = np.roll(corners, -1, axis=0)
    arcs = [
        start + (end - start) * np.arange(steps)[:, None] / steps
        for start, end, steps in zip(corners, following, _ARCS.values(), strict=True)
    ]
    return np.concatenate(arcs)


def _key():
    """The colours of all vectors up to the longest, white outside of the disc: `(side, side, 3)`."""
    y, x = np.mgrid[-1 : 1 : _KEY_PIXELS * 1j, -1 : 1 : _KEY_PIXELS * 1j]
    colours = flow_colours(np.stack([x, y], axis=-1)[None], longest=1.0)[0]
    return np.where((np.hypot(x, y) <= 1)[..., None], colours, 1)
