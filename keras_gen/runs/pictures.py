"""Pictures of what the model of a run makes."""

import numpy as np

from keras_gen import data, latents, plots
from keras_gen.runs.loading import load_run


def samples(folder, n=64, seed=None, labels=None):
    """A grid of samples.

    Args:
        folder: A run's folder.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer, or `None` for others at each call. Defaults to `None`.
        labels: Classes that take turns, of a conditional model. Defaults to `None`: all of them.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the model does not sample, or has no such classes.
    """
    run = load_run(folder)
    run.require("sample", "`sample`")
    title = f"classes in turn: {','.join(map(str, labels))}" if labels else None
    return grid(run.model, run.model.sample(n, seed=seed, **_labelled(run.model, labels, n)), title=title)


def interpolation(folder, rows=8, steps=10, path=None, seed=None, labels=None):
    """Paths between pairs of samples, a row each.

    Args:
        folder: A run's folder.
        rows: Number of paths, an integer >= 1. Defaults to 8.
        steps: Samples of a path, its ends included, an integer >= 2. Defaults to 10.
        path: `"linear"` or `"spherical"`. Defaults to `None`: linear for uniform latents, whose cube an arc would
            leave, else spherical.
        seed, labels: As in `samples`; the classes are those of the rows.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the model does not sample, has no such classes, or the path is unknown.
    """
    run = load_run(folder)
    run.require("sample", "`interpolate`")
    model = run.model
    ends = model.draw_latents(2 * rows, seed)
    path = path or ("linear" if run.settings.options.get("latent") == "uniform" else "spherical")
    z = np.concatenate([latents.interpolate(*pair, steps, path) for pair in zip(ends[::2], ends[1::2], strict=True)])
    condition = [np.repeat(classes, steps) for classes in _labelled(model, labels, rows).values()]
    return grid(model, model.generate(z, *condition), columns=steps)


def reconstructions(folder, name=None, n=10):
    """Test images above their reconstructions.

    Args:
        folder: A run's folder.
        name: Name or path of the data. Defaults to `None`: the run's own.
        n: Number of images, an integer >= 1. Defaults to 10.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the model does not reconstruct.
    """
    run = load_run(folder)
    run.require("reconstruct", "`reconstruct`")
    x = data.load(run.data_name(name))[1].x[:n]
    return plots.image_rows({"input": x, "reconstruction": run.model.reconstruct(x)})


def codes(model, x, labels):
    """A scatter of codes in two or three dimensions, by principal components where there are more; `None` of one."""
    z = model.encode(x)
    z = z.reshape(len(z), -1)
    title = f"codes of the test set, {z.shape[1]} dimensions"
    if z.shape[1] == 1:
        return None
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
    return plots.latent_scatter(z, None if labels is None else labels[: len(z)], title)


def grid(model, images, columns=None, title=None):
    """A grid of images in the model's range of values."""
    return plots.image_grid(images, columns, value_range=model.value_range or (0, 1), title=title)


def rescaled(x, model):
    """Pixels in [0, 1] brought to the model's range of values."""
    low, high = model.value_range or (0, 1)
    return x if (low, high) == (0, 1) else x * np.float32(high - low) + np.float32(low)


def _labelled(model, labels, n):
    """The argument `labels` of n samples, whose classes take turns."""
    if not model.uses_labels:
        if labels is not None:
            raise ValueError("--labels are for a conditional model. Received: a model without classes")
        return {}
    return {"labels": np.resize(np.arange(model.num_classes) if labels is None else labels, n)}
