"""How far latents go, and the axes of planes through them."""

import numpy as np

_EXTENT = 3.0  # of normal latents: 99.7 % lie within
_COMPONENTS = 10  # principal components, at most
_NARROW = 1e-6


class LatentAxes:
    """The extent of each latent, and the directions that a plane may have.

    Args:
        latent_dim: Number of latents.
        codes: The test images' codes `(n, latent_dim)`, or `None`.
        latent_range: The pair (lowest, highest) of latents, or `None`.
        has_prior: Whether the latents are those of a prior, N(0, I) if there is no range.

    Example:

    >>> axes = LatentAxes(2, np.random.default_rng(0).standard_normal((100, 2)), None, True)
    >>> axes.extents.tolist(), axes.components.shape
    ([[-3.0, 3.0], [-3.0, 3.0]], (2, 2))
    """

    def __init__(self, latent_dim, codes, latent_range, has_prior):
        low, high = latent_range or (-_EXTENT, _EXTENT)
        self.extents = np.tile(np.array([[low, high]], "float32"), (latent_dim, 1))  # (latent_dim, 2)
        if not has_prior and codes is not None:
            self.extents = _extents(codes)
        self.center = np.zeros(latent_dim, "float32") if has_prior or codes is None else codes.mean(axis=0)
        self.components, self.component_extents = np.zeros((0, latent_dim), "float32"), np.zeros((0, 2), "float32")
        if codes is not None and len(codes) > 1 and latent_dim > 1:
            from sklearn.decomposition import PCA

            found = PCA(min(_COMPONENTS, latent_dim, len(codes) - 1)).fit(codes)
            self.components = found.components_.astype("float32")  # (components, latent_dim)
            self.component_extents = _extents((codes - self.center) @ self.components.T)


def _extents(values):
    """The smallest and the largest value of each column, apart even where all are equal: float32 `(columns, 2)`."""
    low, high = values.min(axis=0), values.max(axis=0)
    margin = np.where(high - low < _NARROW, 1, 0)
    return np.stack([low - margin, high + margin], axis=1).astype("float32")
