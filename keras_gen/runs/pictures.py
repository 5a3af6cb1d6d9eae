"""Figures of a run: samples, interpolations, reconstructions and codes, each a `matplotlib.figure.Figure`."""

import numpy as np

from keras_gen import data, latents, plots
from keras_gen.runs.loading import load_run
from keras_gen.training.tasks import require_task


def samples(folder, n=64, seed=None, labels=None):
    """A grid of samples.

    Args:
        folder: The folder of a run whose model samples.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer, or `None` for other samples at each call. Defaults to `None`.
        labels: Classes to sample in turn, for a conditional model. Defaults to `None`: all of them.
    """
    model, _ = load_run(folder)
    require_task("`sample`", model, "sample")
    title = f"classes in turn: {','.join(map(str, labels))}" if labels else None
    return grid(model, model.sample(n, seed=seed, **_labelled(model, labels, n)), title=title)


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
    model, settings = load_run(folder)
    require_task("`interpolate`", model, "sample")
    ends = model.draw_latents(2 * rows, seed)
    path = path or ("linear" if settings.options.get("latent") == "uniform" else "spherical")
    z = np.concatenate([latents.interpolate(*pair, steps, path) for pair in zip(ends[::2], ends[1::2], strict=True)])
    condition = [np.repeat(classes, steps) for classes in _labelled(model, labels, rows).values()]
    return grid(model, model.generate(z, *condition), columns=steps)


def reconstructions(folder, name=None, n=10):
    """Test images above their reconstructions.

    Args:
        folder: The folder of a run whose model reconstructs.
        name: Name or path of the data. Defaults to `None`: the run's own.
        n: Number of images, an integer >= 1. Defaults to 10.
    """
    run = load_run(folder)
    require_task("`reconstruct`", run.model, "reconstruct")
    return reconstructed(run.model, rescaled(data.load(run.data_name(name))[1].x[:n], run.model))


def reconstructed(model, x):
    """Images in the model's range of values above their reconstructions."""
    return plots.image_rows({"input": x, "reconstruction": model.reconstruct(x)}, range_of(model))


def codes(model, x, labels):
    """A scatter of codes in two or three dimensions, by principal components if there are more; `None` for one."""
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
    return plots.image_grid(images, columns, range_of(model), title)


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


def _labelled(model, labels, n):
    """The argument `labels` of n samples of classes in turn."""
    if not model.uses_labels:
        if labels is not None:
            raise ValueError("--labels are for a conditional model. Received: a model without classes")
        return {}
    return {"labels": np.resize(np.arange(model.num_classes) if labels is None else labels, n)}
