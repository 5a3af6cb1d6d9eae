"""A small VGG for small colour images: test error, confused classes and images that it gets wrong.

python recipes/cifar10_classifier.py [--data FOLDER]

Seven convolutions of 3x3 with batch normalisation, three poolings and one dense layer: VGG-16 itself, with five
poolings and three dense layers, learns such images slowly. AdamW's learning rate rises from zero and falls to zero
again. Layers in front of the network mirror images and shift them by whole pixels at random, in training only.

Args:
    shift: Largest shift of an image in training, as a share of its side; 0 for none.
    weight_decay: Decay of the weights in AdamW.
    warmup: Share of the training in which the learning rate rises.
    width: Factor of the numbers of filters.
"""

import keras
from keras import layers

from keras_gen import callbacks, models, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


def small_vgg(shape, classes, filters):
    """A convolution, and for each further number of filters a convolution, a pooling and a convolution; to logits."""
    inputs = keras.Input(shape)
    hidden = convolution(inputs, filters[0])
    for number in filters[1:]:
        hidden = convolution(convolution(hidden, number, pooled=True), number)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalMaxPooling2D()(hidden)))


def convolution(hidden, filters, pooled=False):
    hidden = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(hidden)
    hidden = layers.MaxPooling2D(2)(hidden) if pooled else hidden
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(hidden))


def augmented(network, shift):
    """The network behind layers that mirror and shift its images in training."""
    changes = [layers.RandomFlip("horizontal")]
    if shift:  # by whole pixels: test images are as sharp as those in training
        changes.append(layers.RandomTranslation(shift, shift, fill_mode="reflect", interpolation="nearest"))
    return keras.Sequential([keras.Input(network.input_shape[1:]), *changes, network])


@recipe
def main(
    data="cifar10", epochs=14, minutes=59.0, batch_size=128, learning_rate=3e-3, shift=0.0625, weight_decay=0.05,
    warmup=0.2, precision="mixed_bfloat16", seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    network = small_vgg(train.x.shape[1:], len(train.class_names), scaled("filters", (32, 64, 192, 256), width))
    model = models.Classifier(augmented(network, shift), value_range=(0, 1))
    schedule = cosine_decay(learning_rate, len(train.x), epochs, batch_size, warmup)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay))
    with Timer() as timer:
        limit = callbacks.StopAfter(60 * minutes)
        history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, callbacks=[limit], verbose=2)
    predicted = model.classify(test.x)
    figures = {
        "confusion": plots.confusion_matrix(test.y, predicted, test.class_names),
        "wrong": plots.wrong_images(test.x, test.y, predicted, test.class_names),
    }
    findings = [
        Finding("test error, %", 100 * (predicted != test.y).mean(), at_most=12.0),
        Finding("weights, thousands", network.count_params() / 1000),
        Finding("epochs begun", len(history.epoch)),
        Finding("minutes of training", timer.minutes, at_most=60.0),
    ]
    return Outcome(model, findings, figures, history.history)
