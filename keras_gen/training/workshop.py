"""What one player makes for all to judge, such as a generator's fakes: made once, its gradient pulled back later."""

import keras
from keras import ops

from keras_gen import backend


class Workshop:
    """Hands each player of one training step what it judges, and gives its gradients.

    Where the maker moves after its judges, the last of their moves judges what is then the maker's own move; where it
    moves first, the others judge what it moved by. In both cases its networks run forward once.

    Args:
        players: Tuple of `Player`, of which at most one has `makes`.
        optimizers: Dict-like, from a player's name to its optimizer.
    """

    def __init__(self, players, optimizers):
        self.maker = next((player for player in players if player.makes is not None), None)
        self.optimizers = optimizers
        self.part = self.made = self.pull_back = None

    def made_for(self, player, part, move):
        """What the player judges in this move of its own, the number `move`.

        Args:
            player: The `Player` that is to move.
            part: The examples of the move.
            move: Integer from 0.

        Returns:
            The pair (part, made): the examples, those that `made` was made for, and a tuple that holds what was made,
            or nothing if no player makes.
        """
        if self.maker is None:
            return part, ()
        if self.made is None or move > 0:
            last = player is self.maker or move == player.moves - 1
            self._make(part, for_gradients=last)
        return self.part, (self.made,)

    def gradients(self, player, losses):
        """The losses of a move and the gradients of the first of them, with the player's regularisation.

        Args:
            player: The `Player` that is to move.
            losses: Callable without arguments that gives the losses, a dict of scalars.

        Returns:
            The pair (losses, list of gradients in the order of the player's variables), scaled as the player's
            optimizer wants them.
        """
        optimizer, variables = self.optimizers[player.name], player.variables

        def minimised():
            values = losses()
            loss = next(iter(values.values()))
            if player is not self.maker:  # the layers' penalties are those of the pass that `losses` has made
                loss = loss + ops.cast(player.penalty(), "float32")
            return optimizer.scale_loss(loss), values

        if player is not self.maker:
            return backend.value_and_grad(minimised, variables)
        made = keras.tree.flatten(self.made)
        values, found = backend.value_and_grad(minimised, [*made, *variables])
        # The regularisation was computed with what was made, of which it is a part
        penalty = optimizer.scale_loss(ops.ones(())) / backend.replica_count()
        slopes = [ops.zeros_like(m) if slope is None else slope for m, slope in zip(made, found, strict=False)]
        pulled = self.pull_back((slopes, penalty))
        return values, [_sum(pair) for pair in zip(pulled, found[len(made) :], strict=True)]

    def _make(self, part, for_gradients):
        self.part = part
        if not for_gradients:
            self.made = self.maker.makes(part, training=True)
            return

        def make():
            return self.maker.makes(part, training=True), ops.cast(self.maker.penalty(), "float32")

        (self.made, _), self.pull_back = backend.vjp(make, self.maker.variables)


def _sum(pair):
    """The sum of two gradients, either of which may be missing."""
    present = [gradient for gradient in pair if gradient is not None]
    return sum(present[1:], present[0]) if present else None
