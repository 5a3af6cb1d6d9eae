"""The networks that see textures and styles if none is given, and the layers that are used of them."""

import functools
import os
import urllib.error
import urllib.request
import warnings

from keras_gen import checks
from keras_gen.files import expanded
from keras_gen.input_optimization.subjects import subject
from keras_gen.networks.introspection import calls
from keras_gen.networks.random_filters import BANK, random_filter_bank
from keras_gen.networks.vgg_convolutions import vgg_convolutions

TEXTURE = [f"block{block}_conv1" for block in (1, 2, 3, 4)]
STYLE, CONTENT = [*TEXTURE, "block5_conv1"], ["block4_conv2"]
_FILTERS, _SIZES = 32, (3, 5, 7, 11, 15, 23)  # of the bank of random filters; larger ones take minutes on a processor
_WEIGHTS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_SECONDS = 5  # to wait for an answer


def style_subject(network, value_range, preprocess):
    """The `Subject` of a network or, for `None`, of the default one, whose images are in [0, 1]."""
    if network is not None:
        return subject(network, value_range, preprocess)
    if value_range not in (None, (0, 1)) or preprocess is not None:
        raise ValueError(
            "The default network has images in [0, 1] and its own preprocessing. Expected: value_range=None, "
            f"preprocess=None, or a network. Received: value_range={value_range}, preprocess={preprocess}"
        )
    return subject(default_network(), (0, 1))


def layers_of(argument, names, network, published):
    """The names of layers given by an argument or, for `None`, the published ones of VGG or the bank's only layer."""
    if names is not None:
        if isinstance(names, str) or not list(names):
            raise ValueError(f"`{argument}` must be a list of names of layers. Received: {argument}={names!r}")
        return list(names)
    known = {call.layer.name for call in calls(network)}
    for default in (published, [BANK]):
        if set(default) <= known:
            return list(default)
    raise ValueError(
        f"`{argument}` must be given for this network. Expected: a list of names of its layers, such as "
        f"{checks.listed(sorted(known))}. Received: None"
    )


def default_network():
    """VGG-19 with ImageNet's weights, if it is on disk or can be downloaded; else, with a warning, random filters."""
    network, problem = network_at_hand()
    if problem is not None:
        warnings.warn(
            f"{problem}. A bank of random filters takes its place: it was not trained, and makes simpler textures. "
            "`network` takes another network, such as networks.vgg_convolutions(16, weights) with a file of weights; "
            "on the command line, --weights takes the file",
            stacklevel=4,
        )
    return network


@functools.lru_cache(maxsize=1)
def network_at_hand():
    """The pair of VGG-19 and `None` or, where it cannot be had, of random filters and the reason; found once."""
    try:
        return trained_network(), None
    except ConnectionError as error:
        return random_filter_bank(filters=_FILTERS, kernel_sizes=_SIZES), str(error)


def trained_network(weights=None):
    """VGG-16 with the weights of a file or, for `None`, VGG-19 with ImageNet's.

    Raises:
        ConnectionError: If these are neither on disk nor can be downloaded.
    """
    if weights is not None:
        return vgg_convolutions(16, weights)
    try:
        _require_weights()
        return vgg_convolutions(19, "imagenet")
    # Keras's `get_file` turns urllib's error into a bare Exception, which no narrower clause catches; others propagate
    except Exception as error:
        if not isinstance(error, OSError) and not isinstance(error.__context__, urllib.error.URLError):
            raise
        raise ConnectionError(f"The weights of VGG-19 could not be downloaded ({error})") from error


def _require_weights():
    """Raise unless the weights are where Keras keeps them, or a server that has them answers within seconds."""
    folder = expanded(os.environ.get("KERAS_HOME") or "~/.keras") / "models"
    if not (folder / _WEIGHTS.rpartition("/")[2]).is_file():
        urllib.request.urlopen(urllib.request.Request(_WEIGHTS, method="HEAD"), timeout=_SECONDS).close()
