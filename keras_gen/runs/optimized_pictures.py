"""Pictures from files that are optimised: textures, styles, dreams."""

from keras_gen import checks, networks
from keras_gen.data.deep_images import unit
from keras_gen.data.images import image_facts, read_image
from keras_gen.input_optimization import style_transfer, texture_synthesis
from keras_gen.input_optimization.style_networks import CONTENT, trained_network
from keras_gen.input_optimization.visualization import deep_dream
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import range_of
from keras_gen.training.tasks import require_task


def texture(path, side=256, size=None, weights=None, **options):
    """A texture like that of a picture's file.

    Args:
        path: An image file.
        side: Longer side to which larger pictures are reduced, an integer >= 1. Defaults to 256.
        size: Side of the texture. Defaults to `None`: the sides of the picture.
        weights: File of VGG-16's convolutions, as in `networks.vgg_convolutions`. Defaults to `None`: the default
            network of `texture_synthesis`.
        **options: `steps`, `seed` and others of `texture_synthesis`.

    Returns:
        float32 array `(height, width, 3)` in [0, 1].
    """
    return texture_synthesis(picture(path, side), size, **_network(weights), **options).images[0]


def style(content, style, side=256, weights=None, **options):
    """A picture of one file in the style of another.

    Args:
        content, style: Image files.
        side, weights: As in `texture`.
        **options: `content_weight`, `keep_colors`, `steps`, `seed` and others of `style_transfer`.

    Returns:
        float32 array `(height, width, 3)` in [0, 1].
    """
    return style_transfer(picture(content, side), picture(style, side), **_network(weights), **options).images[0]


def dream(path, layer=None, run=None, side=256, weights=None, **options):
    """A picture of a file, changed until a layer of a trained network responds more.

    Args:
        path: An image file.
        layer: Name of the layer. Defaults to `None`: `block4_conv2` of VGG; a run has no default.
        run: Folder of a run that classifies, whose network dreams instead of VGG, of the picture in the size that the
            network takes, if that is fixed. Defaults to `None`.
        side: As in `texture`.
        weights: File of VGG-16's convolutions. Defaults to `None`: VGG-19 with ImageNet's weights.
        **options: `steps`, `octaves`, `seed` and others of `deep_dream`.

    Returns:
        float32 array `(height, width, channels)` in [0, 1].

    Raises:
        ValueError: If both a run and weights are given, a run without a layer, or if VGG's weights cannot be had.
    """
    if run is not None and (weights is not None or layer is None):
        raise ValueError(
            "--run takes the network of a run, of which --layer must be named. Expected: --run with --layer, without "
            f"--weights. Received: --layer {layer}, --weights {weights}"
        )
    sides, channels = None, 3
    if run is None:
        try:
            network, layer, value_range = trained_network(weights), layer or CONTENT[0], (0, 1)
        except ConnectionError as error:
            raise ValueError(
                f"{error}. Expected: a connection, --weights with a file, or --run with the folder of a run"
            ) from None
    else:
        network = load_run(run).model
        require_task("`dream --run`", network, "classify")
        value_range, (*sides, channels) = range_of(network), network.example_shape
    low, high = value_range
    x = low + (high - low) * picture(path, side, channels, sides)
    dreamt = deep_dream(network, x, layer, value_range=value_range, **options)[0]
    return (dreamt - low) / (high - low)


def picture(path, side=256, channels=3, sides=None):
    """An image file, reduced to a longer side, or of fixed `sides`: float32 array `(1, height, width, channels)`.

    Its values are in [0, 1].
    """
    facts, side = image_facts(path), checks.integer("side", side)
    share = min(1.0, side / max(facts.height, facts.width))
    size = tuple(max(1, round(share * length)) for length in (facts.height, facts.width))
    size = tuple(sides) if sides and None not in sides else size
    return unit(read_image(path, size, channels)[None])


def _network(weights):
    if weights is None:
        return {}
    return {"network": networks.vgg_convolutions(16, weights), "value_range": (0, 1)}
