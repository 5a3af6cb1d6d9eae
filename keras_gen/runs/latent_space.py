"""Figures of the latent space of a run's model: paths through it, and planes of it."""

import math
from pathlib import Path

import numpy as np

from keras_gen import checks, latents, models, plots
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import grid, labelled, own_images, range_of
from keras_gen.training.tasks import has_task, require_task
from keras_gen.value_ranges import rescaled


def interpolation(folder, rows=8, steps=10, path=None, seed=None, labels=None):
    """Paths between pairs of samples, one in each row.

    Args:
        folder: The folder of a run whose model samples.
        rows: Number of paths, an integer >= 1. Defaults to 8.
        steps: Samples on a path, including its ends, an integer >= 2. Defaults to 10.
        path: `"linear"` or `"spherical"`. Defaults to `None`: spherical for normal latents; linear for uniform ones,
            because an arc would leave their cube.
        seed, labels: As in `samples`; the classes are those of the rows.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    run = load_run(folder)
    model = run.model
    require_task("`interpolate` without --between or --from", model, "sample")
    ends = model.draw_latents(2 * rows, seed)
    path = path or default_path(model)
    z = np.concatenate([latents.interpolate(*pair, steps, path) for pair in zip(ends[::2], ends[1::2], strict=True)])
    condition = list(labelled(run, labels, rows).values())
    images = model.generate(z, *(np.repeat(classes, steps) for classes in condition))
    names = [run.class_names[number] for classes in condition for number in classes]
    title = f"{path} path between two samples in each row"
    return grid(model, images, steps, title, names, _positions(steps))


def interpolation_between(folder, between, steps=10, path=None, name=None):
    """The path from the code of one image to that of another, decoded, with the two images at its ends.

    Args:
        folder: The folder of a run whose model encodes and decodes.
        between: The numbers of two test images, or the paths of two image files.
        steps: Codes on the path, including its ends, an integer >= 2. Defaults to 10.
        path: `"linear"` or `"spherical"`. Defaults to `None`: spherical if the prior of the codes is normal, else
            linear.
        name: Name or path of the data with the test images. Defaults to `None`: the run's own.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    run = load_run(folder)
    model = run.model
    require_task("`interpolate` between images", model, "encode")
    if isinstance(between[0], (str, Path)):
        ends = own_images(model, between)
    else:
        ends = rescaled(_numbered(run.load_data(name)[1].x, between), (0, 1), range_of(model))
    codes = model.encode(ends)
    path = path or default_path(model)
    z = latents.interpolate(*codes.reshape(2, -1), steps, path)
    decoded = model.decode(z.reshape(steps, *codes.shape[1:]))
    title = f"{path} path between the codes of two images, decoded"
    names = ["image", *_positions(steps), "image"]
    return grid(model, np.concatenate([ends[:1], decoded, ends[1:]]), steps + 2, title, column_names=names)


def plane(folder, axes=(0, 1), n=20, labels=None, name=None):
    """Decoded points of a plane in latent space: two coordinates vary, all others are 0.

    The coordinates are quantiles, in equal steps of probability: of the prior of a VAE or a GAN; for an autoencoder,
    which has no prior, of the codes of the test images.

    Args:
        folder: The folder of a run whose model decodes or samples.
        axes: The two coordinates, different integers, 0 the first. Defaults to (0, 1).
        n: Points along each axis, an integer >= 1. Defaults to 20.
        labels: Tuple with the name of one class, for a conditional model. Defaults to `None`.
        name: Name or path of the data with the test images, for autoencoders. Defaults to `None`: the run's own.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    run = load_run(folder)
    model = run.model
    if not has_task(model, "sample"):
        require_task("`plane`", model, "encode")
    size = math.prod(latent_shape(model))
    _check_axes(axes, size)
    if model.uses_labels and len(labels or ()) != 1:
        known = ", ".join(run.class_names)
        raise ValueError(f"The plane of a conditional model shows one class. Expected: --labels, one of {known}")
    condition = labelled(run, labels, n * n).values()

    def decode(points):
        z = np.zeros((len(points), size), "float32")
        z[:, list(axes)] = points
        return generated(model, z, *condition)

    names = [f"z[{axis}]" for axis in axes]
    title = f"decoded plane of {' and '.join(names)}" + (f", class {labels[0]}" if labels else "")
    if size > 2:
        title += f"; --axes chooses two of {size} coordinates, the others are 0"
    return plots.manifold(decode, n, range_of(model), title, _coordinates(run, axes, n, name), names)


def latent_shape(model):
    """The shape of one example's latents, or of its code; () for a model without."""
    return (model.latent_dim,) if has_task(model, "sample") else getattr(model, "code_shape", ())


def generated(model, z, *condition):
    """The examples of flat latents or codes `(n, size)`, in a conditional model of the labels `(n,)`."""
    z = z.reshape(-1, *latent_shape(model))
    return model.generate(z, *condition) if has_task(model, "sample") else model.decode(z)


def prior(model):
    """The distribution of a model's latents, "normal" or "uniform", or `None` for an autoencoder, which has none."""
    if not has_task(model, "sample"):
        return None
    return model.latent if isinstance(model, models.AdversarialModel) else "normal"


def default_path(model):
    """The path that stays where latents are likely: "spherical" for several of a normal prior, else "linear"."""
    return "spherical" if prior(model) == "normal" and latent_shape(model) != (1,) else "linear"


def _positions(steps):
    """The positions on a path, as texts: 0 its start, 1 its end."""
    return [f"{position:.2g}" for position in np.linspace(0, 1, steps)]


def _coordinates(run, axes, n, name):
    """The coordinates along two axes, or `None` for quantiles of N(0, 1)."""
    model, steps = run.model, plots.latents.probabilities(checks.integer("n", n))
    if not has_task(model, "sample"):
        x = rescaled(run.load_data(name)[1].x, (0, 1), range_of(model))
        return np.quantile(model.encode(x).reshape(len(x), -1)[:, list(axes)], steps, axis=0).T
    return (2 * steps - 1,) * 2 if prior(model) == "uniform" else None


def _numbered(x, numbers):
    """The images of these numbers."""
    if any(checks.integer("--between", number, minimum=0) >= len(x) for number in numbers):
        received = ",".join(map(str, numbers))
        raise ValueError(f"--between takes numbers of test images. Expected: 0 to {len(x) - 1}. Received: {received}")
    return x[list(numbers)]


def _check_axes(axes, size):
    if size < 2:
        raise ValueError(f"A plane needs two latent dimensions or more. Received: {size}")
    if len(axes) != 2 or len(set(axes)) != 2 or not all(0 <= axis < size for axis in axes):
        received = ",".join(map(str, axes))
        raise ValueError(
            f"--axes are two different coordinates. Expected: two of 0 to {size - 1}, such as 0,1. Received: {received}"
        )
