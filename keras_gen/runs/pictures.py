"""Pictures of a run: samples, reconstructions and codes, each a `matplotlib.figure.Figure`, and single images."""

from pathlib import Path

import keras
import numpy as np

from keras_gen import models, plots
from keras_gen.callbacks.pictures import sample_rows
from keras_gen.data.deep_images import WHITE_8, unit
from keras_gen.data.image_files import read_files
from keras_gen.data.images import read_image
from keras_gen.files import atomic_write
from keras_gen.runs.loading import load_run
from keras_gen.seeds import seeded
from keras_gen.training.tasks import has_task, require_task
from keras_gen.value_ranges import rescaled


def samples(folder, n=64, seed=None, labels=None):
    """A grid of samples.

    Args:
        folder: The folder of a run whose model samples.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer, or `None` for different samples at each call. Defaults to `None`.
        labels: Names of the classes to sample in turn, for a conditional model. Defaults to `None`: all of them.

    Returns:
        A `matplotlib.figure.Figure`; each of up to 40 classes has a row, in the order of `labels`.
    """
    run = load_run(folder)
    require_task("`sample`", run.model, "sample")
    return sample_rows(run.model, n, seed, **labelled(run, labels, n), class_names=labels or run.class_names)


def sample_images(folder, out, n=64, seed=None, labels=None):
    """Write samples as the files `00000.png`, `00001.png`, ... of a folder.

    Args:
        folder: The folder of a run whose model samples.
        out: The folder of the images; made if missing.
        n, seed, labels: As in `samples`.
    """
    run = load_run(folder)
    model = run.model
    require_task("`sample`", model, "sample")
    for number, image in enumerate(model.sample(n, seed=seed, **labelled(run, labels, n))):
        save_image(image, range_of(model), Path(out) / f"{number:05d}.png")


def reconstructions(folder, name=None, n=10, files=()):
    """Images above their reconstructions; if training corrupts images, test images above corrupted ones and these.

    Args:
        folder: The folder of a run whose model reconstructs, also with the labels of the images.
        name: Name or path of the data. Defaults to `None`: the run's own.
        n: Number of test images, an integer >= 1. Defaults to 10.
        files: Paths of image files, instead of test images; a warning names those that cannot be read, which are left
            out. Defaults to ().

    Returns:
        A `matplotlib.figure.Figure`.
    """
    run = load_run(folder)
    model = run.model
    if not reconstructs(model):
        require_task("`reconstruct`", model, "reconstruct")
    if files:
        images = own_images(model, files, leave_out=True)  # as they are: a user's may be noisy
        rows = {"input": images, "reconstruction": model.reconstruct(images, *_labels(model, images))}
        return plots.image_rows(rows, range_of(model))
    test = run.load_data(name)[1]
    x = rescaled(test.x[:n], (0, 1), range_of(model))
    return reconstructed(model, x, *_labels(model, x, test.y))


def own_images(model, files, leave_out=False):
    """Image files in the model's size, channels and range of values: float32 array `(n, height, width, channels)`.

    A file that cannot be read is an error or, with `leave_out`, left out with a warning, unless no other is left.
    """
    *size, channels = model.example_shape
    if leave_out:
        images, _ = read_files("`files`", files, list(map(str, files)), size=size, channels=channels)
    else:
        images = np.stack([unit(read_image(path, tuple(size), channels)) for path in files])
    return rescaled(unit(images), (0, 1), range_of(model))


def reconstructs(model):
    """Whether a model reconstructs images, alone or with their labels."""
    return has_task(model, "reconstruct") or _takes_labels(model)


def reconstructed(model, x, *labels):
    """Images in the model's range of values, what training corrupts them to, if it does, and the reconstructions.

    `labels` are those of the images, for a model that reconstructs with them.
    """
    rows = {"input": x}
    if getattr(model, "corruption", None) is not None:
        rows = {"original": x, "corrupted": corrupted(model, x)}
    *_, seen = rows.values()
    return plots.image_rows({**rows, "reconstruction": model.reconstruct(seen, *labels)}, range_of(model))


def corrupted(model, x, seed=0):
    """Images as the model's corruption changes them in training, drawn from `seed`: float32 array of the same shape."""
    with seeded(seed):
        layer = type(model.corruption).from_config(model.corruption.get_config())  # a copy: the model's draws go on
        return keras.ops.convert_to_numpy(layer(x, training=True)).astype("float32")


def _takes_labels(model):
    return isinstance(model, models.ConditionalVAE) and model.uses_labels


def _labels(model, x, y=None):
    """The labels with which a model reconstructs images, as a tuple: `y`, or else its own classes; () without."""
    if not _takes_labels(model):
        return ()
    if y is None and not has_task(model, "classify"):
        raise ValueError(
            f"`reconstruct` with a {type(model).__name__} needs the label of each image. Expected: test images of data "
            "with labels, such as the run's own. Received: images without labels"
        )
    return (model.classify(x) if y is None else y[: len(x)],)


def confusion(run, labels, predicted):
    """The confusion matrix of a run's classifier, from labels and predicted classes `(n,)`."""
    share = np.mean(np.asarray(labels) != predicted)
    title = f"test images: {100 * share:.2f} % wrong"
    return plots.confusion_matrix(labels, predicted, run.class_names, title)


def codes(model, x, labels, class_names=None):
    """A scatter of codes in two or three dimensions, by principal components if there are more; `None` for one.

    A single example has no principal components, and no picture.
    """
    z = model.encode(x)
    z = z.reshape(len(z), -1)
    title, options = f"codes of the test set, {z.shape[1]} dimensions", {}
    if z.shape[1] == 1 or len(z) == 1:
        return None
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
        options = {"axis_names": ("first principal component", "second principal component")}
    return plots.latent_scatter(z, None if labels is None else labels[: len(z)], title, class_names, **options)


def grid(model, images, columns=None, title=None, row_names=(), column_names=()):
    """A grid of images in the model's range of values."""
    return plots.image_grid(images, columns, range_of(model), title, row_names, column_names)


def drawn(folder, drawings):
    """Write pictures into a folder; one that fails does not stop the others, nor what it is drawn after.

    Args:
        folder: The folder.
        drawings: Dict from names to functions of no arguments, which give a figure, a dict of figures, or `None`.

    Returns:
        The sorted names of the files, and a dict from the names of what failed to the reasons.
    """
    files, failed = [], {}
    for name, draw in drawings.items():
        try:
            figures = draw()
            figures = figures if isinstance(figures, dict) else {name: figures}
            files += save_figures(folder, {file: figure for file, figure in figures.items() if figure is not None})
        except Exception as error:  # whatever it is: the model is trained, and its pictures are an addition
            failed[name] = f"{type(error).__name__}: {error}"
    return sorted(files), failed


def save_figures(folder, figures):
    """Write a dict from file names to figures into a folder, and return the sorted names."""
    for name, figure in figures.items():
        with atomic_write(folder / name) as path:
            figure.savefig(path)
    return sorted(figures)


def range_of(model):
    """The model's range of values, or that of `data.load` if nothing in the model determines one."""
    return model.value_range or (0, 1)


def labelled(run, labels, n):
    """The argument `labels` of n samples of classes in turn; {} for a model without classes."""
    if labels is None and not run.class_names:
        return {}
    numbers = np.arange(len(run.class_names)) if labels is None else run.class_numbers(labels)
    return {"labels": np.resize(numbers, n)}


def save_image(image, value_range, path):
    """Write one image, an array `(height, width, channels)`, to an image file."""
    with atomic_write(path) as temporary:
        keras.utils.save_img(temporary, as_pixels(image, value_range), scale=False)


def as_pixels(images, value_range):
    """Images of a range of values as uint8."""
    return np.uint8(np.round(np.clip(rescaled(images, value_range, (0, WHITE_8)), 0, WHITE_8)))
