"""Small smooth networks of images, whose layers have the same names."""

import keras
from keras import layers

from keras_gen.models import Classifier


def parts(softmax=False):
    return [
        layers.Conv2D(4, 3, padding="same", activation="tanh", name="conv"),
        layers.AveragePooling2D(2, name="pool"),
        layers.Conv2D(5, 3, padding="same", activation="softplus", name="deep"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, "softmax" if softmax else None, name="logits"),
    ]


def functional(shape=(8, 6, 1)):
    return keras.Sequential([keras.Input(shape), *parts()])


def nested(shape=(8, 6, 1)):
    """A model within a model, that ends in a softmax; a skip leads around its convolutions."""
    inputs = inner_inputs = keras.Input(shape)
    conv, pool, deep, mean, logits = parts(softmax=True)
    hidden = pool(conv(inner_inputs))
    inner = keras.Model(inner_inputs, layers.Concatenate()([hidden, deep(hidden)]), name="inner")
    return keras.Model(inputs, logits(mean(inner(inputs))))


def classifier(shape=(8, 6, 1)):
    return Classifier(functional(shape), value_range=(0, 1))


def linear(weights, shape):
    """A classifier whose logits are linear: `weights` is `(values, classes)`."""
    dense = layers.Dense(weights.shape[1], name="logits")
    network = keras.Sequential([keras.Input(shape), layers.Flatten(), dense])
    dense.kernel.assign(weights)
    return network
