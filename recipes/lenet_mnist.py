"""LeNet-5 on MNIST without augmentation: test error, confused classes and the digits that it gets wrong.

Adam with a little decay of the weights, and a learning rate that falls to zero along half a cosine.

Args:
    dropout: Share of the units set to 0 at random in front of each dense layer.
    weight_decay: Decay of the weights in AdamW.
"""

import keras
import numpy as np

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


@recipe
def main(
    data="mnist", epochs=16, batch_size=100, learning_rate=2e-3, dropout=0.2, weight_decay=0.01, seeds=3, seed=0,
    width=1.0,
):  # fmt: skip
    train, test = load(data)
    classes = int(train.y.max()) + 1
    sizes = scaled("filters", (6, 16), width), scaled("units", (120, 84), width)
    errors, minutes = [], []
    for number in range(seed, seed + seeds):
        keras.utils.set_random_seed(number)
        model = models.Classifier(networks.lenet5(train.x.shape[1:], classes, *sizes, dropout), value_range=(0, 1))
        schedule = cosine_decay(learning_rate, len(train.x), epochs, batch_size)
        model.compile(keras.optimizers.AdamW(schedule, weight_decay))
        with Timer() as timer:
            history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)
        predicted = model.classify(test.x)
        errors.append(100 * np.mean(predicted != test.y))
        minutes.append(timer.minutes)

    figures = {
        "confusion": plots.confusion_matrix(test.y, predicted),
        "wrong": plots.wrong_images(test.x, test.y, predicted, n=100),
    }
    findings = [
        # LeCun et al. 1998, section III.C, figure 9: without distortions
        Finding("test error, %, mean of the seeds", np.mean(errors), at_most=0.80, reference="LeNet-5, 1998: 0.95"),
        *(Finding(f"test error, %, seed {seed + number}", error) for number, error in enumerate(errors)),
        Finding("minutes of training, the longest", max(minutes), at_most=5.0),
    ]
    return Outcome(model, findings, figures, history.history)
