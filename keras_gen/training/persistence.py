"""The contents of a model's file: all that a resumed run needs, and the arguments of its class and its bases."""

import functools
import inspect
import random
import typing
from pathlib import Path

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import init_parameters
from keras_gen.files import atomic_write, require_clock

# What `keras.Model.get_config` holds, and what a class passes to `GenerativeModel`
_NOT_STORED = ("name", "dtype", "trainable", "data_description", "log_names")


class PlaceInEpoch(typing.NamedTuple):
    """The `steps` done of an epoch that has begun, and the `size` and `batch_size` of the data that it runs through."""

    steps: int
    size: int
    batch_size: int


NOT_BEGUN = PlaceInEpoch(0, 0, 0)


class Persistent:
    """The part of a `GenerativeModel` that saves and restores it.

    A file holds, besides weights and optimizers, every random state and the position in the data. A configuration holds
    the arguments of the class's `__init__` and of those that its `**kwargs` lead to, each stored under its own name.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__init__ = _checked_when_built(cls, cls.__init__)

    def _begin_order(self):
        """Draw the seed of the order of arrays; Keras draws its seeds here too, so that `set_random_seed` fixes it."""
        self.order_seed = random.randint(0, 2**31 - 1)
        self.epochs_completed, self.place_in_epoch, self.epoch_begun_at, self.saved_means = 0, NOT_BEGUN, 0, ()

    def save(self, filepath, overwrite=True, **kwargs):
        """Save atomically, as `keras.Model.save`: if a save fails, the old file is intact.

        Args:
            filepath: Path that ends in `.keras`: older formats would lose what resuming needs.
            overwrite, **kwargs: As in `keras.Model.save`.
        """
        path = Path(filepath)
        if path.suffix != ".keras":
            raise ValueError(
                f"`filepath` must end in .keras, the one format that holds everything. Received: {str(filepath)!r}"
            )
        require_clock()
        if path.exists() and not overwrite:
            super().save(filepath, overwrite=overwrite, **kwargs)
        else:
            with atomic_write(path) as temporary:
                super().save(temporary, **kwargs)

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for number, state in enumerate(self._random_states()):
            store[f"random_state_{number}"] = ops.convert_to_numpy(state)
        store["order"] = np.array([self.order_seed, self.epochs_completed, *self.place_in_epoch], "int64")
        if self.place_in_epoch.steps:
            for number, variable in enumerate(self.means_of_epoch()):
                store[f"mean_{number}"] = ops.convert_to_numpy(variable)

    def load_own_variables(self, store):
        keys = list(store.keys())
        super().load_own_variables({key: store[key] for key in keys if key.isdigit()})
        for number, state in enumerate(self._random_states()):
            state.assign(store[f"random_state_{number}"])
        self.order_seed, self.epochs_completed, *place = (int(value) for value in np.asarray(store["order"]))
        self.place_in_epoch = PlaceInEpoch(*place) if place else NOT_BEGUN  # older files have none
        means = range(len(self.means_of_epoch()) if self.place_in_epoch.steps else 0)
        self.saved_means = tuple(np.array(store[f"mean_{number}"]) for number in means)

    def means_of_epoch(self):
        """The variables of the means that an epoch logs."""
        return [variable for mean in self._means for variable in mean.variables]

    def _random_states(self):
        """Every seed generator's state, those inside Dropout and noise layers too: Keras itself does not save them."""
        weights = {id(weight) for weight in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]

    def get_config(self):
        arguments = {
            name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _own_arguments(type(self))
        }
        return {**super().get_config(), **arguments}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**keras.saving.deserialize_keras_object(config, custom_objects))


def _own_arguments(cls):
    return [name for name in init_parameters(cls) if name not in _NOT_STORED]


def _checked_when_built(cls, init):
    """An `__init__` that then checks a model of exactly this class: arguments that cannot be saved are refused."""

    @functools.wraps(init)
    def checked(self, *args, **kwargs):
        init(self, *args, **kwargs)
        if type(self) is cls:
            _check_arguments(cls, self)
            self.check_players()

    checked.__signature__ = inspect.signature(init)  # Keras asks for it in a way that does not see `__wrapped__`
    return checked


def _check_arguments(cls, model):
    for base in cls.__mro__[: cls.__mro__.index(Persistent)]:
        kinds = [parameter.kind for parameter in inspect.signature(base.__init__).parameters.values()]
        bare = inspect.Parameter.VAR_POSITIONAL in kinds and inspect.Parameter.VAR_KEYWORD not in kinds
        if bare or (base is cls and inspect.Parameter.POSITIONAL_ONLY in kinds[1:]):
            raise ValueError(
                f"`{base.__name__}.__init__` must take arguments that have names, so that a file can hold them. "
                f"Expected: named arguments and **kwargs. Received: {inspect.signature(base.__init__)}"
            )
    missing = [name for name in _own_arguments(cls) if not hasattr(model, name)]
    if missing:
        raise ValueError(
            f"`{cls.__name__}.__init__` must store its arguments under their own names, so that a file holds them. "
            f"Expected: {', '.join(f'self.{name} = {name}' for name in missing)}. Received: no such attribute"
        )
