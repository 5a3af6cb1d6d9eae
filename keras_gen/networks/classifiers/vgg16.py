"""VGG-16, which is that of `keras.applications`."""

import keras
from keras import layers, ops

from keras_gen import checks
from keras_gen.networks.parts import image_shape, narrowed, normalized, rectified, require_sides

_SMALLEST = 32  # the side that five poolings leave one pixel
_PUBLISHED = ((224, 224, 3), 1000)  # what the dense layers of ImageNet's weights fit
MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet, as in keras.applications.vgg16.preprocess_input


def vgg16(
    input_shape, num_classes, width=1.0, weights=None, normalization=None, dropout=0.0, name="vgg16"
):  # fmt: skip
    """VGG-16, configuration D, of `keras.applications`: thirteen convolutions of 3x3 and three dense layers, to logits.

    With ImageNet's weights its first layers turn pixels in [0, 1] into those that the weights were trained on.

    Args:
        input_shape: One image's shape `(height, width, channels)`, with sides of 32 or more.
        num_classes: Number of classes, an integer >= 2.
        width: Factor of all hidden widths, a number > 0. Defaults to 1; others narrow or widen the layers of
            `keras.applications` one by one.
        weights: `None` for random ones, or `"imagenet"`, which downloads 58 MB, for images of three channels and width
            1. The dense layers have ImageNet's weights, too, for images of 224x224 and 1000 classes, which downloads
            528 MB; for others they are new. Defaults to `None`.
        normalization: `"batch"` for batch normalisation after every convolution, which is then without a bias and
            starts from He's weights, or `None`, as published; for `weights=None`. Defaults to `None`.
        dropout: Share of the inputs of `fc2` and `predictions` that are set to 0 at random in training, in [0, 1);
            published: 0.5. Defaults to 0, as in `keras.applications`.
        name: The network's name. Defaults to `"vgg16"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits `(batch, num_classes)`, with the names of
        layers of `keras.applications`: `block1_conv1` to `block5_pool`, `flatten`, `fc1`, `fc2`, `predictions`.

    Raises:
        ValueError: If the image is too small, or the weights do not fit.

    Example:

    >>> network = vgg16((32, 32, 3), 10, width=0.1)
    >>> network.output_shape, network.get_layer("fc2").output.shape
    ((None, 10), (None, 410))

    Reference:
        Simonyan and Zisserman, 2015, arXiv:1409.1556, table 1, configuration D; dropout: section 3.1.
    """
    shape, num_classes = image_shape("input_shape", input_shape), checks.integer("num_classes", num_classes, minimum=2)
    width, pretrained = checks.positive("width", width), weights is not None
    require_sides(shape, _SMALLEST, "VGG-16")
    checks.choice("weights", weights, ["imagenet"], optional=True)
    checks.choice("normalization", normalization, ["batch"], optional=True)
    dropout = checks.rate("dropout", dropout)
    if pretrained and (shape[2] != 3 or width != 1):
        raise ValueError(
            "`weights='imagenet'` need the published network. Expected: images of 3 channels, width=1. "
            f"Received: {shape[2]} channels, width={width:g}"
        )
    if pretrained and normalization is not None:
        raise ValueError(
            "`weights='imagenet'` were trained without normalisation. Expected: normalization=None. "
            f"Received: normalization={normalization!r}"
        )
    inputs = keras.Input(shape, name="x")
    hidden = layers.Rescaling(255.0, [-mean for mean in MEAN_BGR])(ops.flip(inputs, axis=-1)) if pretrained else inputs
    published = width == 1 and normalization is None
    whole = published and not dropout and (not pretrained or (shape, num_classes) == _PUBLISHED)
    options = {"classes": num_classes, "classifier_activation": None} if whole else {}
    network = keras.applications.VGG16(whole, weights, hidden, shape, **options)
    if not published:
        network = _resized(network, width, normalization)
    hidden = network.outputs[0]
    if not whole:
        hidden = layers.Flatten(name="flatten")(hidden)
        for layer_name in ("fc1", "fc2"):
            hidden = layers.Dense(narrowed(4096, width), "relu", name=layer_name)(hidden)
            hidden = layers.Dropout(dropout)(hidden) if dropout else hidden
        hidden = layers.Dense(num_classes, name="predictions")(hidden)
    return keras.Model(network.inputs[0], hidden, name=name)


def _resized(network, width, normalization):
    """The convolutions anew, with other widths and with batch normalisation or without."""

    def made(layer):
        config = layer.get_config()
        if isinstance(layer, layers.Conv2D):
            config["filters"] = narrowed(config["filters"], width)
            if normalization is not None:
                config.update(rectified(activation=None), use_bias=False)
        return type(layer).from_config(config)

    def called(layer, *inputs, **options):
        hidden = layer(*inputs, **options)
        return normalized(hidden) if normalization is not None and isinstance(layer, layers.Conv2D) else hidden

    return keras.models.clone_model(network, clone_function=made, call_function=called)
