"""A GAN with an encoder: digits, their reconstructions, and a linear classifier on the codes, against pixels and a VAE.

Args:
    labelled: Training images with labels for the classifiers.
    latent_dim: Width of the codes.
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_gen import plots, presets
from keras_gen.callbacks import StopAfter
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.plots.palette import BLUE


@recipe
def main(data="mnist", labelled=60000, epochs=10, batch_size=128, latent_dim=400, seed=0, width=1.0):
    train, test = load(data, value_range=(-1, 1))
    shape, y = train.x.shape[1:], train.y[:labelled]
    model = presets.build("bigan", shape, latent_dim=latent_dim, width=width)
    with Timer() as timer:
        history = model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
    vae = presets.build("vae", shape, latent_dim=latent_dim, width=width)
    options = {"batch_size": batch_size, "epochs": 100 * epochs, "verbose": 0}
    vae.fit((train.x + 1) / 2, callbacks=[StopAfter(timer.seconds)], **options)

    def pixels(x):
        return x.reshape(len(x), -1)

    features = {"pixels": pixels, "codes": model.encode, "codes of a VAE": lambda x: vae.encode((x + 1) / 2)}
    errors = {}
    for name, of in features.items():
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(of(train.x[:labelled]), y)
        errors[name] = 100 * np.mean(classifier.predict(of(test.x)) != test.y)

    axes = Figure(figsize=(6, 3), layout="constrained").subplots()
    axes.barh(list(errors), list(errors.values()), color=BLUE)
    axes.set_xlabel(f"test error of a linear classifier, %, with {len(y)} labelled images")
    rows = {"test images": test.x[:10], "G(E(x))": model.reconstruct(test.x[:10])}
    figures = {
        "samples": plots.image_grid(model.sample(100, seed=seed), 10, (-1, 1), title="samples"),
        "reconstructions": plots.image_rows(rows, (-1, 1)),
        "errors": axes.figure,
    }
    findings = [
        Finding("test error of a linear classifier, %, codes", errors["codes"], at_most=5.0),
        Finding("the same, pixels", errors["pixels"]),
        Finding("the same, codes of a VAE trained as long", errors["codes of a VAE"]),
        Finding("minutes of training, each model", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
