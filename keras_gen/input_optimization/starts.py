"""Optimisations of many images in batches, from starts that have a gradient."""

import warnings

import numpy as np

from keras_gen import checks

_TRIES = 10  # starts of an optimisation whose gradients are 0


def random_start(shape, center, size, seed):
    """Normal noise around a constant image, the same for each row: a function of (rows, attempt), for `optimized`.

    Deep units hardly respond to noise of single pixels. So with each attempt the noise of images is coarser, of squares
    of 1, 2, 4, ... pixels, and then again of 1.

    Args:
        shape: One image's shape.
        center: Mean of the pixels.
        size: Standard deviation of the pixels.
        seed: Integer.
    """
    seed = checks.integer("seed", seed, minimum=0)

    def draw(rows, attempt):
        rng, edge = np.random.default_rng([seed, attempt]), 1
        if len(shape) == 3:
            edge = 2 ** (attempt % min(shape[:2]).bit_length())
        noise = rng.standard_normal((*(-(-side // edge) for side in shape[:2]), *shape[2:]))
        if edge > 1:
            noise = noise.repeat(edge, axis=0).repeat(edge, axis=1)[: shape[0], : shape[1]]
        return np.broadcast_to(center + size * noise, (len(rows), *shape)).astype("float32")

    return draw


def optimized(problem, draw, *data, steps, batch_size, seed=0, verbose=0):
    """The optimised images of all rows of `data`, `batch_size` at a time: float32 array `(n, *shape)`.

    A row whose objective has a gradient of 0 at its start begins again at another one, with a warning; if none of ten
    has a gradient, its image is left at the last.

    Args:
        problem: An `InputOptimization`.
        draw: Function of the indices of rows and of the number of the attempt, from 0 on, that returns images.
        *data: Arrays `(n, ...)` for the objective, at least one.
        steps, seed, verbose: As in `InputOptimization.run`.
        batch_size: Images optimised at once, an integer >= 1.
    """
    n, found, again, dead = len(data[0]), [], 0, 0
    size = min(checks.integer("batch_size", batch_size), n)
    for first in range(0, n, size):
        rows = np.arange(first, min(first + size, n))
        filled = np.resize(rows, size)  # one shape, compiled once
        batch, starts = [entry[filled] for entry in data], np.array(draw(filled, 0))
        without = ~problem.has_gradient(starts, *batch)
        again += without[: len(rows)].sum()
        for attempt in range(1, _TRIES):
            if not without.any():
                break
            starts[without] = draw(filled[without], attempt)
            without = ~problem.has_gradient(starts, *batch)
        dead += without[: len(rows)].sum()
        run = problem.run(starts, *batch, steps=steps, seed=seed, verbose=verbose)
        found.append(run.images[: len(rows)])
    if again:
        left = f"; {dead} of them found none in {_TRIES} starts, and are left where they are" if dead else ""
        warnings.warn(
            f"{again} of {n} images had no gradient where they started, and began again elsewhere{left}", stacklevel=3
        )
    return np.concatenate(found)
