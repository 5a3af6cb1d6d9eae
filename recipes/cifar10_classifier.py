"""A narrow VGG-16 for small colour images: test error, confused classes and images that it gets wrong.

python recipes/cifar10_classifier.py [--data FOLDER]

Batch normalisation, dropout, AdamW with a learning rate that falls to zero along half a cosine, and images that are
mirrored and shifted by whole pixels at random in training, by layers in front of the network.

Args:
    shift: Largest shift of an image in training, as a share of its side; 0 for none.
    dropout: Share of the dense layers' inputs that are set to 0 at random.
    weight_decay: Decay of the weights in AdamW.
    width: Factor of VGG-16's hidden widths.
"""

import keras

from keras_gen import callbacks, models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load


def augmented(network, shift):
    """The network behind layers that mirror and shift its images in training."""
    changes = [keras.layers.RandomFlip("horizontal")]
    if shift:  # by whole pixels: test images are as sharp as those in training
        changes.append(keras.layers.RandomTranslation(shift, shift, fill_mode="reflect", interpolation="nearest"))
    return keras.Sequential([keras.Input(network.input_shape[1:]), *changes, network])


@recipe
def main(
    data="cifar10", epochs=22, minutes=29.5, batch_size=128, learning_rate=2e-3, shift=0.125, dropout=0.3,
    weight_decay=0.05, precision="mixed_bfloat16", seed=0, width=0.375,
):  # fmt: skip
    train, test = load(data)
    classes = len(train.class_names)
    options = {"width": width, "normalization": "batch", "dropout": dropout}
    network = networks.vgg16(train.x.shape[1:], classes, **options)
    model = models.Classifier(augmented(network, shift), value_range=(0, 1))
    schedule = cosine_decay(learning_rate, len(train.x), epochs, batch_size)
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
        Finding("minutes of training", timer.minutes, at_most=30.0),
    ]
    return Outcome(model, findings, figures, history.history)
