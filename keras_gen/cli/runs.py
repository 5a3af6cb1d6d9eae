"""What the commands do: a run's folder in, files and printed lines out."""

import inspect
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, data, metrics, plots, presets
from keras_gen.cli.extras import EXTRAS
from keras_gen.cli.options import options_of
from keras_gen.cli.settings import Settings
from keras_gen.files import SEARCH, written_beside
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


def train(settings, folder, resume, given):
    """Begin a run, or go on with one."""
    run = callbacks.RunFolder(folder)
    exists = run.model_path.exists()
    if exists and not resume:
        raise ValueError(f"'{folder}' already holds a model. Expected: a new folder for --out, or --resume")
    if (run.folder / SEARCH).exists():
        raise ValueError(f"'{folder}' holds a search. Expected: a new folder for --out")
    if exists:
        settings = Settings.read(folder).continued(settings, given)
    options = settings.options
    if options.get("kl_warmup") and options["importance_samples"] > 1:
        raise ValueError("--kl-warmup needs a separate KL. Expected: --importance-samples 1. Received: both")
    train_set, test_set = data.load(settings.data)
    if train_set.x.ndim != 4 or train_set.x.shape[-1] not in (1, 3):
        raise ValueError(f"Expected: images of 1 or 3 channels. Received: an array of shape {train_set.x.shape}")
    keras.utils.set_random_seed(settings.seed)
    binarization = None if settings.binarization == "none" else settings.binarization
    batches = data.Pipeline(train_set.x, batch_size=settings.batch_size, seed=settings.seed, binarization=binarization)
    test_x = data.binarize(test_set.x, settings.seed) if binarization else test_set.x
    if exists:
        model = load_model(run.model_path)
        run.resume(model.epochs_completed)
    else:
        model = presets.build(settings.model, train_set.x.shape[1:], **_accepted(presets.PRESETS, settings))
    extras = EXTRAS.get(settings.model, lambda *_: [])
    additions = extras(folder, batches, **_accepted(EXTRAS, settings))
    settings.write(folder)  # only after all that can refuse an option
    if not exists:
        model.save(run.model_path)  # a folder that cannot be written to is found before the training
    if model.epochs_completed >= settings.epochs:
        typer.echo(f"Nothing to train: {model.epochs_completed} epochs are done, {settings.epochs} asked for.")
    else:
        model.fit(
            batches,
            epochs=settings.epochs,
            initial_epoch=model.epochs_completed,
            validation_data=test_x,
            validation_batch_size=settings.batch_size,
            verbose="auto",
            callbacks=[*additions, run],
        )
    loss = model.evaluate(test_x, batch_size=settings.batch_size, return_dict=True, verbose=0)["loss"]
    unit = "" if model.reconstruction == "squared_error" else " nats"
    written = _draw_pictures(model, run, test_x, test_set.y, settings.seed)
    typer.echo(f"In {folder}: model.keras, history.csv, settings.json, {', '.join(written)}")
    typer.echo(f"Validation loss after {model.epochs_completed} epochs: {loss:.3f}{unit}")


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


def sample(folder, n, seed, out):
    """A grid of samples."""
    model, settings = load_run(folder)
    if not hasattr(model, "sample"):
        raise ValueError(f"This model draws no samples. Expected: a run of a VAE. Received: {settings.model}")
    _write(plots.image_grid(model.sample(n, seed=seed)), out)


def reconstruct(folder, name, n, out):
    """Test images above their reconstructions."""
    model, settings = load_run(folder)
    x = data.load(name or settings.data)[1].x[:n]
    _write(plots.image_rows({"input": x, "reconstruction": model.reconstruct(x)}), out)


def evaluate(folder, name, nll_samples):
    """Test losses and likelihood, a line each."""
    model, settings = load_run(folder)
    x = data.load(name or settings.data)[1].x
    if settings.binarization != "none":
        x = data.binarize(x, settings.seed)
    for key, value in model.evaluate(x, batch_size=settings.batch_size, return_dict=True, verbose=0).items():
        typer.echo(f"{key}: {value:.4f}")
    if nll_samples:
        if not hasattr(model, "log_weights"):
            raise ValueError(f"This model has no likelihood. Expected: a run of a VAE. Received: {settings.model}")
        nll, error = metrics.negative_log_likelihood(model, x, samples=nll_samples)
        typer.echo(f"nll[importance,samples={nll_samples}]: {nll:.4f} +- {error:.4f}")


def load_run(folder):
    """The pair (model, settings) of a run's folder."""
    settings = Settings.read(folder)
    return load_model(callbacks.RunFolder(folder).model_path), settings


def model_options(model):
    """The options of `train` that one model has of its own: its preset's, and its training's."""
    functions = [table[model] for table in (presets.PRESETS, EXTRAS) if model in table]
    return [option for function in functions for option in options_of(function)]


def preset_options(model):
    """Those of its preset alone."""
    return options_of(presets.PRESETS[model])


def _accepted(table, settings):
    """Those of the options that the model's entry in the table takes."""
    names = {option.name for option in options_of(table[settings.model])} if settings.model in table else ()
    return {name: value for name, value in settings.options.items() if name in names}


def _draw_pictures(model, run, x, labels, seed):
    shown = np.array(x[:10])
    z = model.encode(x[:5000])
    z = z.reshape(len(z), -1)
    title = f"codes of the test set, {z.shape[1]} dimensions"
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
    figures = {
        "reconstructions.png": plots.image_rows({"input": shown, "reconstruction": model.reconstruct(shown)}),
        "history.png": plots.history_curves(run.history()),
    }
    if hasattr(model, "sample"):
        figures["samples.png"] = plots.image_grid(model.sample(64, seed=seed))
    if z.shape[1] > 1:
        figures["latent.png"] = plots.latent_scatter(z, None if labels is None else labels[: len(z)], title)
    for name, figure in figures.items():
        with written_beside(run.folder / name) as path:
            figure.savefig(path)
    return sorted(figures)


def _write(figure, out):
    out = Path(out)
    with written_beside(out) as path:
        figure.savefig(path)
    typer.echo(f"Wrote {out}")
