"""A conditional GAN of MNIST: digits of a given class, checked by a classifier trained only on real images."""

import numpy as np

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import frechet_findings, sample_metrics, vae_samples


@recipe
def main(data="mnist", epochs=10, batch_size=64, filters=16, ema=0.999, samples=10000, seed=0, width=1.0):
    train, test = load(data, value_range=(-1, 1))
    (frechet,) = sample_metrics("frechet", train, test, samples)
    classes = int(train.y.max()) + 1
    options = {"num_classes": classes, "filters": filters, "ema": ema, "width": width}
    model = presets.build("conditional-gan", train.x.shape[1:], **options)
    with Timer() as timer:
        history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)

    labels = np.arange(frechet.n) % classes
    drawn = model.sample(len(labels), seed=seed + 1, labels=labels)
    vae = vae_samples(train.x, len(labels), timer.seconds, batch_size, width, seed)

    def classify(images):
        return frechet.features.probabilities(frechet.features(images, (-1, 1))).argmax(axis=1)

    rows = np.repeat(np.arange(classes), 10)
    grid = model.sample(len(rows), seed=seed, labels=rows)
    figures = {"samples": plots.image_grid(grid, 10, (-1, 1), title="ten samples of each class, one class in a row")}
    findings = [
        Finding("test error of the classifier, %", 100 * np.mean(classify(test.x) != test.y), at_most=1.0),
        Finding("samples that it assigns to their class, %", 100 * np.mean(classify(drawn) == labels), at_least=97.0),
        *frechet_findings(frechet, drawn, train.x, vae),
        Finding("minutes of training, each model", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
