"""Base of the estimators: arguments, input validation, scaling, networks and training."""

import dataclasses
import functools
import math
import typing

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from keras_gen import checks, layers, models, networks
from keras_gen.estimators.encoding import TableEncoder, is_frame
from keras_gen.reports import counted
from keras_gen.seeds import seeded
from keras_gen.training.compilation import compiled_for
from keras_gen.training.soundness import infinite_weights

_BLOCK = 256  # rows that a network sees at a time
_SHOWN = 10  # columns that a message names
_RARE, _REACH = 1, 3  # values beyond 3 times the distance from the median to the first or last percentile are extreme
_ARGUMENTS = """units: Widths of the hidden layers, from the input on; may be empty. Defaults to (100,).
        latent_dim: Width of the code, an integer >= 1. Defaults to 8.
        activation: Activation of the hidden layers. Defaults to `"silu"`.
        corruption: Rate of the masking noise in training, in [0, 1). Defaults to 0.1 (0.3 for the detector and the
            imputer).
        scaling: `"standard"` (every feature to mean 0 and variance 1) or `"none"`. The first limits the distance of a
            feature from its median to three times that of the first or last percentile or, where that is 0, to three
            times the median distance of the values that differ. Defaults to `"standard"`.
        epochs: Integer >= 1. Defaults to 100.
        batch_size: Integer >= 1. Defaults to 100.
        learning_rate: Adam's, reduced to zero by a cosine. Defaults to 1e-3.
        early_stopping: Whether to hold out rows, and to end training and restore the best weights when their loss has
            not decreased for `patience` epochs. Defaults to `False`.
        validation_fraction: Fraction of the rows to hold out for `early_stopping`, in (0, 1). Defaults to 0.1.
        patience: Integer >= 1. Defaults to 10.
        callbacks: List of Keras callbacks for every training of `fit`, or `None`. Defaults to `None`.
        random_state: Integer, `numpy.random.RandomState` or `None`, as in scikit-learn. Defaults to `None`.
        verbose: As in `keras.Model.fit`. Defaults to 0."""

# scikit-learn reads an estimator's arguments from the signature of `__init__`, which the fields of a class and of its
# bases make; `eq` and `repr` stay scikit-learn's
with_arguments = dataclasses.dataclass(eq=False, repr=False)


@with_arguments
class AutoencoderEstimator(BaseEstimator):
    """Base of the estimators: an autoencoder of dense layers, trained on rows of a table or on images.

    A table is an array or a pandas DataFrame, whose columns hold numbers, dates, booleans or categories.

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
    early_stopping: bool = False
    validation_fraction: float = 0.1
    patience: int = 10
    callbacks: list | None = None
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
        """Validated rows, float64 `(n, features)`: images are flattened, the columns of DataFrames are encoded.

        `reset` stores the shape of one example, or the columns.
        """
        if not reset:
            check_is_fitted(self)
        encoder = TableEncoder() if reset and is_frame(X) else None if reset else self._encoder
        X = self._checked_array(X, reset) if encoder is None else self._encoded(X, encoder, reset)
        if reset:
            self._encoder, self._example_shape = encoder, X.shape[1:]
        X = X.reshape(len(X), -1)
        infinite, missing = np.isinf(X).any(axis=0), np.isnan(X).any(axis=0)
        if infinite.any():
            raise ValueError(f"X must be finite. Received: infinite values in {self._columns_of(infinite)}")
        if missing.any() and not get_tags(self).input_tags.allow_nan:
            raise ValueError(
                f"{type(self).__name__} takes no missing values. Expected: complete rows, such as from "
                f"make_pipeline(AutoencoderImputer(), {type(self).__name__}()). "
                f"Received: NaN in {self._columns_of(missing)}"
            )
        return X

    def _checked_array(self, X, reset):
        shape = (X if hasattr(X, "shape") else np.asarray(X)).shape[1:]
        if not reset and max(len(shape), len(self._example_shape)) > 1 and shape != self._example_shape:
            raise ValueError(
                f"X has examples of another shape. Expected: {self._example_shape}. Received: {tuple(shape)}"
            )
        return validate_data(self, X, reset=reset, allow_nd=True, dtype=np.float64, ensure_all_finite=False)

    def _encoded(self, X, encoder, reset):
        """The features of a DataFrame, or of an array with the columns of the one given to `fit`."""
        X = validate_data(self, X, reset=reset, skip_check_array=True)
        if 0 in X.shape:
            check_array(np.zeros(X.shape), estimator=self)  # raises
        X = X if is_frame(X) else encoder.frame(X)
        return (encoder.fit(X) if reset else encoder).transform(X)

    def _columns_of(self, features):
        """The columns to which some of the features belong, for a message: names, or numbers in an array."""
        if self._encoder is None:
            columns = np.flatnonzero(features).tolist()
        else:
            columns = self._encoder.columns_[[part.any() for part in self._encoder.split(features)]].tolist()
        return checks.listed(columns, _SHOWN)

    def _fit_scaler(self, X):
        """The rows in the scaled units of a new `scaler_`."""
        checks.choice("scaling", self.scaling, ["standard", "none"])
        with_scaling = self.scaling == "standard"
        self._limits = _limits(X) if with_scaling else (-np.inf, np.inf)
        self.scaler_ = StandardScaler(with_mean=with_scaling, with_std=with_scaling).fit(np.clip(X, *self._limits))
        if with_scaling and self._encoder is not None:  # a category counts as much as a number
            self.scaler_.scale_ = self._encoder.common_scale(self.scaler_.var_)
        return self._scaled(X)

    def _scaled(self, X):
        """The rows in scaled units, without values beyond the limits."""
        return self.scaler_.transform(np.clip(X, *self._limits)).astype("float32")

    def _unscaled(self, X):
        return self.scaler_.inverse_transform(X.astype("float64"))

    def _shaped(self, X):
        """Rows in the shape of the examples given to `fit`."""
        return X.reshape(len(X), *self._example_shape)

    def _like(self, X, values):
        """Values of the columns of `X`: a DataFrame if it is one, else in the shape of the examples."""
        if self._encoder is None:
            return self._shaped(values)
        X = X if is_frame(X) else self._encoder.frame(X)
        return self._encoder.frame(values).set_axis(X.index)

    def _decoded(self, features, index=None):
        """Features, in the data's units, as examples of the shape of those given to `fit`, or as a DataFrame."""
        return self._shaped(features) if self._encoder is None else self._encoder.inverse_transform(features, index)

    def _trained(self, X, seed):
        """A new model, trained on scaled rows `(n, features)`; `seed` determines all random draws."""
        checks.integer("epochs", self.epochs)
        checks.integer("batch_size", self.batch_size)
        checks.number("learning_rate", self.learning_rate)
        checks.rate("corruption", self.corruption)
        checks.integer("latent_dim", self.latent_dim)
        callbacks, held_out = self._fit_callbacks(), None
        with seeded(seed):
            model = self._model(X.shape[1], [*checks.widths("units", self.units), self.latent_dim])
            if self.early_stopping:
                X, held_out = self._split(X, np.random.default_rng(seed))
            X = self._training_rows(X)
            steps = self.epochs * math.ceil(len(X) / self.batch_size)
            schedule = keras.optimizers.schedules.CosineDecay(float(self.learning_rate), steps)
            model.compile(keras.optimizers.Adam(schedule))
            options = {"batch_size": self.batch_size, "epochs": self.epochs, "verbose": self.verbose}
            with compiled_for(model, steps):
                model.fit(X, **options, validation_data=held_out, callbacks=callbacks)
        if infinite_weights(model):
            raise ValueError(
                "The training diverged: the weights are not finite. Expected: a smaller `learning_rate`. "
                f"Received: learning_rate={self.learning_rate}"
            )
        return model

    def _fit_callbacks(self):
        """The user's callbacks and, with `early_stopping`, the one that stops."""
        if not isinstance(self.early_stopping, (bool, np.bool_)):
            raise ValueError(f"`early_stopping` must be a bool. Received: early_stopping={self.early_stopping!r}")
        checks.probability("validation_fraction", self.validation_fraction)
        patience = checks.integer("patience", self.patience)
        callbacks = [] if self.callbacks is None else self.callbacks
        if not np.iterable(callbacks) or not all(isinstance(one, keras.callbacks.Callback) for one in callbacks):
            raise ValueError(f"`callbacks` must be a list of Keras callbacks, or None. Received: {self.callbacks!r}")
        if self.early_stopping:
            stop = keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
            return [*callbacks, stop]
        return list(callbacks)

    def _split(self, X, rng):
        """The pair (training rows, validation data): `validation_fraction` of the rows, at least one, are held out."""
        number = max(1, round(self.validation_fraction * len(X)))
        if number >= len(X):
            raise ValueError(
                f"`early_stopping` leaves no row for training. Expected: at least 2 rows, of which "
                f"`validation_fraction` leaves one. Received: {counted(len(X), 'row')}, "
                f"validation_fraction={self.validation_fraction!r}"
            )
        order = rng.permutation(len(X))
        return X[order[number:]], self._validation_data(X[order[:number]], rng)

    def _validation_data(self, X, rng):
        """The evaluation data from held-out rows."""
        return X

    def _training_rows(self, X):
        """The training data from scaled rows."""
        return X

    def _model(self, features, widths):
        """An untrained model of rows with this many features, with hidden layers and a code of the given widths."""
        encoder, decoder = networks.mlp_autoencoder([features, *widths], self.activation)
        return models.Autoencoder(encoder, decoder, corruption=self._masking())

    def _masking(self, **options):
        """Masking noise, by which the indicators of one category are masked together."""
        widths = None if self._encoder is None else self._encoder.widths_
        return layers.MaskingNoise(self.corruption, widths=widths, **options)

    def _seeds(self, number=1):
        """Integers drawn from `random_state`."""
        return check_random_state(self.random_state).randint(0, 2**31 - 1, number).tolist()


def _limits(X):
    """The least and the largest value of each feature that are not extreme; infinite for a constant feature."""
    median = np.nanmedian(X, axis=0)
    low = np.nanpercentile(X, _RARE, axis=0, method="higher")  # without the least value of a small table
    high = np.nanpercentile(X, 100 - _RARE, axis=0, method="lower")
    distances = np.abs(X - median)
    others = np.ma.median(np.ma.masked_where(~(distances > 0), distances), axis=0).filled(np.inf)
    below, above = (_REACH * np.where(reach > 0, reach, others) for reach in (median - low, high - median))
    return median - below, median + above


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
