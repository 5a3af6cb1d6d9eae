"""Checkerboards: patterns of a known period that upsampling layers leave in images."""

import numpy as np

from keras_gen import checks


def phase_variance(images, period, window=None, flattest=1.0):
    """How much the mean of an image depends on the place of the pixels within a period: the power of a checkerboard.

    m[a, b] = mean of x[i, j] over i = a, j = b (mod period);    result = mean of Var over (a, b) of m[a, b]

    The variance is that of each channel of each image, and the mean is over images and channels. It is zero for
    constant images, and the variance of the pattern for a pattern of that period on a constant image.

    Photographs add to it: independent pixels about their variance divided by the number of pixels in a phase, a ramp of
    slope g per pixel along an axis g^2 (period^2 - 1) / 12. So they are measured in their flat windows, where the
    pattern shows most, and translations are compared with real images.

    Args:
        images: Finite array `(n, height, width, channels)`, with sides of at least a period, or a window. The last rows
            and columns, which do not fill a period or a window, are left out.
        period: Rows and columns of the pattern, an integer >= 1: 2 for one layer of stride 2, 4 for two in a row.
        window: Side of square windows that are measured one by one, as images of their own: a multiple of `period`, and
            at least twice that, such as 8 for period 2. Defaults to `None`: whole images.
        flattest: Share of the windows that count, a number in (0, 1]: those in which means of period x period pixels,
            in which the pattern does not show, vary least, summed over channels. Defaults to 1.0.

    Returns:
        A float >= 0, in squared units of the images.

    Raises:
        ValueError: If an argument is invalid, or `flattest` is below 1 without a window.

    Example:

    >>> board = np.indices((8, 8)).sum(axis=0)[None, :, :, None] % 2
    >>> phase_variance(board, 2), phase_variance(board, 4), phase_variance(board, 1)
    (0.25, 0.25, 0.0)

    Reference:
        Odena, Dumoulin and Olah, 2016, Deconvolution and checkerboard artifacts, doi:10.23915/distill.00003.
    """
    images, period = np.asarray(images), checks.integer("period", period)
    checks.images("images", images)
    if window is not None and (checks.integer("window", window) % period or window < 2 * period):
        raise ValueError(
            f"`window` must be a multiple of the period, at least twice that. "
            f"Expected: such as {4 * period}. Received: window={window} with period={period}"
        )
    if not (checks.is_real(flattest) and 0 < flattest <= 1) or (window is None and flattest != 1):
        raise ValueError(
            "`flattest` must be a number in (0, 1], and 1 without a window. "
            f"Received: flattest={flattest!r} with window={window}"
        )
    if min(images.shape[1:3]) < (window or period):
        raise ValueError(
            f"`images` must have sides of at least the {'window' if window else 'period'}. "
            f"Expected: {window or period}. Received: {images.shape[1:3]}"
        )
    images = images.astype("float64")
    if window is not None:
        windows = _blocks(images, window)  # (n, rows, window, columns, window, channels)
        images = windows.swapaxes(2, 3).reshape(-1, window, window, images.shape[-1])
        coarse = _blocks(images, period).mean(axis=(2, 4))  # (windows, window / period, window / period, channels)
        variation = coarse.var(axis=(1, 2)).sum(axis=-1)
        images = images[np.argsort(variation, kind="stable")[: max(1, round(flattest * len(images)))]]
    means = _blocks(images, period).mean(axis=(1, 3))  # (n, period, period, channels)
    return float(means.var(axis=(1, 2)).mean())


def _blocks(images, side):
    """Whole blocks: `(n, height, width, channels)` -> `(n, height // side, side, width // side, side, channels)`."""
    n, height, width, channels = images.shape
    rows, columns = height // side, width // side
    return images[:, : rows * side, : columns * side].reshape(n, rows, side, columns, side, channels)
