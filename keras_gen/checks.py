"""Validation of arguments and arrays. Every message says what is wrong, what was expected and what was received.

A check of one argument takes its name, for the message, and the value received. It returns the value, in its plain
Python type, or raises a `ValueError`.
"""

import difflib

import numpy as np

_TOO_LARGE = 2**32
_CLOSE = 0.7  # the least share of letters that a suggested name has in common with what it is suggested for


def integer(name, value, minimum=1, below=_TOO_LARGE):
    """An integer that is at least `minimum` and below 2**32, as the sizes and seeds that libraries take."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise ValueError(f"`{name}` must be an integer >= {minimum}. Received: {name}={value!r}")
    if value >= below:
        raise ValueError(f"`{name}` must be an integer below 2**32. Received: {name}={value}")
    return int(value)


def rows(name, received, expected):
    """Raise a `ValueError` unless the part `name` of some data has as many rows as x."""
    if received != expected:
        raise ValueError(f"`{name}` must have a row for each example. Expected: {expected}. Received: {received}")


def number(name, value, minimum=0.0):
    """A finite number that is at least `minimum`."""
    return _number(name, value, f"a finite number >= {minimum}", lambda value: value >= minimum)


def power_of_two(name, value):
    """One of the integers 2, 4, 8, ..."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 2 or value & (value - 1):
        raise ValueError(f"`{name}` must be a power of two. Expected: 2, 4, 8, ... Received: {name}={value!r}")
    return int(value)


def positive(name, value):
    """A finite number > 0."""
    return _number(name, value, "a finite number > 0", lambda value: value > 0)


def rate(name, value):
    """A number in [0, 1)."""
    return _number(name, value, "a number in [0, 1)", lambda value: 0 <= value < 1)


def probability(name, value):
    """A number in (0, 1)."""
    return _number(name, value, "a number in (0, 1)", lambda value: 0 < value < 1)


def _number(name, value, expected, fits):
    if not is_real(value) or not np.isfinite(value) or not fits(value):
        raise ValueError(f"`{name}` must be {expected}. Received: {name}={value!r}")
    return float(value)


def widths(name, value):
    """A sequence of integers >= 1, which may be empty, as a list."""
    if not np.iterable(value) or isinstance(value, str):
        raise ValueError(
            f"`{name}` must be a sequence of widths. Expected: such as (400, 20). Received: {name}={value!r}"
        )
    return [integer(name, width) for width in value]


def kernel(value, dimensions):
    """An array of finite numbers, not empty, with one of the numbers of `dimensions`, as float64."""
    try:
        kernel = np.asarray(value)
    except ValueError:  # rows of different lengths
        kernel = np.asarray(value, dtype=object)
    finite = kernel.dtype.kind in "fiub" and np.isfinite(kernel).all()
    if not finite or kernel.ndim not in dimensions or kernel.size == 0:
        ranks = " or ".join(f"{number}-D" for number in dimensions)
        raise ValueError(
            f"`kernel` must be a {ranks} array of finite numbers, not empty. "
            f"Received: {f'shape {kernel.shape}' if finite else f'kernel={value!r}'}"
        )
    return kernel.astype("float64")


def boxes(name, value):
    """Half-open boxes (top, left, bottom, right), each with a height and a width: `(n, 4)` of float64; [] is none."""
    value = np.asarray(value)
    if value.shape == (0,):
        value = value.reshape(0, 4)
    if value.ndim != 2 or value.shape[1] != 4 or value.dtype.kind not in "fiu":
        raise ValueError(
            f"`{name}` must be boxes (top, left, bottom, right). Expected: numbers of shape (n, 4). "
            f"Received: {value.dtype} of shape {value.shape}"
        )
    value = value.astype("float64")
    good = np.isfinite(value).all(axis=1) & (value[:, :2] < value[:, 2:]).all(axis=1)
    if not good.all():
        raise ValueError(
            f"`{name}` must be boxes (top, left, bottom, right). Expected: finite numbers, top < bottom and left < "
            f"right. Received: {tuple(value[~good][0].tolist())}"
        )
    return value


def is_real(value):
    """Whether `value` is one number, of Python or numpy, and not a boolean."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def choice(name, value, known, optional=False):
    """One of the `known` names, an iterable of strings, or `None` if `optional`; the message suggests the nearest."""
    if value is None and optional:
        return value
    known = sorted(known)
    if value not in known:
        near = nearest(value, known)
        expected = f"one of {known}"
        if len(known) > 20:
            expected = f"one of {near} (the nearest of {len(known)})" if near else f"one of {len(known)} known names"
        expected = f"None or {expected}" if optional else expected
        raise ValueError(f"Unknown {name}.{did_you_mean(value, known)} Expected: {expected}. Received: {value!r}")
    return value


def did_you_mean(name, known):
    """The question " Did you mean ...?" with the nearest of the `known` names, or an empty text."""
    near = nearest(name, known)
    return f" Did you mean {near[0]!r}?" if near else ""


def nearest(name, known):
    """Up to three of the `known` names that have most letters in common with a name, the nearest first."""
    name, known = str(name), list(known)
    swapped = [one for one in known if sorted(one) == sorted(name)]  # which changes a short name in a third of it
    return list(dict.fromkeys(swapped + difflib.get_close_matches(name, known, n=3, cutoff=_CLOSE)))[:3]


def interval(name, value):
    """A pair (lowest, highest) of finite numbers, the first below the second."""
    if np.shape(value) != (2,) or not all(map(is_real, value)) or not value[0] < value[1]:
        raise ValueError(f"`{name}` must be (lowest, highest). Received: {value}")
    if not np.isfinite(value).all():
        raise ValueError(f"`{name}` must be (lowest, highest), both finite. Received: {value}")
    return tuple(value)


def array(name, x, shape=None, value_range=None, allow_nan=False):
    """Raise unless `x` is a finite array of numbers `(n, ...)`, not empty, of one example's shape and in a range.

    `None` entries of the shape are free; `None` for the shape or the range (lowest, highest) allows any. With
    `allow_nan` entries may be NaN, even all of them.
    """
    x = np.asarray(x)
    array_spec(name, x.dtype, x.shape, shape)
    array_extremes(name, *extremes(x, allow_nan), value_range, allow_nan)


def images(name, x, value_range=None):
    """Raise unless `x` is a finite array of images `(n, height, width, channels)`, not empty, and in a range."""
    if np.ndim(x) != 4:
        raise ValueError(
            f"`{name}` must be images. Expected: shape (n, height, width, channels). Received: shape {np.shape(x)}"
        )
    array(name, x, value_range=value_range)


def array_spec(name, dtype, shape, wanted=None):
    """Raise unless an array of that type and shape holds numbers, at least one example, each of the wanted shape."""
    if np.dtype(dtype).kind not in "fiub":
        raise ValueError(f"`{name}` must be an array of numbers. Received: {name} of dtype {dtype}")
    if len(shape) == 0 or shape[0] == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name} of shape {tuple(shape)}")
    if wanted is not None and not shapes_agree(shape[1:], wanted):
        hint = " It has no batch axis." if shapes_agree(shape, wanted) else ""
        raise ValueError(
            f"`{name}` does not fit the network. Expected: shape (n, {', '.join(map(str, wanted))}). "
            f"Received: shape {tuple(shape)}.{hint}"
        )


def is_sparse_matrix(array):
    """Whether `array` is a scipy sparse matrix or array; scipy is not imported for it."""
    return hasattr(array, "tocsr")


def extremes(array, ignore_nan=False):
    """The pair (lowest, highest) of a non-empty array or sparse matrix, as floats.

    One NaN makes both NaN, unless `ignore_nan` leaves it out; where there is no number, both are NaN.
    """
    if is_sparse_matrix(array):
        return float(array.min()), float(array.max())
    least, most = (np.fmin.reduce, np.fmax.reduce) if ignore_nan else (np.min, np.max)
    array = np.asarray(array)
    return float(least(array, axis=None)), float(most(array, axis=None))  # NaN and infinity show, without a copy


def shapes_agree(shape, expected):
    """Whether two shapes are the same; axes of unknown size (`None`) fit any."""
    pairs = zip(shape, expected, strict=False)
    return len(shape) == len(expected) and all(side == other or None in (side, other) for side, other in pairs)


def array_extremes(name, low, high, value_range=None, allow_nan=False):
    """Raise unless values with these extremes are finite and in the range; with `allow_nan`, NaN is ignored."""
    if allow_nan and np.isnan(low):
        return
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"`{name}` must be finite. Received: {name} with NaN or infinite values")
    in_range(name, low, high, value_range)


def batch_size(size, updates, replicas=1):
    """Raise unless a batch has an example for each update of a step, and on several replicas equally many for all."""
    if replicas > 1 and (size < updates * replicas or size % (updates * replicas)):
        among = f"{replicas} devices" + (f" and the {updates} updates of a step" if updates > 1 else "")
        raise ValueError(
            "`batch_size` must give equally many examples to all devices. Expected: a batch that divides among "
            f"{among}, a multiple of {updates * replicas}. Received: batch_size={size}"
        )
    if size < updates:
        raise ValueError(
            f"`batch_size` must hold at least one example for each of the {updates} updates of a step. "
            f"Expected: batch_size >= {updates}. Received: batch_size={size}"
        )


def in_range(name, low, high, value_range):
    """Raise unless values with these extremes are in the range, if there is one; NaN is ignored.

    Values may exceed it as `with_tolerance` states: resized pixels reach -1.0000001.
    """
    if value_range is None:
        return
    lowest, highest = with_tolerance(value_range)
    if low < lowest or high > highest:
        scaling = {(0, 1): "x / 255", (-1, 1): "x / 127.5 - 1"}.get(tuple(value_range))
        hint = f" Pixels of 0 to 255 are scaled by {scaling}." if scaling and low >= 0 and 1.5 < high <= 255 else ""
        raise ValueError(
            f"`{name}` is out of range. Expected: values in [{value_range[0]}, {value_range[1]}]. "
            f"Received: values in [{_digits(low)}, {_digits(high)}].{hint}"
        )


def with_tolerance(value_range):
    """A range widened on both sides by 1e-5 of its width, to allow for float32 rounding."""
    low, high = value_range
    room = 1e-5 * (high - low)
    return low - room, high + room


def _digits(value):
    """The digits that identify a float32, so a value out of range is never shown as the bound that it exceeds."""
    return str(np.float32(value)).removesuffix(".0")


def listed(items, most=3, show=repr):
    """The first items, each as the function `show` gives it, and the number of the others: a text for a message.

    Where one item more than `most` remains, it is shown: its name says more than "1 other".
    """
    items = list(items)
    most = len(items) if len(items) == most + 1 else most
    shown = ", ".join(map(show, items[:most]))
    return shown + (f" and {len(items) - most} others" if len(items) > most else "")
