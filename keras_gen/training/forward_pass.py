"""A forward pass that several players share, and the gradients of a player's update."""

import dataclasses
import typing

import keras
from keras import ops

from keras_gen import backend


@dataclasses.dataclass(frozen=True)
class ForwardPass:
    """What one player's networks make of a batch, for all players, and the way back to their variables.

    Args:
        owner: The `Player` whose networks they are.
        outputs: Tensor or structure of tensors.
        pull_back: Callable from the gradients with respect to `(outputs, regularisation)` to those with respect to the
            owner's variables, which can be called once; `None` where only the values are wanted.
    """

    owner: object
    outputs: object
    pull_back: typing.Callable | None


def shared_forward(player, batch, with_gradients):
    """Run the shared forward pass of a player.

    Args:
        player: A `Player` with a `shared_forward`.
        batch: The parts of the batch, a dict.
        with_gradients: Whether the player is to be updated by it.

    Returns:
        A `ForwardPass`.
    """
    if not with_gradients:
        return ForwardPass(player, player.shared_forward(batch, training=True), None)

    def run():
        return player.shared_forward(batch, training=True), ops.cast(player.penalty(), "float32")

    (outputs, _), pull_back = backend.vjp(run, player.variables)
    return ForwardPass(player, outputs, pull_back)


def gradients_of(player, losses, optimizer, forward=None):
    """The losses of an update and the gradients of the first of them, with the player's regularisation.

    Args:
        player: The `Player` that is to be updated.
        losses: Callable without arguments that gives the losses, a dict of scalars.
        optimizer: The player's optimizer, which scales the loss.
        forward: The `ForwardPass` that `losses` uses, or `None`. Defaults to `None`.

    Returns:
        The pair (losses, list of gradients in the order of the player's variables), scaled as the optimizer wants them.
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
    return values, [_sum(pair) for pair in zip(pulled, found[len(outputs) :], strict=True)]


def _sum(pair):
    """The sum of two gradients, either of which may be missing."""
    present = [gradient for gradient in pair if gradient is not None]
    return sum(present[1:], present[0]) if present else None
