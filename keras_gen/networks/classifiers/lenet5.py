"""LeNet-5, with the parts of today."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.networks.parts import image_shape

_UNPADDED_FROM = (32, 14)  # sides of the inputs of the published network's two convolutions


def lenet5(input_shape, num_classes, filters=(6, 16), units=(120, 84), dropout=0.0, name="lenet5"):
    """LeNet-5 with modern parts (rectifiers, maximum pooling, logits), for images of any size.

    Two convolutions of 5x5, each with a pooling of 2x2, then dense layers, the last of which is named `features`. The
    convolutions are padded where the image is smaller than the published network's 32x32: a 28x28 image gives maps of
    28, 14, 10 and 5, as there.

    Args:
        input_shape: One image's shape `(height, width, channels)`.
        num_classes: Number of classes, an integer >= 2.
        filters: Channels of the two convolutions. Defaults to (6, 16), as published.
        units: Widths of the dense layers, at least one; the last is the width of the features. Defaults to (120, 84),
            as published.
        dropout: Share of the units that are set to 0 at random in training, in front of each dense layer, in [0, 1).
            Defaults to 0.
        name: The network's name. Defaults to `"lenet5"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits `(batch, num_classes)`, whose layer
        `features` gives `(batch, units[-1])`.

    Example:

    >>> network = lenet5((28, 28, 1), 10)
    >>> network.output_shape, network.get_layer("features").output.shape, network.count_params()
    ((None, 10), (None, 84), 61706)

    Reference:
        LeCun, Bottou, Bengio and Haffner, 1998, Gradient-based learning applied to document recognition, section II.B.
    """
    shape, num_classes = image_shape("input_shape", input_shape), checks.integer("num_classes", num_classes, minimum=2)
    filters, units = checks.widths("filters", filters), checks.widths("units", units)
    dropout = checks.rate("dropout", dropout)
    if len(filters) != 2 or not units:
        raise ValueError(
            "LeNet-5 has two convolutions and dense layers. Expected: two `filters`, at least one entry in `units`. "
            f"Received: filters={filters}, units={units}"
        )
    hidden = inputs = keras.Input(shape, name="x")
    for channels, least in zip(filters, _UNPADDED_FROM, strict=True):
        padding = "valid" if min(hidden.shape[1:3]) >= least else "same"
        hidden = layers.Conv2D(channels, 5, padding=padding, activation="relu")(hidden)
        hidden = layers.MaxPooling2D(2, padding="same")(hidden)
    hidden = layers.Flatten()(hidden)
    for number, width in enumerate(units, start=1):
        if dropout:
            hidden = layers.Dropout(dropout)(hidden)
        hidden = layers.Dense(width, "relu", name="features" if number == len(units) else None)(hidden)
    if dropout:
        hidden = layers.Dropout(dropout)(hidden)
    return keras.Model(inputs, layers.Dense(num_classes, name="logits")(hidden), name=name)
