"""A softmax regression, and images that it misclassifies after one step along the sign of the gradient (FGSM).

python recipes/fgsm_softmax.py [--data mnist]

Args:
    epsilon: Change of every pixel, of a range of 1.
"""

import keras
import numpy as np
from keras import layers

from keras_gen import models, plots
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.input_optimization import adversarial


@recipe
def main(data="mnist", epsilon=0.25, epochs=10, batch_size=100, learning_rate=1e-3, seed=0):
    train, test = load(data)
    classes = int(train.y.max()) + 1
    network = keras.Sequential([keras.Input(train.x.shape[1:]), layers.Flatten(), layers.Dense(classes)])
    model = models.Classifier(network, value_range=(0, 1))
    model.compile(keras.optimizers.Adam(learning_rate))
    history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2).history
    attacked = adversarial.fgsm(model, test.x, test.y, epsilon)
    found = adversarial.report(model, test.x, attacked, test.y)

    shown = np.flatnonzero((model.classify(test.x) == test.y) & (model.classify(attacked) != test.y))[:10]
    rows = {"images": test.x[shown], "changes": 0.5 + (attacked - test.x)[shown] / 2, "attacked": attacked[shown]}
    mnist = data == "mnist" and epsilon == 0.25
    bounds = {"at_least": 99.4, "at_most": 100.0, "reference": "Goodfellow et al. 2015: 99.9"} if mnist else {}
    findings = [
        Finding("test error, %", 100 * found.clean_error),
        Finding("error of the attacked images, %", 100 * found.attacked_error, **bounds),
        Finding("mean confidence in the wrong classes, %", 100 * found.confidence, reference="79.3"),
        Finding("error after a rotation by 5 degrees and a blur, %", 100 * (found.after_rotation_and_blur or 0)),
    ]
    return Outcome(model, findings, {"attacked": plots.image_rows(rows)}, history)
