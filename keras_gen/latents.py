"""Interpolation and arithmetic of latents, in numpy."""

import numpy as np

from keras_gen import checks


def interpolate(start, end, steps=10, path="linear"):
    """Latents at equal steps on the path from one to another.

    Linear: (1 - t) a + t b. Spherical: (sin((1 - t) w) a + sin(t w) b) / sin(w), w the angle between a and b, which
    keeps the length that nearly all normal latents of many dimensions have.

    Args:
        start: Finite array `(latent_dim,)`, a.
        end: Finite array `(latent_dim,)`, b. On a spherical path neither is 0, nor the opposite of the other.
        steps: Number of latents, including both ends, an integer >= 2. Defaults to 10.
        path: `"linear"` or `"spherical"`. Defaults to `"linear"`.

    Returns:
        float32 array `(steps, latent_dim)`.

    Example:

    >>> interpolate([0.0, 1.0], [1.0, 0.0], steps=3).tolist()
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]

    Reference:
        White, 2016, arXiv:1609.04468, section 2.1 (spherical).
    """
    checks.choice("path", path, ["linear", "spherical"])
    checks.integer("steps", steps, minimum=2)
    a, b = np.asarray(start, "float64"), np.asarray(end, "float64")
    if a.ndim != 1 or a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(
            f"`start` and `end` must be two finite vectors of one width. Received: shapes {a.shape}, {b.shape}"
        )
    t = np.linspace(0, 1, steps)[:, None]
    weights = 1 - t, t
    if path == "spherical":
        lengths = np.linalg.norm(a) * np.linalg.norm(b)
        cosine = np.clip(a @ b / lengths, -1, 1) if lengths else -1.0
        angle = np.arccos(cosine)
        if np.pi - angle < 1e-6:
            raise ValueError("`start` and `end` must span an arc: neither may be 0, nor the opposite of the other")
        if angle > 1e-6:  # else the arc is a line
            weights = np.sin((1 - t) * angle) / np.sin(angle), np.sin(t * angle) / np.sin(angle)
    return (weights[0] * a + weights[1] * b).astype("float32")


def arithmetic(a, b, c):
    """The sum of mean latents, mean(a) - mean(b) + mean(c), which adds to c what distinguishes a from b.

    Args:
        a: Finite array `(n, latent_dim)`, latents of examples with an attribute, such as smiling women.
        b: Finite array `(m, latent_dim)`, latents of similar examples without it, such as neutral women.
        c: Finite array `(k, latent_dim)`, latents of the examples to add it to, such as neutral men.

    Returns:
        float32 array `(latent_dim,)`.

    Example:

    >>> arithmetic([[1.0, 2.0], [3.0, 2.0]], [[1.0, 1.0]], [[0.0, 5.0]]).tolist()
    [1.0, 6.0]

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 6.3.2.
    """
    tables = [np.asarray(table, "float64") for table in (a, b, c)]
    for name, table in zip("abc", tables, strict=True):
        if table.ndim != 2 or table.size == 0 or table.shape[1:] != tables[0].shape[1:] or not np.isfinite(table).all():
            raise ValueError(
                f"`{name}` must be finite latents (n, latent_dim), as wide as the others. Received: shapes "
                f"{[table.shape for table in tables]}"
            )
    first, second, third = (table.mean(axis=0) for table in tables)
    return (first - second + third).astype("float32")
