"""Training options that are not arguments of the model: they become callbacks, or choose the images."""

import typing

import keras
import numpy as np

from keras_gen import callbacks, checks, data, models, presets
from keras_gen.arguments import REQUIRED, arguments_of
from keras_gen.data.labels import require_labels
from keras_gen.lazy_arrays import taken

_EXAMINED = 64  # examples and samples that the training doctor looks at


class TrainingContext(typing.NamedTuple):
    """What callbacks need.

    The run's `folder` and `settings`, its `batches`, the images `shown` in pictures, and whether to be `verbose`.
    """

    folder: object
    settings: object
    batches: object
    shown: tuple = ()
    verbose: object = 1


def _every(training, minutes: float | None = None, tensorboard=False, doctor=True, save_every=0):
    """Callbacks of all models.

    Args:
        minutes: Minutes after which training stops; the current epoch then counts as finished. No limit by default.
        tensorboard: Whether to write logs for TensorBoard into the run's folder.
        doctor: Whether to report problems in training, such as dead units or an unused code, when they begin.
        save_every: Steps between two savings within an epoch, from which --resume goes on; 0 to save after each epoch
            alone.
    """
    seconds = None if minutes is None else 60 * checks.positive("--minutes", minutes)
    verbose = int(training.verbose != 0)
    found = [callbacks.StopAfter(seconds, verbose, "--width 0.25 takes less time, --minutes 10 ends it in time.")]
    if tensorboard:
        found.append(keras.callbacks.TensorBoard(training.folder / "tensorboard"))
    if doctor:
        patience = max(1, min(3, training.settings.epochs // 10))
        options = {"samples": _EXAMINED, "patience": patience, "verbose": verbose}
        found.append(callbacks.TrainingDoctor(**_examples(training), **options))
    if checks.integer("--save-every", save_every, minimum=0):
        path = callbacks.RunFolder(training.folder).model_path
        found.append(callbacks.StepCheckpoint(path, save_every, verbose))
    return found


def _examples(training):
    """Real examples, and their classes, that the training doctor compares samples with; {} if they are all alike."""
    model = presets.PRESETS[training.settings.model].model
    if "translate" in model.tasks or training.batches is None:
        return {}
    sources = training.batches.sources
    rows = np.linspace(0, sources[0].size - 1, min(_EXAMINED, sources[0].size)).astype("int64")
    x, *labels = (source.rows(rows).numpy() for source in sources)
    if issubclass(model, models.AdversarialModel) and x.min() >= 0:
        return {}  # of bright images in [-1, 1] a few can look as if they were in [0, 1]
    if "sample" not in model.tasks or not labels or labels[0].min() < 0:
        return {"x": x} if (x != x[:1]).any() else {}
    alike = [(x[labels[0] == label] == x[labels[0] == label][:1]).all() for label in np.unique(labels[0])]
    return {} if all(alike) else {"x": x, "labels": labels[0]}


def _warm_up(training, kl_warmup=0):
    """Callbacks of models with a likelihood.

    Args:
        kl_warmup: Epochs in which the weight of the KL divergence rises from 0 to `beta`, to avoid unused codes; 0 for
            `beta` from the start.
    """
    checks.integer("--kl-warmup", kl_warmup, minimum=0)
    if kl_warmup and training.settings.options.get("importance_samples", 1) > 1:
        raise ValueError("--kl-warmup needs a separate KL. Expected: --importance-samples 1. Received: both")
    return [callbacks.KLWarmup(kl_warmup)] if kl_warmup else []


def _sample(training, sample_every=0):
    """Callbacks of models that sample.

    Args:
        sample_every: Epochs between two pictures of samples in the run's folder; 0 for none.
    """
    names = training.settings.class_names or ()
    checks.integer("--sample-every", sample_every, minimum=0)
    return [callbacks.SampleImages(training.folder, sample_every, class_names=names)] if sample_every else []


def _pretrain(training, pretrain_epochs=10, pretrain_corruption=0.2):
    """Callbacks of stacked autoencoders.

    Args:
        pretrain_epochs: Epochs in which each layer is trained alone before all are trained together; 0 for none.
        pretrain_corruption: Share of each layer's inputs that are set to 0 in pretraining, in [0, 1).
    """
    if not checks.integer("--pretrain-epochs", pretrain_epochs, minimum=0):
        return []
    options = {"corruption": pretrain_corruption, "checkpoint": callbacks.RunFolder(training.folder).model_path}
    return [callbacks.GreedyPretraining(training.batches, pretrain_epochs, **options)]


def _translate(training, constant_epochs=100, decay_epochs=100, picture_every=0):
    """Callbacks of models that translate.

    Args:
        constant_epochs: Epochs before the learning rate begins to fall.
        decay_epochs: Epochs after these in which it falls to 0.
        picture_every: Epochs between two pictures of translations; 0 for one at the end.
    """
    decay = callbacks.LinearDecay(training.settings.options["learning_rate"], constant_epochs, decay_epochs)
    pictures = [callbacks.TranslationImages(training.folder, *training.shown, picture_every)] if picture_every else []
    return [decay, *pictures]


def image_set(settings, size: int | None = None, channels: int | None = None):
    """The pair (train, test) of `data.Split` that a model of one set of images is trained with.

    Args:
        size: Side to which images are centre-cropped and resized. [default: as in the data; 64 if they have
            several sizes]
        channels: 1 for grey or 3 for colours. [default: 3 if any file stores colours]
    """
    return data.load(settings.data, size=size, channels=channels)


def few_labels(settings, size: int | None = None, channels: int | None = None, labelled=0):
    """As `image_set`, for a model that needs few labels.

    Args:
        size: As in `image_set`: side to which images are centre-cropped and resized. [default: as in the data; 64 if
            they have several sizes]
        channels: 1 for grey or 3 for colours. [default: 3 if any file stores colours]
        labelled: Number of training images whose labels are used, the same number of each class; 0 for all.
    """
    return image_set(settings, size, channels)


def with_few_labels(split, labelled):
    """A `data.Split` that keeps the labels of the first images of each class, `labelled` in all, and -1 for others.

    The labelled images are repeated until they are a tenth of the others, so that every batch has some; 0 keeps all.
    """
    if not labelled:
        return split
    require_labels(split.y)
    classes = np.unique(split.y)
    if not len(classes) <= labelled <= len(split.y):
        raise ValueError(
            f"--labelled must be enough for each class. Expected: {len(classes)} to {len(split.y)}, or 0 for all. "
            f"Received: {labelled}"
        )
    places = np.concatenate([np.flatnonzero(split.y == label)[: labelled // len(classes)] for label in classes])
    known = np.full(len(split.y), -1)
    known[places] = split.y[places]
    every = np.concatenate([np.arange(len(known)), np.resize(places, max(0, len(known) // 10 - len(places)))])
    return split._replace(x=taken(split.x, every), y=known[every])


def image_sets(settings, x="", y="", size=128, channels: int | None = None):
    """The `data.UnpairedPipeline` of the two sets that a model translates between.

    Args:
        x: A folder of images, or a tensorflow-datasets set and its split.
        y: The other set; not needed if `x` is a tensorflow-datasets set without a split.
        size: Side to which images are centre-cropped and resized, divisible by 4.
        channels: 1 for grey or 3 for colours. [default: 3 if any file stores colours]
    """
    if not x:
        raise ValueError("--x is missing. Expected: a folder of images, or a set. Received: none")
    _require_divisible("--size", size, 4)  # before the folders are read
    pairs = data.unpaired(x, y or None, size, settings.batch_size, seed=settings.seed, channels=channels or None)
    return _of_equal_channels(pairs)


def image_pairs(settings, x="", y="", size=128, channels: int | None = None):
    """The `data.PairedPipeline` that a model of pairs is trained with.

    Args:
        x: A folder of images; or, without `y`, of pictures that show an image and its counterpart side by side.
        y: A folder of their counterparts, with the same names.
        size: Side to which images are centre-cropped and resized, divisible by 4.
        channels: 1 for grey or 3 for colours. [default: 3 if any file stores colours]
    """
    if not x:
        raise ValueError("--x is missing. Expected: a folder of images. Received: none")
    _require_divisible("--size", size, 4)
    pairs = data.paired(x, y or None, size, settings.batch_size, seed=settings.seed, channels=channels or None)
    return _of_equal_channels(pairs)


_CROP = 64  # side of random parts of larger images


def degraded_images(settings, x="", size=128, crop: int | None = None, scale=4, channels: int | None = None):
    """The `data.DegradedPipeline` that a model of super-resolution is trained with.

    Args:
        x: A folder of images, or a tensorflow-datasets set and its split.
        size: Side to which images are centre-cropped and resized.
        crop: Side of the random part of an image that is used in training, divisible by `scale`. [default: 64, or the
            size if it is smaller]
        scale: Factor of the sides, a power of two.
        channels: 1 for grey or 3 for colours. [default: 3 if any file stores colours]
    """
    if not x:
        raise ValueError("--x is missing. Expected: a folder of images, or a set. Received: none")
    name = "--crop"
    if crop is None:
        name, crop = ("--size", size) if size < _CROP else (name, _CROP)
    _require_divisible(name, crop, checks.power_of_two("--scale", scale))
    if size < crop:
        raise ValueError(f"--size must hold --crop. Expected: at least {crop}. Received: {size}")
    options = {"seed": settings.seed, "channels": channels or None}
    return data.degraded(x, scale, size, crop, settings.batch_size, **options)


def _require_divisible(name, side, divisor):
    if side % divisor or side < 1:
        near = max(divisor, divisor * round(side / divisor))
        raise ValueError(f"{name} must be divisible by {divisor}. Expected: such as {near}. Received: {side}")


def _of_equal_channels(pairs):
    shape, other = pairs.shapes
    if shape != other:
        raise ValueError(
            f"x and y must have the same channels. Expected: --channels 1 or 3 for both. Received: {shape[-1]} in x, "
            f"{other[-1]} in y"
        )
    return pairs


# By the name of the preset or a task of the model, the first that fits
_IMAGES = {
    "semi-supervised-vae": few_labels,
    "srresnet": degraded_images,
    "srgan": degraded_images,
    "cycle": image_sets,
    "translate": image_pairs,
}
# By a task of the model or the name of the preset; their arguments with a default are options of the training
_CALLBACKS = {
    "likelihood": _warm_up,
    "conditional-vae": _warm_up,
    "semi-supervised-vae": _warm_up,
    "sample": _sample,
    "translate": _translate,
    "stacked": _pretrain,
}


def images_of(name):
    """The function of this module that loads the images that a preset is trained with."""
    tasks = presets.PRESETS[name].model.tasks
    return next((function for key, function in _IMAGES.items() if key == name or key in tasks), image_set)


def options_of(name):
    """The options of training a preset, by name: its arguments, and those of its training."""
    options = dict(presets.PRESETS[name].arguments)
    for function in (images_of(name), *_functions(name)):
        options |= _own_options(function)
    return options


def callbacks_of(training):
    """The Keras callbacks that the settings of a `TrainingContext` ask for."""
    settings = training.settings
    return [
        callback for build in _functions(settings.model) for callback in build(training, **options_for(build, settings))
    ]


def _functions(name):
    tasks = presets.PRESETS[name].model.tasks
    return [_every, *(function for key, function in _CALLBACKS.items() if key == name or key in tasks)]


def _own_options(function):
    return {name: argument for name, argument in arguments_of(function).items() if argument.default is not REQUIRED}


def options_for(function, settings):
    """The options of a run that a function takes."""
    return {name: settings.options[name] for name in _own_options(function) if name in settings.options}
