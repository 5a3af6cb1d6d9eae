"""What the commands do: a run's folder in, files and printed lines out."""

import inspect
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, checks, data, metrics, plots, presets
from keras_gen.cli.settings import Settings
from keras_gen.files import written_beside
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
    checks.choice("model", settings.model, presets.PRESETS)
    run = callbacks.RunFolder(folder)
    exists = run.model_path.exists()
    if exists and not resume:
        raise ValueError(f"'{folder}' already holds a model. Expected: a new folder for --out, or --resume")
    if exists:
        settings = Settings.read(folder).continued(settings, given)
    if settings.kl_warmup and settings.importance_samples > 1:
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
        model = _new_model(settings, train_set.x.shape[1:])
    settings.write(folder)
    if not exists:
        model.save(run.model_path)  # a folder that cannot be written to is found before the training
    if model.epochs_completed >= settings.epochs:
        typer.echo(f"Nothing to train: {model.epochs_completed} epochs are done, {settings.epochs} asked for.")
    else:
        every = settings.sample_every
        model.fit(
            batches,
            epochs=settings.epochs,
            initial_epoch=model.epochs_completed,
            validation_data=test_x,
            validation_batch_size=settings.batch_size,
            verbose="auto",
            callbacks=[
                *([callbacks.KLWarmup(settings.kl_warmup)] if settings.kl_warmup else []),
                *([callbacks.SampleImages(folder, every)] if every else []),
                run,
            ],
        )
    loss = model.evaluate(test_x, batch_size=settings.batch_size, return_dict=True, verbose=0)["loss"]
    written = _draw_pictures(model, run, test_x, test_set.y, settings.seed)
    typer.echo(f"In {folder}: model.keras, history.csv, settings.json, {', '.join(written)}")
    typer.echo(f"Validation loss after {model.epochs_completed} epochs: {loss:.3f} nats")


def sample(folder, n, seed, out):
    """A grid of samples."""
    _write(plots.image_grid(load_run(folder)[0].sample(n, seed=seed)), out)


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
        nll, error = metrics.negative_log_likelihood(model, x, samples=nll_samples)
        typer.echo(f"nll[importance,samples={nll_samples}]: {nll:.4f} +- {error:.4f}")


def load_run(folder):
    """The pair (model, settings) of a run's folder."""
    settings = Settings.read(folder)
    return load_model(callbacks.RunFolder(folder).model_path), settings


def _new_model(settings, example_shape):
    return presets.build(
        settings.model,
        example_shape,
        latent_dim=settings.latent_dim,
        width=settings.width,
        learning_rate=settings.learning_rate,
        importance_samples=settings.importance_samples,
        reconstruction=settings.reconstruction,
        beta=settings.beta,
    )


def _draw_pictures(model, run, x, labels, seed):
    shown = np.array(x[:10])
    z = model.encode(x[:5000])
    title = f"codes of the test set, {model.latent_dim} dimensions"
    if z.shape[1] > 3:
        from sklearn.decomposition import PCA

        z, title = PCA(2).fit_transform(z), f"{title}: their two principal components"
    figures = {
        "samples.png": plots.image_grid(model.sample(64, seed=seed)),
        "reconstructions.png": plots.image_rows({"input": shown, "reconstruction": model.reconstruct(shown)}),
        "history.png": plots.history_curves(run.history()),
    }
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
