"""Means of independent values, with their standard errors."""

import math
import typing

import numpy as np


class Estimate(typing.NamedTuple):
    """A `mean` of independent values and its standard `error`, NaN for one value."""

    mean: float
    error: float


def estimate(values):
    """The `Estimate` of independent values, at least one."""
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Estimate(float(np.mean(values)), float(error))
