"""Textures from noise, and pictures in the style of others, by the Gram matrices of a network's layers."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks, losses
from keras_gen.data.images import LUMA, sides
from keras_gen.input_optimization.engine import LBFGS, InputOptimization
from keras_gen.input_optimization.layer_maps import LayerMaps, content_targets, style_distance, style_targets
from keras_gen.input_optimization.style_networks import CONTENT, STYLE, TEXTURE, layers_of, style_subject
from keras_gen.input_optimization.tiles import sums_over_tiles

_ADAM_RATE = 0.02  # of the width of the range
_NOISE = 0.1  # of the standard deviation of a picture's channels
_TINY = 1e-6


def texture_synthesis(
    images,
    size=None,
    network=None,
    layers=None,
    optimizer="lbfgs",
    steps=150,
    seamless=True,
    tile=448,
    margin=None,
    seed=0,
    value_range=None,
    preprocess=None,
    verbose=0,
):
    """Textures like those of pictures, from noise: images whose layers have the same Gram matrices.

    minimise over x    mean_l E(G_l(x), A_l) / E(0, A_l)    with E = `losses.style_loss`

    where G_l are the Gram matrices of the layers for x and A_l those for the picture. Each layer's loss is relative to
    that of maps of 0, so that layers and networks of any scale count alike; the loss of the picture itself is 0. The
    start is noise with the means of the picture's channels and a tenth of their standard deviations: stronger noise
    leaves grains behind. All pictures have the same noise.

    Args:
        images: Array `(n, height, width, channels)` of pictures of textures.
        size: Side, or the pair (height, width), of the images that are made. Defaults to `None`: that of `images`.
        network: Keras model of images, such as `networks.vgg_convolutions(16, weights)`, up to whose `layers` images of
            any size can pass. Defaults to `None`: VGG-19 with ImageNet's weights, of which the first call downloads
            80 MB; where that fails, a bank of random filters, which a warning announces.
        layers: List of names of the network's layers, after those of the models that contain them and `/`. Defaults to
            `None`: `block1_conv1` to `block4_conv1` of VGG, or all maps of a `networks.random_filter_bank`.
        optimizer: `"lbfgs"`, `"adam"` with a learning rate of 0.02 times the width of the range, or an optimizer of
            `InputOptimization`. L-BFGS needs the fewest steps, but keeps some 25 copies of the images in double
            precision. Defaults to `"lbfgs"`.
        steps: Number of steps, an integer >= 1; for L-BFGS, at most. Defaults to 150.
        seamless: Whether copies of an image fit together: each edge continues at the opposite one, so that no place
            differs from others. Otherwise the image continues as its reflection. Defaults to `True`.
        tile: Largest side of a tile: larger images are computed tile by tile, in the memory that one tile needs.
            Defaults to 448.
        margin: Pixels that the network sees around a picture and a tile; `images` continue as their reflections. Units
            whose centres lie in the margin are left out. Defaults to `None`: as many as the receptive fields need, with
            which tiles give the gradient of the whole image; around an image in one tile at most 32.
        seed: Integer of the noise. Defaults to 0.
        value_range: The pair (lowest, highest) of the images' values. Defaults to `None`: the model's own, which is
            known for the default network and for a `models.Classifier`.
        preprocess: Function of tensors of images in front of the network, such as
            `keras.applications.vgg19.preprocess_input`. Defaults to `None`.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        `Optimized`: images `(n, *size, channels)`, and the history of the loss.

    Raises:
        ValueError: If an argument is not of this form, if a layer does not exist or has no maps, or if a picture is too
            small for the layers.

    Example:

    >>> from keras_gen import networks
    >>> bank = networks.random_filter_bank(filters=4, kernel_sizes=(3, 5))
    >>> pictures = np.random.default_rng(0).random((1, 16, 16, 3))
    >>> made = texture_synthesis(pictures, size=(12, 20), network=bank, steps=10, value_range=(0, 1))
    >>> made.images.shape, bool(made.history["objective"][-1] < made.history["objective"][0])
    ((1, 12, 20, 3), True)

    Reference:
        Gatys, Ecker and Bethge, 2015, arXiv:1505.07376, section 3; random filters, and losses relative to the
        picture's: Ustyuzhaninov et al., 2017, arXiv:1606.00021.
    """
    subject = style_subject(network, value_range, preprocess)
    maps = LayerMaps(subject, layers_of("layers", layers, subject.network, TEXTURE))
    images, steps = maps.check("images", images), checks.integer("steps", steps)
    size = images.shape[1:3] if size is None else sides(size)
    places = maps.tiling(size, tile, margin, "wrap" if seamless else "reflect")
    objective = _Objective(maps, places, n_style=len(maps.fields))
    problem = InputOptimization(objective, _optimizer(optimizer, subject.value_range), subject.value_range)
    targets = style_targets(maps, images, tile, margin, len(maps.fields))
    return problem.run(_noise(images, size, seed, subject.value_range), *targets, steps=steps, verbose=verbose)


def style_transfer(
    content,
    style,
    network=None,
    content_layers=None,
    style_layers=None,
    content_weight=0.1,
    style_weight=1.0,
    total_variation_weight=0.0,
    keep_colors=False,
    optimizer="lbfgs",
    steps=150,
    start="content",
    tile=448,
    margin=None,
    seed=0,
    value_range=None,
    preprocess=None,
    verbose=0,
):
    """Pictures with the content of some and the style of others.

    minimise over x    content_weight mean_l C(F_l(x), P_l) / C(0, P_l) + style_weight mean_l E(G_l(x), A_l) / E(0, A_l)
                       + total_variation_weight TV(x) / values

    with C = `losses.content_loss` between the maps of the content layers for x and for the content, E =
    `losses.style_loss` between the Gram matrices of the style layers for x and for the style, and TV =
    `losses.total_variation`, divided by the number of the image's values. All terms are relative, so that the weights
    suit any network and size.

    With `keep_colors`, the luminance of the content takes the style of the luminance of the style, whose mean and
    standard deviation are first made those of the content's. The content's chrominance, I and Q of YIQ, is kept.

    Args:
        content: Array `(n, height, width, channels)` of pictures; the result has their size.
        style: Array `(n, height, width, channels)` of pictures of any size, or of one for all, `(1, ...)`.
        network, optimizer, steps, tile, margin, seed, value_range, preprocess, verbose: As in `texture_synthesis`.
        content_layers: List of names of layers whose maps are kept. Defaults to `None`: `block4_conv2` of VGG, or all
            maps of a `networks.random_filter_bank`.
        style_layers: List of names of layers whose Gram matrices become those of the style. Defaults to `None`:
            `block1_conv1` to `block5_conv1` of VGG, or all maps of a `networks.random_filter_bank`.
        content_weight: Number >= 0. Defaults to 0.1.
        style_weight: Number >= 0. Defaults to 1.
        total_variation_weight: Number >= 0. Defaults to 0.
        keep_colors: Whether the colours of the content are kept, for images of 3 channels. Defaults to `False`.
        start: `"content"`, or `"noise"`, as in `texture_synthesis`. Defaults to `"content"`.

    Returns:
        `Optimized`: images of the shape of `content`, and the history of the loss and of the total variation.

    Raises:
        ValueError: As `texture_synthesis`.

    Example:

    >>> from keras_gen import networks
    >>> bank, rng = networks.random_filter_bank(filters=4, kernel_sizes=(3, 5)), np.random.default_rng(0)
    >>> content, style = rng.random((1, 16, 12, 3)), rng.random((1, 20, 20, 3)) ** 2
    >>> made = style_transfer(content, style, network=bank, steps=10, value_range=(0, 1))
    >>> made.images.shape, bool(made.history["objective"][-1] < made.history["objective"][0])
    ((1, 16, 12, 3), True)

    Reference:
        Gatys, Ecker and Bethge, 2015, arXiv:1508.06576, equations 1 to 7; colours: Gatys et al., 2016,
        arXiv:1606.05897, section "Luminance-only transfer".
    """
    subject = style_subject(network, value_range, preprocess)
    style_layers = layers_of("style_layers", style_layers, subject.network, STYLE)
    content_layers = layers_of("content_layers", content_layers, subject.network, CONTENT)
    maps = LayerMaps(subject, [*style_layers, *content_layers])
    content, style = maps.check("content", content), maps.check("style", style)
    if len(style) not in (1, len(content)):
        raise ValueError(
            f"`style` must be one picture, or one for each of `content`. Expected: 1 or {len(content)} pictures. "
            f"Received: {len(style)}"
        )
    style = np.repeat(style, len(content) // len(style), axis=0)
    places = maps.tiling(content.shape[1:3], tile, margin)
    weights = [checks.number("content_weight", content_weight), checks.number("style_weight", style_weight)]
    smoothness = checks.number("total_variation_weight", total_variation_weight)
    problem = InputOptimization(
        _Objective(maps, places, len(style_layers), *weights),
        _optimizer(optimizer, subject.value_range),
        subject.value_range,
        regularizers={"total_variation": (smoothness, _total_variation)} if smoothness else None,
    )
    chroma = None
    if keep_colors:
        content, style, chroma = _without_colors(content, style, subject.value_range)
    begin = content
    if checks.choice("start", start, ["content", "noise"]) == "noise":
        begin = _noise(style, content.shape[1:3], seed, subject.value_range)
    content, style = (_in_channels(images, subject.shape[-1]) for images in (content, style))
    kept = content_targets(maps, content, places, len(content_layers))
    sizes = [losses.content_loss(np.zeros_like(one), one) for one in kept]
    targets = style_targets(maps, style, tile, margin, len(style_layers))
    found = problem.run(begin, *targets, *kept, *sizes, steps=checks.integer("steps", steps), verbose=verbose)
    return found if chroma is None else found._replace(images=_with_chroma(found.images, chroma, subject.value_range))


class _Objective:
    """The weighted sum of the relative losses of content and of style of images.

    The data of a call are the targets of the style layers, the maps of the content layers, tile by tile, and the
    content losses of maps of 0.
    """

    def __init__(self, maps, places, n_style, content_weight=0.0, style_weight=1.0):
        self.maps, self.places, self.n_style = maps, places, n_style
        self.content_weight, self.style_weight = content_weight, style_weight

    def __call__(self, images, *data):
        fields = self.maps.fields[: self.n_style]
        n_content = (len(data) - self.n_style) // 2
        targets, kept, sizes = data[: self.n_style], data[self.n_style :][:n_content], data[self.n_style + n_content :]

        def statistics(window, index):
            own = self.maps.own(window, index, self.places)
            pairs = zip(own[self.n_style :], kept, strict=True)
            contents = [losses.content_loss(one, ops.take(target, index, axis=1)) for one, target in pairs]
            return [losses.gram_matrix(one) for one in own[: self.n_style]] + contents

        sums = sums_over_tiles(statistics, _in_channels(images, self.maps.subject.shape[-1]), self.places)
        positions = [self.places.positions(field) for field in fields]
        loss = self.style_weight * style_distance(sums[: self.n_style], targets, positions)
        for distance, whole in zip(sums[self.n_style :], sizes, strict=True):
            loss = loss + self.content_weight / n_content * distance / ops.maximum(whole, _TINY)
        return loss


def _total_variation(images, *data):
    values = np.prod(images.shape[1:])
    return losses.total_variation(images) / float(values)


def _optimizer(optimizer, value_range):
    """An optimizer for images in a range, by one of two names, or as given."""
    low, high = value_range
    return {"adam": keras.optimizers.Adam(_ADAM_RATE * (high - low)), "lbfgs": LBFGS(sigmoid=True)}.get(
        optimizer, optimizer
    )


def _noise(images, size, seed, value_range):
    """Images of a size, of the same normal noise, with the channels' means and a part of their deviations."""
    noise = np.random.default_rng(checks.integer("seed", seed, minimum=0)).standard_normal(
        (1, *size, images.shape[-1]), "float32"
    )
    mean, deviation = (function(images, axis=(1, 2), keepdims=True) for function in (np.mean, np.std))
    return np.clip(mean + _NOISE * deviation * noise, *value_range)


def _in_channels(images, channels):
    """Images of one channel repeated to a number of channels, others as they are."""
    return images if images.shape[-1] == channels else ops.repeat(images, channels, axis=-1)


def _luminance(images):
    return images @ LUMA  # (n, height, width, 1)


def _without_colors(content, style, value_range):
    """The luminance of content and of style, matched to that of content, and the content's colours without it."""
    if content.shape[-1] != 3:
        raise ValueError(f"`keep_colors` needs images of 3 channels. Received: {content.shape[-1]} channels")
    luminance, strange = _luminance(content), _luminance(style)
    (mean, deviation), (other_mean, other_deviation) = (
        (one.mean(axis=(1, 2), keepdims=True), one.std(axis=(1, 2), keepdims=True)) for one in (luminance, strange)
    )
    matched = (strange - other_mean) * deviation / np.maximum(other_deviation, _TINY) + mean
    return luminance, np.clip(matched, *value_range), content - luminance


def _with_chroma(luminance, chroma, value_range):
    """Images of that luminance, changed as little as the range needs, and that chrominance: `(n, height, width, 3)`."""
    low, high = value_range
    least, most = low - chroma.min(axis=-1, keepdims=True), high - chroma.max(axis=-1, keepdims=True)
    return np.clip(np.clip(luminance, least, most) + chroma, low, high)
