"""A Keras model whose file holds all that a resumed run needs."""

import inspect
import random
from pathlib import Path

import keras
import numpy as np
from keras import ops

from keras_gen.files import atomic_write


class PersistentModel(keras.Model):
    """A model that saves, besides its weights and optimizers, its random states and its place in the data.

    Args:
        **kwargs: `name` and `dtype` of a Keras model.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.order_seed = random.randint(0, 2**31 - 1)  # Keras draws its seeds here too: set_random_seed fixes it
        self.epochs_completed = 0

    def save(self, filepath, overwrite=True, **kwargs):
        """Save as `keras.Model.save`; the file is written beside and renamed, so that a broken save harms nothing.

        Args:
            filepath: Path that ends in `.keras`.
            overwrite: Whether an existing file is replaced; otherwise Keras asks. Defaults to `True`.
            **kwargs: As in `keras.Model.save`.

        Raises:
            ValueError: If the path has another ending: older formats would lose what resuming needs.
        """
        path = Path(filepath)
        if path.suffix != ".keras":
            raise ValueError(
                f"`filepath` must end in .keras, the one format that is whole. Received: {str(filepath)!r}"
            )
        if path.exists() and not overwrite:
            super().save(filepath, overwrite=overwrite, **kwargs)
        else:
            with atomic_write(path) as beside:
                super().save(beside, **kwargs)

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for number, state in enumerate(self._random_states()):
            store[f"random_state_{number}"] = ops.convert_to_numpy(state)
        store["order"] = np.array([self.order_seed, self.epochs_completed], "int64")

    def load_own_variables(self, store):
        keys = list(store.keys())
        super().load_own_variables({key: store[key] for key in keys if key.isdigit()})
        for number, state in enumerate(self._random_states()):
            state.assign(store[f"random_state_{number}"])
        self.order_seed, self.epochs_completed = (int(value) for value in np.asarray(store["order"]))

    def _random_states(self):
        """Every seed generator's state, those inside Dropout and noise layers too: Keras itself does not save them."""
        weights = {id(weight) for weight in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]

    def get_config(self):
        names = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "kwargs")]
        arguments = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}
        return {**super().get_config(), **arguments}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        def restored(value):
            is_object = isinstance(value, dict) and "class_name" in value
            return keras.saving.deserialize_keras_object(value, custom_objects) if is_object else value

        return cls(**{name: restored(value) for name, value in config.items()})
