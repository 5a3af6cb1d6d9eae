"""Figures of a run: samples, interpolations, reconstructions and codes, each a `matplotlib.figure.Figure`."""

import numpy as np

from keras_gen import latents, plots
from keras_gen.runs.loading import load_run
from keras_gen.training.tasks import require_task

_NAMED = 10  # classes that a title names


def samples(folder, n=64, seed=None, labels=None):
    """A grid of samples.

    Args:
        folder: The folder of a run whose model samples.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer, or `None` for other samples at each call. Defaults to `None`.
        labels: Names of the classes to sample in turn, for a conditional model. Defaults to `None`: all of them.
    """
    run = load_run(folder)
    require_task("`sample`", run.model, "sample")
    condition = _labelled(run, labels, n)
    title = f"classes in turn: {_listed(labels or run.class_names)}" if condition else None
    return grid(run.model, run.model.sample(n, seed=seed, **condition), title=title)


def interpolation(folder, rows=8, steps=10, path=None, seed=None, labels=None):
    """Paths between pairs of samples, one in each row.

    Args:
        folder: The folder of a run whose model samples.
        rows: Number of paths, an integer >= 1. Defaults to 8.
        steps: Samples on a path, including its ends, an integer >= 2. Defaults to 10.
        path: `"linear"` or `"spherical"`. Defaults to `None`: linear for uniform latents, because an arc would leave
            their cube, else spherical.
        seed, labels: As in `samples`; the classes are those of the rows.
    """
    run = load_run(folder)
    model, settings = run
    require_task("`interpolate`", model, "sample")
    ends = model.draw_latents(2 * rows, seed)
    path = path or ("linear" if settings.options.get("latent") == "uniform" else "spherical")
    z = np.concatenate([latents.interpolate(*pair, steps, path) for pair in zip(ends[::2], ends[1::2], strict=True)])
    condition = list(_labelled(run, labels, rows).values())
    images = model.generate(z, *(np.repeat(classes, steps) for classes in condition))
    return grid(
        model, images, steps, row_names=[run.class_names[number] for classes in condition for number in classes]
    )


def reconstructions(folder, name=None, n=10):
    """Test images above their reconstructions.

    Args:
        folder: The folder of a run whose model reconstructs.
        name: Name or path of the data. Defaults to `None`: the run's own.
        n: Number of images, an integer >= 1. Defaults to 10.
    """
    run = load_run(folder)
    require_task("`reconstruct`", run.model, "reconstruct")
    return reconstructed(run.model, rescaled(run.load_data(name)[1].x[:n], run.model))


def reconstructed(model, x):
    """Images in the model's range of values above their reconstructions."""
    return plots.image_rows({"input": x, "reconstruction": model.reconstruct(x)}, range_of(model))


def codes(model, x, labels, class_names=None):
    """A scatter of codes in two or three dimensions, by principal components if there are more; `None` for one."""
    z = model.encode(x)
    z = z.reshape(len(z), -1)
    title = f"codes of the test set, {z.shape[1]} dimensions"
    if z.shape[1] == 1:
        return None
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
    return plots.latent_scatter(z, None if labels is None else labels[: len(z)], title, class_names)


def grid(model, images, columns=None, title=None, row_names=()):
    """A grid of images in the model's range of values."""
    return plots.image_grid(images, columns, range_of(model), title, row_names)


def range_of(model):
    """The model's range of values, or that of `data.load` where nothing in the model determines one."""
    return model.value_range or (0, 1)


def rescaled(x, model):
    """Pixels in [0, 1] brought to the model's range of values."""
    low, high = range_of(model)
    return x if (low, high) == (0, 1) else x * np.float32(high - low) + np.float32(low)


def in_unit_range(samples, model):
    """Values in the model's range brought to [0, 1]: the inverse of `rescaled`."""
    low, high = range_of(model)
    return samples if (low, high) == (0, 1) else (samples - np.float32(low)) / np.float32(high - low)


def _labelled(run, labels, n):
    """The argument `labels` of n samples of classes in turn."""
    if labels is None and not run.class_names:
        return {}
    numbers = np.arange(len(run.class_names)) if labels is None else run.class_numbers(labels)
    return {"labels": np.resize(numbers, n)}


def _listed(names):
    names = list(map(str, names))
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
