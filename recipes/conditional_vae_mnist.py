"""A conditional VAE of MNIST: digits of a given class, and test digits in all classes with their own style.

A classifier that is trained on real images alone says whether samples, and the other digits in an image's style, are of
their class.

Args:
    moved: Test images that are decoded in all classes.
"""

import keras
import numpy as np

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import sample_metrics


@recipe
def main(
    data="mnist", latent_dim=10, units=(400, 400), epochs=40, batch_size=100, samples=10000, moved=1000, seed=0,
    width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    classes = int(train.y.max()) + 1
    (frechet,) = sample_metrics("frechet", train, test, samples)
    train, test = (part._replace(x=(part.x + 1) / 2) for part in (train, test))
    options = {"latent_dim": latent_dim, "num_classes": classes, "units": units, "width": width}
    model = presets.build("conditional-vae", train.x.shape[1:], **options)
    model.compile(keras.optimizers.Adam(cosine_decay(1e-3, len(train.x), epochs, batch_size)))
    with Timer() as timer:
        history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)

    def confirmed(images, labels):
        """The share of images, in %, that the classifier assigns to their class."""
        found = frechet.features.probabilities(frechet.features(2 * images - 1, (-1, 1))).argmax(axis=1)
        return 100 * np.mean(found == labels)

    labels = np.arange(frechet.n) % classes
    drawn = model.sample(len(labels), seed + 1, labels)
    x, y = test.x[:moved], test.y[:moved]
    codes, others = model.encode(x, y), np.tile(np.arange(classes), len(x))
    in_all_classes = model.decode(np.repeat(codes, classes, axis=0), others)
    by_image = in_all_classes.reshape(len(x), classes, *x.shape[1:])
    shown = np.concatenate([x[:, None], by_image], axis=1)[:10].reshape(-1, *x.shape[1:])
    rows = np.repeat(np.arange(classes), 10)
    figures = {
        "samples": plots.image_grid(model.sample(len(rows), seed=seed, labels=rows), 10, title="a class in each row"),
        "styles": plots.image_grid(shown, classes + 1, title="a test image, and all classes in its style"),
    }
    reconstruction, kl = (
        model.evaluate(test.x, test.y, batch_size=1000, verbose=0, return_dict=True)[name]
        for name in ("reconstruction", "kl")
    )
    findings = [
        Finding("test error of the classifier, %", 100 - confirmed(test.x, test.y), at_most=1.0),
        Finding("samples that it assigns to their class, %", confirmed(drawn, labels), at_least=97.0),
        Finding("test images, decoded in all classes, that it assigns to them, %", confirmed(in_all_classes, others)),
        Finding(frechet.name, frechet.score(2 * drawn - 1)),
        Finding("test negative ELBO given the class, nats", reconstruction + kl),
        Finding("minutes of training", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
