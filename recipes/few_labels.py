"""Test error of a 3 x 1000 classifier with and without pretraining, from few labels and from all labels.

Args:
    labels: Numbers of labelled training images.
    corruption: Rate of the masking noise in pretraining.
"""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import callbacks, models, networks
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


def fine_tuned(autoencoder, x, y, classes, epochs, batch_size):
    """A classifier that starts from the autoencoder's encoder."""
    classifier = autoencoder.to_classifier(classes)
    # 20 updates or more per epoch, of 10 examples or more
    batch_size = min(batch_size, max(10, len(x) // 20))
    schedule = cosine_decay(1e-3, len(x), epochs, batch_size)
    classifier.compile(keras.optimizers.Adam(schedule))
    classifier.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=2)
    return classifier


@recipe
def main(
    data="mnist", labels=(100, 1000, 60000), epochs=20, pretrain_epochs=15, corruption=0.25, batch_size=100, seed=0,
    width=1.0,
):  # fmt: skip
    train, test = load(data)
    classes = int(train.y.max()) + 1
    widths = [train.x.shape[1:], *scaled("units", (1000, 1000, 1000), width, classes)]
    errors = {"without pretraining": [], "with pretraining": []}
    for name, found in errors.items():
        keras.utils.set_random_seed(seed)
        pair = networks.mlp_autoencoder(widths, activation="sigmoid", code_activation="sigmoid", tied=True)
        autoencoder = models.Autoencoder(*pair, reconstruction="bernoulli")
        autoencoder.compile("adam")
        if name == "with pretraining":
            options = {"corruption": corruption, "verbose": 2}
            pretraining = callbacks.GreedyPretraining(train.x, pretrain_epochs, batch_size, **options)
            autoencoder.fit(train.x, batch_size=batch_size, epochs=1, callbacks=[pretraining], verbose=2)
        for count in labels:
            model = fine_tuned(autoencoder, train.x[:count], train.y[:count], classes, epochs, batch_size)
            found.append(100 * np.mean(model.classify(test.x) != test.y))

    axes = Figure(figsize=(6, 4), layout="constrained").subplots()
    for name, found in errors.items():
        axes.loglog(labels, found, "o-", label=name)
    axes.set(xlabel="labelled training images", ylabel="test error, %")
    axes.legend()
    findings = []
    for count, plain, pretrained in zip(labels, *errors.values(), strict=True):
        # All of MNIST: near 1.31, docs/results.md
        bound = {"at_most": 1.4} if count >= 60000 else {"at_most": plain, "reference": "without pretraining"}
        findings += [
            Finding(f"test error, %, {count} labels, with pretraining", pretrained, **bound),
            Finding(f"test error, %, {count} labels, without pretraining", plain),
        ]
    return Outcome(model, findings, {"errors": axes.figure})
