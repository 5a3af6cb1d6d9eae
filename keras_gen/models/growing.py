"""Growth of a trained model: larger networks that begin as what the smaller ones have learned."""

import keras
from keras import ops

from keras_gen.arguments import init_parameters
from keras_gen.layers.progressive import FadeIn
from keras_gen.training.generative_model import GenerativeModel


def grown(model, **networks):
    """A model with larger networks, which keep the layers of the old ones and go on with their training.

    Each layer of a new network that has the name of a layer of the old one takes its weights, its random state and what
    the optimizer knows of it, such as Adam's moments and count of updates. New layers begin as they are built, and
    every `layers.FadeIn` at alpha = 0: with the networks of `networks.progressive_generator` and
    `networks.progressive_discriminator` the grown model computes what the old one did, for images of twice the sides.
    The moving average of a generator grows in the same way. The new model has the other arguments, the compiled
    settings, the random state and the counts of steps and epochs of the old one, which does not change.

    Adam corrects the bias of its moments by one count of updates for all layers. Moments of new layers begin at zero
    under the old count, so their first updates are longer, by up to (1 - beta_1) / sqrt(1 - beta_2), while alpha is
    near 0.

    Args:
        model: A compiled `training.GenerativeModel`, such as `models.WGANGP`, whose fades are completed.
        **networks: The new networks, under the names of the model's arguments, such as `generator` and `critic`.

    Returns:
        A compiled model of the same class.

    Raises:
        ValueError: If the model has no such networks, is not compiled or is still within a fade, if a new network has
            no layer of the old one, or if layers of one name differ in the shapes of their weights.

    Example:

    >>> from keras_gen import models, networks
    >>> def build(stage):
    ...     generator = networks.progressive_generator(4, (8, 8, 1), stage, (8, 4))
    ...     return {"generator": generator, "critic": networks.progressive_discriminator((8, 8, 1), stage, (8, 4))}
    >>> small = models.WGANGP(**build(0), latent_dim=4, n_critic=1)
    >>> small.compile(keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99))
    >>> large = grown(small, **build(1))
    >>> images, enlarged = small.sample(2, seed=0), large.sample(2, seed=0)
    >>> enlarged.shape, bool((enlarged == images.repeat(2, axis=1).repeat(2, axis=2)).all())
    ((2, 8, 8, 1), True)

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 2.
    """
    _check(model, networks)
    config = {name: value for name, value in model.get_config().items() if name not in networks}
    new = type(model)(**keras.saving.deserialize_keras_object(config), **networks)
    new.compile_from_config(model.get_compile_config())
    pairs = [(getattr(model, name), network) for name, network in networks.items()]
    if getattr(model, "averaged_generator", None) is not None and "generator" in networks:
        pairs.append((model.averaged_generator, new.averaged_generator))
    for fade in fades(new):
        fade.alpha.assign(0.0)
    for old_network, network in pairs:
        _take_weights(old_network, network)
    replaced, replacing = zip(*pairs, strict=True)
    for old, variable in zip(_others(model, replaced), _others(new, replacing), strict=True):
        variable.assign(old)
    for player in model.players():
        _take_state(model.optimizer[player.name], new.optimizer[player.name])
    new.order_seed, new.epochs_completed = model.order_seed, model.epochs_completed
    return new


def fades(model):
    """The `layers.FadeIn` of a model, in a list."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, FadeIn)]


def _check(model, networks):
    """Raise a `ValueError` unless the model can be grown to these networks."""
    if not isinstance(model, GenerativeModel) or not model.compiled:
        received = "a model that is not compiled" if isinstance(model, GenerativeModel) else type(model).__name__
        raise ValueError(f"`model` must be a compiled model of this library. Received: {received}")
    known = [name for name in init_parameters(type(model)) if isinstance(getattr(model, name, None), keras.Model)]
    if not networks or not set(networks) <= set(known):
        raise ValueError(
            f"`grown` takes the new networks under the names of {type(model).__name__}'s arguments. "
            f"Expected: some of {known}. Received: {sorted(networks)}"
        )
    alphas = [float(ops.convert_to_numpy(fade.alpha)) for fade in fades(model)]
    if any(alpha != 1 for alpha in alphas):
        raise ValueError(
            "The model must have completed its last fade before it grows, or its images would change. "
            f"Expected: alpha = 1. Received: alpha = {min(alphas):.4g}"
        )
    for name, network in networks.items():
        old = {layer.name: layer for layer in getattr(model, name).layers}
        kept = [layer for layer in network.layers if layer.weights and layer.name in old]
        if not kept:
            raise ValueError(
                f"`{name}` must have layers of the network that it replaces, by their names. Expected: some of "
                f"{[layer.name for layer in old.values() if layer.weights]}. Received: "
                f"{[layer.name for layer in network.layers if layer.weights]}"
            )
        for layer in kept:
            shapes = [[tuple(variable.shape) for variable in one.variables] for one in (old[layer.name], layer)]
            if shapes[0] != shapes[1]:
                raise ValueError(
                    f"`{name}` must keep the shapes of the layers that it keeps. Expected: weights of shapes "
                    f"{shapes[0]} in '{layer.name}'. Received: {shapes[1]}"
                )


def _take_weights(old, network):
    """Assign what the layers of the old network hold, random states too, to the layers of the same names."""
    layers = {layer.name: layer for layer in old.layers}
    for layer in network.layers:
        if layer.name in layers:
            for variable, value in zip(layer.variables, layers[layer.name].variables, strict=True):
                variable.assign(value)


def _take_state(old, optimizer):
    """Assign what the old optimizer knows to the variables of the same paths, which name a layer and its weight."""
    known = {variable.path: variable for variable in old.variables}
    for variable in optimizer.variables:
        if variable.path in known:
            variable.assign(known[variable.path])


def _others(model, networks):
    """The variables of a model outside of these networks, such as counts of steps and random states."""
    inner = {id(variable) for network in networks for variable in network.variables}
    return [variable for variable in model.variables if id(variable) not in inner]
