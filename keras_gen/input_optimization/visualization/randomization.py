"""Whether explanations of a classifier depend on what it has learnt: the check by random weights."""

import typing

import keras
import numpy as np

from keras_gen import checks
from keras_gen.input_optimization.subjects import logits_network, subject
from keras_gen.input_optimization.visualization.attribution import saliency
from keras_gen.input_optimization.visualization.units import classes_of
from keras_gen.networks.introspection import named_calls

_TINY = 1e-12


class RandomizationCheck(typing.NamedTuple):
    """What is left of explanations when weights are drawn anew.

    Args:
        layers: List of names of layers, from the logits down to the input.
        correlations: float32 array `(layers, n)`: the rank correlation of each image's explanation with that by the
            network whose layers up to this one have random weights; 0 for an explanation that is the same everywhere.

    Example:

    >>> RandomizationCheck(["logits"], np.zeros((1, 2))).correlations.tolist()
    [[0.0, 0.0]]
    """

    layers: list
    correlations: np.ndarray


def randomization_check(
    model, images, explain=None, classes=None, seed=0, value_range=None, preprocess=None, batch_size=64
):
    """Compare explanations of a trained classifier with those of the same network with random weights.

    From the logits down to the input, layer after layer is given weights drawn from normal distributions with the mean
    and the standard deviation of each of its arrays, while the layers before keep theirs. An explanation of what the
    network has learnt loses its rank correlation (Spearman's) with the first one; an explanation that stays as it is,
    as edges do, does not show what the network has learnt. The model does not change.

    Args:
        model: As in `feature_maps`; a classifier that ends in logits or in a softmax.
        images: Finite array `(n, *shape)` in the range.
        explain: Function of a Keras network, images and classes that returns an array `(n, ...)`, the explanations.
            Defaults to `None`: `saliency`.
        classes: As in `saliency`; the same for all networks. Defaults to `None`: those most probable by the model.
        seed: Integer of the weights. Defaults to 0.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Images at once, an integer >= 1. Defaults to 64.

    Returns:
        `RandomizationCheck`, with an entry for each layer that has weights.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, name="logits")])
    >>> images = np.random.default_rng(0).random((2, 8, 8, 1))
    >>> check = randomization_check(model, images, value_range=(0, 1))
    >>> check.layers, bool((abs(check.correlations) < 0.4).all())
    (['logits'], True)

    Reference:
        Adebayo et al., 2018, arXiv:1810.03292, section 3.
    """
    seen = subject(model, value_range, preprocess)
    images = seen.check("images", images)
    of_class = classes_of(seen, images, classes, checks.integer("batch_size", batch_size))
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))
    if explain is None:

        def explain(network, images, classes):
            options = {"value_range": seen.value_range, "preprocess": preprocess, "batch_size": batch_size}
            return saliency(network, images, classes, **options)

    logits_network(seen.network)  # raises unless it is a classifier
    network = keras.models.clone_model(seen.network)
    network.set_weights(seen.network.get_weights())
    network.trainable = True  # frozen layers are drawn anew, too
    before, names, correlations, drawn = _ranks(explain(network, images, of_class)), [], [], set()
    for name, call in reversed(list(named_calls(network))):
        variables = [variable for variable in call.layer.trainable_variables if id(variable) not in drawn]
        if variables:
            for variable in variables:
                value = np.asarray(variable)
                variable.assign(rng.normal(value.mean(), value.std(), value.shape))
                drawn.add(id(variable))
            names.append(name)
            correlations.append(np.mean(before * _ranks(explain(network, images, of_class)), axis=1))
    return RandomizationCheck(names, np.array(correlations, "float32"))


def _ranks(explanations):
    """The ranks of each explanation's values, with mean 0 and variance 1, or all 0: an array `(n, values)`."""
    from scipy.stats import rankdata

    ranks = rankdata(np.asarray(explanations).reshape(len(explanations), -1), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return ranks / np.maximum(ranks.std(axis=1, keepdims=True), _TINY)
