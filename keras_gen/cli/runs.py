"""What the commands do: a run's folder in, files and printed lines out."""

import dataclasses
import inspect
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, checks, data, latents, metrics, plots, presets
from keras_gen.cli.extras import EXTRAS
from keras_gen.cli.options import options_of
from keras_gen.cli.settings import Settings
from keras_gen.files import SEARCH, atomic_write
from keras_gen.metrics.registry import NAMES
from keras_gen.saving import load_model


def catalogue():
    """Lines that name the models and the data."""
    yield "Models:"
    for name, preset in presets.PRESETS.items():
        yield f"  {name:20} {inspect.getdoc(preset).splitlines()[0]}"
    yield "Data:"
    yield f"  {'digits':20} scikit-learn's 1,797 scanned 8x8 digits; needs no network"
    yield f"  {'mnist, cifar10, ...':20} any image set of tensorflow-datasets"
    yield f"  {'PATH':20} a folder of images, .npz or .npy"


def opened(settings, folder, resume, given):
    """A run's folder, whether a model is in it already, and the settings to go on with.

    Args:
        settings: The `Settings` of this call.
        folder: The run's folder.
        resume: Whether to go on with a run that is there.
        given: Names of the options that were given by hand.

    Returns:
        The triple (`RunFolder`, truth value, `Settings`).

    Raises:
        ValueError: If there is a model and it is not to be resumed, or settings differ from the run's.
    """
    run = callbacks.RunFolder(folder)
    exists = run.model_path.exists()
    if exists and not resume:
        raise ValueError(f"'{folder}' already holds a model. Expected: a new folder for --out, or --resume")
    if (run.folder / SEARCH).exists():
        raise ValueError(f"'{folder}' holds a search. Expected: a new folder for --out")
    return run, exists, Settings.read(folder).continued(settings, given) if exists else settings


def train(settings, folder, resume, given):
    """Begin a run, or go on with one."""
    run, exists, settings = opened(settings, folder, resume, given)
    options = settings.options
    if options.get("kl_warmup") and options["importance_samples"] > 1:
        raise ValueError("--kl-warmup needs a separate KL. Expected: --importance-samples 1. Received: both")
    train_set, test_set = data.load(settings.data)
    if "num_classes" in options and "num_classes" not in given and not exists and train_set.y is not None:
        settings = dataclasses.replace(settings, options={**options, "num_classes": int(train_set.y.max()) + 1})
    if train_set.x.ndim != 4 or train_set.x.shape[-1] not in (1, 3):
        raise ValueError(f"Expected: images of 1 or 3 channels. Received: an array of shape {train_set.x.shape}")
    keras.utils.set_random_seed(settings.seed)
    if exists:
        model = load_model(run.model_path)
        run.resume(model.epochs_completed)
    else:
        model = presets.build(settings.model, train_set.x.shape[1:], **accepted(presets.PRESETS, settings))
    binarization = None if settings.binarization == "none" else settings.binarization
    if binarization and settings.model in ("gan", "dcgan", "conditional-gan", "wgan", "wgan-gp"):
        raise ValueError(f"--binarization is for models of a likelihood. Received: {settings.model}")
    moves = model.updates_per_step
    arrays = _arrays(model, train_set)
    model.check_data(*arrays)
    batches = data.Pipeline(
        *arrays, batch_size=settings.batch_size * moves, seed=settings.seed, binarization=binarization
    )
    batches.require(moves)
    test = _test_arrays(model, settings, test_set)
    extras = EXTRAS.get(settings.model, lambda *_: [])
    additions = extras(folder, batches, **accepted(EXTRAS, settings))
    fitted(model, settings, run, exists, batches, additions, test)
    found = model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0)
    written = _draw_pictures(model, run, test[0], test_set.y, settings.seed)
    typer.echo(f"In {folder}: model.keras, history.csv, settings.json, {', '.join(written)}")
    if settings.model in (
        "gan",
        "dcgan",
        "conditional-gan",
        "wgan",
        "wgan-gp",
    ):  # the sum of two players' losses tells nothing
        told = ", ".join(f"{name} {value:.3f}" for name, value in found.items() if name != "loss")
        typer.echo(f"On test images after epoch {model.epochs_completed}: {told}")
        return
    unit = "" if model.reconstruction == "squared_error" else " nats"
    typer.echo(f"Validation loss after epoch {model.epochs_completed}: {found['loss']:.3f}{unit}")


def fitted(model, settings, run, exists, batches, additions, test=None):
    """Write the settings, and train a run's model up to the epochs that were asked for."""
    settings.write(run.folder)
    if not exists:
        model.save(run.model_path)  # a folder that cannot be written to is found before the training
    if model.epochs_completed >= settings.epochs:
        typer.echo(f"Nothing to train: {model.epochs_completed} epochs are done, {settings.epochs} asked for.")
        return
    model.fit(
        batches,
        epochs=settings.epochs,
        initial_epoch=model.epochs_completed,
        validation_data=test,
        validation_batch_size=settings.batch_size,
        verbose="auto",
        callbacks=[*additions, run],
    )


def tune(model, name, search, folder, **options):
    """Search a model's options, and tell what was found."""
    from keras_gen import tuning  # KerasTuner takes a second to import

    train_set, test_set = data.load(name)
    found = tuning.search(train_set.x, search, folder, preset=model, **options)
    for row in found.rows:
        typer.echo(", ".join(f"{key} {_short(value)}" for key, value in row.items()))
    pictures = sorted(path.name for path in Path(folder).glob("*.png"))
    typer.echo(f"In {folder}: {', '.join(['trials.csv', 'best.keras', *pictures])}")
    typer.echo(f"Best: {', '.join(f'{key} {_short(value)}' for key, value in found.best.items())}")
    for key, value in found.chosen.items():
        typer.echo(f"Smallest {key} within one standard error of the best: {_short(value)}")
    error = (
        np.square(test_set.x - found.model().reconstruct(test_set.x)).reshape(len(test_set.x), -1).sum(axis=1).mean()
    )
    typer.echo(f"Test error of the best: {error:.3f}")


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def sample(folder, n, seed, labels, out):
    """A grid of samples."""
    model, settings = load_run(folder)
    _require_samples(model, settings)
    title = f"classes in turn: {labels}" if labels else None
    _write(_grid(model, model.sample(n, seed=seed, **_labelled(model, labels, n)), title=title), out)


def interpolate(folder, rows, steps, path, seed, labels, out):
    """Ways between samples, a row each."""
    model, settings = load_run(folder)
    _require_samples(model, settings)
    ends = model.draw_latents(2 * rows, seed)
    if path is None:  # between uniform latents an arc would leave their cube
        path = "linear" if getattr(model, "latent", "normal") == "uniform" else "spherical"
    z = np.concatenate([latents.interpolate(*pair, steps, path) for pair in zip(ends[::2], ends[1::2], strict=True)])
    if model.uses_labels:
        images = model.generate(z, np.repeat(_labelled(model, labels, rows)["labels"], steps))
    else:
        _labelled(model, labels, rows)
        images = (model.generate if hasattr(model, "generate") else model.decode)(z)
    _write(_grid(model, images, columns=steps), out)


def reconstruct(folder, name, n, out):
    """Test images above their reconstructions."""
    model, settings = load_run(folder)
    if not hasattr(model, "reconstruct"):
        raise ValueError(
            f"This model reconstructs nothing. Expected: a run of an autoencoder. Received: {settings.model}"
        )
    x = data.load(name or settings.data)[1].x[:n]
    _write(plots.image_rows({"input": x, "reconstruction": model.reconstruct(x)}), out)


def evaluate(folder, name, nll_samples, wanted, samples, features, seed):
    """Test losses, likelihood and measures of samples, a line each."""
    model, settings = load_run(folder)
    if settings.model in presets.presets_for("translate"):
        raise ValueError(
            f"`evaluate` is for models of one set. Received: a run of {settings.model}; see its history.csv"
        )
    splits = data.load(name or settings.data)
    test = _test_arrays(model, settings, splits[1])
    samples = samples or len(test[0])
    measures = _measures(model, settings, splits, wanted, samples, features) if wanted else []
    for key, value in model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0).items():
        typer.echo(f"{key}: {value:.4f}")
    if nll_samples:
        if not hasattr(model, "log_weights"):
            raise ValueError(f"This model has no likelihood. Expected: a run of a VAE. Received: {settings.model}")
        nll, error = metrics.negative_log_likelihood(model, test[0], samples=nll_samples)
        typer.echo(f"nll[importance,samples={nll_samples}]: {nll:.4f} +- {error:.4f}")
    drawn = model.sample(samples, seed=seed) if measures else None
    for measure in measures:
        measure.update_state(drawn)
        report = measure.report()
        details = report._asdict() if hasattr(report, "_asdict") else {}
        told = ", ".join(f"{key} {value:.4g}" for key, value in list(details.items())[1:])
        typer.echo(f"{measure.name}: {measure.result():.4f}" + (f" ({told})" if told else ""))


def _measures(model, settings, splits, wanted, samples, features):
    """The metrics asked for, against the test set, in the model's own range of values."""
    from keras_gen.metrics import features as extractors

    _require_samples(model, settings)
    train_set, test_set = splits
    for one in wanted.split(","):  # before a classifier is trained for nothing
        checks.choice("metric", one.strip(), NAMES)
    checks.choice("features", features, ["lenet5", "inception_v3", "identity"])
    if features == "lenet5":
        if train_set.y is None:
            raise ValueError("lenet5 is trained on labels. Expected: labelled data, or --features. Received: no labels")
        typer.echo("Features: LeNet-5, trained on this data once and kept.", err=True)
        extractor = extractors.train_classifier(train_set.x, train_set.y)
    else:
        extractor = getattr(extractors, features)()
    value_range = model.value_range or (0, 1)
    return metrics.by_name(wanted, _scaled(test_set.x, value_range), extractor, value_range, samples)


def _require_samples(model, settings):
    if not hasattr(model, "sample"):
        raise ValueError(f"This model draws no samples. Expected: a run of a VAE or a GAN. Received: {settings.model}")


def _labelled(model, labels, n):
    """The argument `labels` of n samples, from a text such as 3,1,4 whose classes take turns."""
    if not model.uses_labels:
        if labels is not None:
            raise ValueError("--labels are for a conditional model. Received: a model without classes")
        return {}
    if labels is None:
        return {"labels": np.arange(n) % model.num_classes}
    try:
        return {"labels": np.resize([int(label) for label in labels.split(",")], n)}
    except ValueError:
        raise ValueError(f"--labels must be whole numbers with commas between. Received: {labels!r}") from None


def _arrays(model, split):
    """What the model trains on: images in its range, and labels if it uses any."""
    x = _scaled(split.x, model.value_range or (0, 1))
    return (x, split.y) if model.uses_labels else (x,)


def _test_arrays(model, settings, split):
    x, *labels = _arrays(model, split)
    return (data.binarize(x, settings.seed) if settings.binarization != "none" else x, *labels)


def _scaled(x, value_range):
    """Pixels in [0, 1] brought to another range."""
    low, high = value_range
    return x if (low, high) == (0, 1) else x * np.float32(high - low) + np.float32(low)


def _grid(model, images, columns=None, title=None):
    return plots.image_grid(images, columns, value_range=model.value_range or (0, 1), title=title)


def load_run(folder):
    """The pair (model, settings) of a run's folder."""
    settings = Settings.read(folder)
    return load_model(callbacks.RunFolder(folder).model_path), settings


def model_options(model):
    """The options of `train` that one model has of its own: its preset's, and its training's."""
    functions = [table[model] for table in (presets.PRESETS, EXTRAS) if model in table]
    options = {option.name: option for function in functions[::-1] for option in options_of(function)}
    return list(options.values())


def preset_options(model):
    """Those of its preset alone."""
    return options_of(presets.PRESETS[model])


def accepted(table, settings):
    """Those of the options that the model's entry in the table takes."""
    names = {option.name for option in options_of(table[settings.model])} if settings.model in table else ()
    return {name: value for name, value in settings.options.items() if name in names}


def _draw_pictures(model, run, x, labels, seed):
    figures = {"history.png": plots.history_curves(run.history())}
    if hasattr(model, "reconstruct"):
        shown = np.array(x[:10])
        figures["reconstructions.png"] = plots.image_rows({"input": shown, "reconstruction": model.reconstruct(shown)})
        figures.update(_picture_of_codes(model, x[:5000], labels))
    if hasattr(model, "sample"):
        n, columns = (10 * model.num_classes, 10) if model.uses_labels else (64, None)
        chosen = {"labels": np.repeat(np.arange(model.num_classes), 10)} if model.uses_labels else {}
        figures["samples.png"] = _grid(model, model.sample(n, seed=seed, **chosen), columns)
    for name, figure in figures.items():
        with atomic_write(run.folder / name) as path:
            figure.savefig(path)
    return sorted(figures)


def _picture_of_codes(model, x, labels):
    z = model.encode(x)
    z = z.reshape(len(z), -1)
    title = f"codes of the test set, {z.shape[1]} dimensions"
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
    if z.shape[1] == 1:
        return {}
    return {"latent.png": plots.latent_scatter(z, None if labels is None else labels[: len(z)], title)}


def _write(figure, out):
    out = Path(out)
    with atomic_write(out) as path:
        figure.savefig(path)
    typer.echo(f"Wrote {out}")
