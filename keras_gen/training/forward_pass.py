"""A forward pass that several players share, and the gradients of a player's update."""

import dataclasses
import typing

import keras
from keras import ops

from keras_gen import backend


@dataclasses.dataclass(frozen=True)
class ForwardPass:
    """The outputs of one player's networks for a batch, shared by all players, and the way back to their variables."""

    owner: object  # the `Player` whose networks they are
    outputs: object  # tensor or structure of tensors
    # From the gradients of (outputs, regularisation) to those of the owner's variables, once; `None` for values alone
    pull_back: typing.Callable | None


def shared_forward(player, batch, with_gradients):
    """The `ForwardPass` of a player that shares one; with a pull-back if the player is to be updated by it."""
    if not with_gradients:
        return ForwardPass(player, player.shared_forward(batch, training=True), None)

    def run():
        return player.shared_forward(batch, training=True), ops.cast(player.penalty(), "float32")

    (outputs, _), pull_back = backend.vjp(run, player.variables)
    return ForwardPass(player, outputs, pull_back)


def gradients_of(player, losses, optimizer, forward=None):
    """The pair (losses, gradients) of an update of a player, the gradients in the order of its variables.

    They are the gradients of the first of the `losses`, a callable that returns a dict of scalars, and of the player's
    regularisation, scaled as its optimizer expects. `forward` is the `ForwardPass` that `losses` uses, or `None`.
    """
    owns = forward is not None and forward.owner is player

    def minimised():
        values = losses()
        loss = next(iter(values.values()))
        if not owns:  # the layers' penalties are those of the pass that `losses` has made
            loss = loss + ops.cast(player.penalty(), "float32")
        return optimizer.scale_loss(loss), values

    if not owns:
        return backend.value_and_grad(minimised, player.variables)
    outputs = keras.tree.flatten(forward.outputs)
    values, found = backend.value_and_grad(minimised, [*outputs, *player.variables])
    slopes = [ops.zeros_like(output) if slope is None else slope for output, slope in zip(outputs, found, strict=False)]
    # The regularisation was computed in the shared pass, with the outputs
    penalty = optimizer.scale_loss(ops.ones(())) / backend.replica_count()
    pulled = forward.pull_back((slopes, penalty))
    pairs = zip(pulled, found[len(outputs) :], strict=True)  # of gradients, either of which may be missing
    return values, [b if a is None else a if b is None else a + b for a, b in pairs]
