"""Base of the estimators: arguments, input validation, scaling, networks and training."""

import dataclasses
import functools
import math
import typing

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from keras_gen import checks, layers, models, networks
from keras_gen.seeds import seeded
from keras_gen.training.compilation import compiled_for

_BLOCK = 256  # rows that a network sees at a time
_ARGUMENTS = """units: Widths of the hidden layers, from the input on; may be empty. Defaults to (100,).
        latent_dim: Width of the code, an integer >= 1. Defaults to 8.
        activation: Activation of the hidden layers. Defaults to `"silu"`.
        corruption: Rate of the masking noise in training, in [0, 1). Defaults to 0.1 (0.3 for the imputer).
        scaling: `"standard"` (every feature to mean 0 and variance 1) or `"none"`. Defaults to `"standard"`.
        epochs: Integer >= 1. Defaults to 100.
        batch_size: Integer >= 1. Defaults to 100.
        learning_rate: Adam's, reduced to zero by a cosine. Defaults to 1e-3.
        random_state: Integer, `numpy.random.RandomState` or `None`, as in scikit-learn. Defaults to `None`.
        verbose: As in `keras.Model.fit`. Defaults to 0."""

# scikit-learn reads an estimator's arguments from the signature of `__init__`, which the fields of a class and of its
# bases make; `eq` and `repr` stay scikit-learn's
with_arguments = dataclasses.dataclass(eq=False, repr=False)


@with_arguments
class AutoencoderEstimator(BaseEstimator):
    """Base of the estimators: an autoencoder of dense layers, trained on rows of a table or on images.

    Args:
        ARGUMENTS
    """

    units: tuple = (100,)
    latent_dim: int = 8
    activation: str = "silu"
    corruption: float = 0.1
    scaling: typing.Literal["standard", "none"] = "standard"
    epochs: int = 100
    batch_size: int = 100
    learning_rate: float = 1e-3
    random_state: int | None = None
    verbose: int = 0

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__doc__ = (cls.__doc__ or "").replace("ARGUMENTS", _ARGUMENTS)
        if "fit" in vars(cls):
            cls.fit = _all_or_nothing(cls.fit)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "scaler_")

    def _checked(self, X, reset=False):
        """Validated rows, float64 `(n, features)`; images are flattened, and `reset` stores their shape."""
        if not reset:
            check_is_fitted(self)
            shape = (X if hasattr(X, "shape") else np.asarray(X)).shape[1:]
            if max(len(shape), len(self._example_shape)) > 1 and shape != self._example_shape:
                raise ValueError(
                    f"X has examples of another shape. Expected: {self._example_shape}. Received: {tuple(shape)}"
                )
        finite = "allow-nan" if get_tags(self).input_tags.allow_nan else True
        X = validate_data(self, X, reset=reset, allow_nd=True, dtype=np.float64, ensure_all_finite=finite)
        if reset:
            self._example_shape = X.shape[1:]
        return X.reshape(len(X), -1)

    def _fit_scaler(self, X):
        """The rows in the scaled units of a new `scaler_`."""
        checks.choice("scaling", self.scaling, ["standard", "none"])
        with_scaling = self.scaling == "standard"
        self.scaler_ = StandardScaler(with_mean=with_scaling, with_std=with_scaling).fit(X)
        return self._scaled(X)

    def _scaled(self, X):
        return self.scaler_.transform(X).astype("float32")

    def _unscaled(self, X):
        return self.scaler_.inverse_transform(X.astype("float64"))

    def _shaped(self, X):
        """Rows in the shape of the examples given to `fit`."""
        return X.reshape(len(X), *self._example_shape)

    def _trained(self, X, seed):
        """A new model, trained on scaled rows `(n, features)`; `seed` determines all random draws."""
        checks.integer("epochs", self.epochs)
        checks.integer("batch_size", self.batch_size)
        checks.number("learning_rate", self.learning_rate)
        checks.rate("corruption", self.corruption)
        checks.integer("latent_dim", self.latent_dim)
        with seeded(seed):
            model = self._model(X.shape[1], [*checks.widths("units", self.units), self.latent_dim])
            steps = self.epochs * math.ceil(len(X) / self.batch_size)
            schedule = keras.optimizers.schedules.CosineDecay(float(self.learning_rate), steps)
            model.compile(keras.optimizers.Adam(schedule))
            with compiled_for(model, steps):
                model.fit(X, batch_size=self.batch_size, epochs=self.epochs, verbose=self.verbose)
        return model

    def _model(self, features, widths):
        """An untrained model of rows of so many features, with hidden layers and a code of the given widths."""
        encoder, decoder = networks.mlp_autoencoder([features, *widths], self.activation)
        return models.Autoencoder(encoder, decoder, corruption=layers.MaskingNoise(self.corruption))

    def _seeds(self, number=1):
        """Integers drawn from `random_state`."""
        return check_random_state(self.random_state).randint(0, 2**31 - 1, number).tolist()


def _all_or_nothing(fit):
    """A `fit` that leaves a fitted estimator as it was when it fails or is interrupted."""

    @functools.wraps(fit)
    def fitted(self, *args, **options):
        before = dict(vars(self))
        try:
            return fit(self, *args, **options)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fitted


def by_block(function, rows):
    """`function(rows)`, in blocks of equal size, because products of different sizes are rounded differently."""
    blocks = math.ceil(len(rows) / _BLOCK)
    padding = np.zeros((blocks * _BLOCK - len(rows), *rows.shape[1:]), rows.dtype)
    results = [function(block) for block in np.split(np.concatenate([rows, padding]), blocks)]
    return np.concatenate(results)[: len(rows)]
