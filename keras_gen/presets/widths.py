"""How a preset is made small."""

from keras_gen import checks


def scaled(widths, width, latent_dim=1):
    """The widths times a factor, rounded; a small factor narrows none below the code: (400, 100) times 0.1 is (40, 10).

    Example:

    >>> scaled((400, 100), 0.1), scaled((400, 100), 0.1, latent_dim=30)
    ((40, 10), (40, 30))
    """
    checks.integer("latent_dim", latent_dim)
    if checks.number("width", width) == 0:
        raise ValueError(f"`width` must be a finite number > 0. Received: width={width}")
    return tuple(max(round(size * width), min(size, latent_dim), 1) for size in widths)
