"""Who is updated in a training step, and the one Keras optimizer that holds the players' optimizers."""

import dataclasses
import typing

import keras
from keras import ops

from keras_gen import checks


@dataclasses.dataclass(frozen=True)
class Player:
    """One of the parties of a training step: networks that minimise their own loss.

    Args:
        name: The player's name, the key of its optimizer in `compile`.
        networks: Tuple of Keras models, whose trainable variables the player updates.
        loss: Callable `(batch, training)` that returns a dict of scalars: the first is minimised; those named in the
            model's `log_names` are logged.
        updates_per_step: Number of updates of the player in a step, each on its own examples. Defaults to 1.
        after_update: Callable without arguments, run after each update (clipping, a moving average), also after one
            that was undone. Defaults to `None`.
        shared_forward: Callable `(batch, training)` that returns what the player's networks compute for all players,
            such as a generator's fakes, as a tensor or a structure of tensors. It runs once per update, and each
            player's `loss` is then `(batch, outputs, training)`. At most one player of a model has one. Defaults to
            `None`.
        active: Callable without arguments that returns a scalar boolean, whether the player is updated, or `None` for
            always. Defaults to `None`.

    Example:

    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> def loss(batch, training):
    ...     return {"critic_loss": keras.ops.mean(network(batch["x"]))}
    >>> len(Player("critic", (network,), loss).variables)
    2
    """

    name: str
    networks: tuple
    loss: typing.Callable
    updates_per_step: int = 1
    after_update: typing.Callable | None = None
    shared_forward: typing.Callable | None = None
    active: typing.Callable | None = None

    def __post_init__(self):
        checks.integer("updates_per_step", self.updates_per_step)

    @property
    def variables(self):
        """The trainable variables of the player's networks, in a fixed order."""
        return [variable for network in self.networks for variable in network.trainable_variables]

    def penalty(self):
        """Sum of the regularisation losses that the player's layers have added in their last pass, 0 if none has."""
        return sum(loss for network in self.networks for loss in network.losses)

    def apply(self, optimizer, gradients):
        """The optimizer's update along the gradients, undone if the player is not active."""
        if self.active is None:
            optimizer.apply(gradients, self.variables)
            return
        touched = [*self.variables, *optimizer.variables]
        before = [ops.copy(variable) for variable in touched]
        optimizer.apply(gradients, self.variables)
        # No conditional in the graph: a distribution strategy gathers gradients in `apply`, which fails in one
        active = self.active()
        for variable, old in zip(touched, before, strict=True):
            variable.assign(ops.where(active, variable, old))


@keras.saving.register_keras_serializable(package="keras_gen")
class PlayerOptimizers(keras.optimizers.Optimizer):
    """One optimizer per player, seen by Keras as a single optimizer that is saved and loaded with the model.

    Its own state is empty: the members hold it. `learning_rate` and `iterations` are those of the first member;
    setting `learning_rate` sets every member's.

    Args:
        members: Dict from the player's name to its `keras.optimizers.Optimizer`, in the order of the players.
        name: The name of the group. Defaults to `"player_optimizers"`.

    Example:

    >>> group = PlayerOptimizers({"critic": keras.optimizers.Adam(1e-4), "generator": keras.optimizers.SGD(0.1)})
    >>> group["critic"].name
    'adam'
    """

    def __init__(self, members, name="player_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        self.members = dict(members)
        self.built = True  # the members build themselves, each on its own player's variables

    def __getitem__(self, player):
        return self.members[player]

    @property
    def optimizers(self):
        """The members in a list, without their loss scaling: the name under which Keras's callbacks look for them."""
        return [_unscaled(optimizer) for optimizer in self.members.values()]

    @property
    def variables(self):
        return [variable for optimizer in self.members.values() for variable in optimizer.variables]

    @property
    def learning_rate(self):
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        for optimizer in self.optimizers:
            optimizer.learning_rate = learning_rate

    @property
    def iterations(self):
        return self.optimizers[0].iterations

    def finalize_variable_values(self, var_list):
        for optimizer in self.members.values():
            optimizer.finalize_variable_values(_unscaled(optimizer)._trainable_variables)

    def save_own_variables(self, store):
        """Nothing: Keras visits the members and saves each."""

    def load_own_variables(self, store):
        """Nothing: Keras visits the members and loads each."""

    def get_config(self):
        members = {player: keras.optimizers.serialize(optimizer) for player, optimizer in self.members.items()}
        return {"members": members, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        members = {
            player: keras.optimizers.deserialize(member, custom_objects=custom_objects)
            for player, member in config["members"].items()
        }
        return cls(members, name=config["name"])

    @classmethod
    def for_players(cls, optimizer, players, scale_losses=False):
        """The group, with built members, for the optimizers passed to `compile`.

        `optimizer` is a name, an optimizer (copied for each of several players), a dict with one for each player, or a
        group. With `scale_losses` each member is wrapped in a `LossScaleOptimizer` (float16). A `ValueError` is raised
        if a dict does not give each player exactly one optimizer of its own.
        """
        names = [player.name for player in players]
        if isinstance(optimizer, cls):
            optimizer = optimizer.members
        if not isinstance(optimizer, dict):
            optimizer = _copies(keras.optimizers.get(optimizer), names)
        if set(optimizer) != set(names):
            raise ValueError(
                "`optimizer` must give one optimizer for each player. "
                f"Expected: {names}. Received: {sorted(map(str, optimizer))}"
            )
        members = {name: keras.optimizers.get(optimizer[name]) for name in names}
        if shared := [name for name in names if list(members.values()).count(members[name]) > 1]:
            raise ValueError(
                "`optimizer` must give each player an optimizer of its own. Expected: as many optimizers as players. "
                f"Received: one optimizer for {shared}"
            )
        if scale_losses:
            members = {
                name: keras.optimizers.LossScaleOptimizer(member) if _unscaled(member) is member else member
                for name, member in members.items()
            }
        for player in players:
            if not members[player.name].built:
                members[player.name].build(player.variables)
        return cls(members)


def _copies(optimizer, names):
    """One optimizer per player: the given one for a single player, else copies that are named after the players."""
    if len(names) == 1:
        return {names[0]: optimizer}
    copies = {}
    for name in names:
        config = keras.optimizers.serialize(optimizer)
        config["config"]["name"] = f"{name}_{config['config']['name']}"  # learning-rate callbacks log by name
        copies[name] = keras.optimizers.deserialize(config)
    return copies


def _unscaled(optimizer):
    """An optimizer without the loss scaling that mixed_float16 wraps it in."""
    return optimizer.inner_optimizer if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else optimizer
