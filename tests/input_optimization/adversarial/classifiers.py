"""Classifiers whose boundaries are known, and the attacks with few steps."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization import adversarial

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(8, 3)).astype("float32")
BIAS = np.array([0.1, -0.2, 0.0], "float32")
X = RNG.uniform(0.3, 0.7, (6, 2, 4, 1)).astype("float32")
LABELS = (X.reshape(6, 8) @ WEIGHTS + BIAS).argmax(axis=1)
TARGETS = (LABELS + 1) % 3
RANGE = (-9.0, 10.0)  # so wide that it does not matter, unless a test says so
UNIT = 1 / (RANGE[1] - RANGE[0]) ** 2  # of Carlini and Wagner's weights, whose distance is relative to the range
TARGETED = {
    "fgsm": {"epsilon": 0.3},
    "pgd": {"epsilon": 0.3, "steps": 5},
    "lbfgs": {"steps": 6, "search_steps": 1},
    "carlini_wagner": {"steps": 15, "search_steps": 2, "learning_rate": 0.1, "first_weight": 0.1 * UNIT},
}
UNTARGETED = {**TARGETED, "deepfool": {}}
ALL = {**UNTARGETED, "universal_perturbation": {"epsilon": 0.4, "steps": 10, "starts": 2, "batch_size": 8}}
FEW = {"lbfgs": {"steps": 4, "search_steps": 0}, "carlini_wagner": {"steps": 4, "search_steps": 1}}  # that succeed


def marked(names):
    """Names of attacks as parameters; tests of those in `FEW`, which take many steps, are compiled."""
    return [pytest.param(name, marks=[pytest.mark.compiled] if name in FEW else []) for name in names]


@functools.cache
def linear(activation=None):
    """Three classes of images of 2x4 with linear logits."""
    network = keras.Sequential([keras.Input((2, 4, 1)), layers.Flatten(), layers.Dense(3, activation)])
    network.layers[-1].set_weights([WEIGHTS, BIAS])
    return network


def curved():
    """Ten classes with a hidden layer, of random weights."""
    hidden = [layers.Conv2D(4, 2, activation="tanh"), layers.Flatten(), layers.Dense(10)]
    network = keras.Sequential([keras.Input((2, 4, 1)), *hidden])
    for weight in network.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return network, ops.convert_to_numpy(network(X)).argmax(axis=1)


def attacked(name, model, images=X, labels=LABELS, **options):
    """The attacked images; a universal perturbation is added to them."""
    found = getattr(adversarial, name)(model, images, labels, **{"value_range": RANGE, **ALL[name], **options})
    return images + found if name == "universal_perturbation" else found


def norms(differences, order=2):
    return np.linalg.norm(differences.reshape(len(differences), -1), order, axis=1)


def distances_to_boundary(order):
    """Of each image, in the norm; the gradients of the margins are differences of the weights' columns."""
    logits = X.reshape(6, 8) @ WEIGHTS + BIAS
    dual = {2: 2, np.inf: 1}[order]
    found = np.full((6, 3), np.inf)
    for row, label in enumerate(LABELS):
        for other in set(range(3)) - {label}:
            slope = np.linalg.norm(WEIGHTS[:, other] - WEIGHTS[:, label], dual)
            found[row, other] = (logits[row, label] - logits[row, other]) / slope
    return found
