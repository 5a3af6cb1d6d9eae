"""Columns of a DataFrame as numbers for a network, and back.

pandas is not imported before there is a DataFrame.
"""

import sys

import numpy as np
from sklearn.preprocessing import OrdinalEncoder

from keras_gen import checks

_FEW = 30  # up to this many different texts are categories, however few rows there are
_DIFFERENT = 0.5  # of a column's texts; with a larger share of different ones they identify rows
_MOST = 100  # categories of a column that have indicators of their own
_CONVERSIONS = {"date": "pandas.to_datetime", "decimal": "pandas.to_numeric"}  # of objects of `datetime`, `decimal`
_STEPS = (86400, 3600, 60, 1)  # seconds: a day, an hour, a minute, a second


def is_frame(X):
    """Whether `X` is a pandas DataFrame."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(X, pandas.DataFrame)


def is_identifier(column):
    """Whether a column of text identifies rows: more than half of its known texts, and many, are different."""
    known = column.dropna()
    return known.nunique() > max(_FEW, _DIFFERENT * len(known)) and isinstance(_coder(known), _Categories)


class TableEncoder:
    """Encode the columns of a pandas DataFrame as float64 features, and decode them.

    A number is one feature, and so is a date or a duration (in days). A category, a text or a boolean has one indicator
    for each of the 100 most frequent values, and one for all others. All features of a missing cell are NaN.

    Attributes:
        columns_: The columns' labels, a `pandas.Index`.
        widths_: List with the number of features of each column.
        holds_: List with what each column holds: `"numbers"`, `"dates"` or `"categories"`.
    """

    def fit(self, X):
        """Learn the columns of `X`, a DataFrame whose labels differ."""
        repeated = X.columns[X.columns.duplicated()].unique().tolist()
        if repeated:
            raise ValueError(
                f"Column names must be unique. Received: more than one column named {checks.listed(repeated)}"
            )
        identifiers = [name for name, column in X.items() if is_identifier(column)]
        if identifiers:
            raise ValueError(
                "A column of text must hold categories that repeat, not identifiers. Expected: a table without "
                f"identifiers, as X.drop(columns={identifiers}) returns. Received: mostly different values in "
                f"{checks.listed(identifiers)}"
            )
        self.columns_, self._coders = X.columns, []
        for name, column in X.items():
            known = column.dropna()
            try:
                self._coders.append(_coder(known).fit(known))
            except TypeError:  # values that cannot be sorted
                kinds = sorted({type(value).__name__ for value in known})
                raise ValueError(
                    f"The values of a column must be of one type. Received: {', '.join(kinds)} in column {name!r}"
                ) from None
        self.widths_, self.holds_ = ([getattr(coder, key) for coder in self._coders] for key in ("width", "holds"))
        return self

    def frame(self, X):
        """A DataFrame with the columns of `fit` and the values of an array `(n, columns)`."""
        import pandas as pd

        return pd.DataFrame(X, columns=self.columns_).infer_objects()

    def transform(self, X):
        """Features, float64 array `(n, sum of widths_)`, of a DataFrame with the columns of `fit` in their order."""
        features = []
        for (name, column), coder in zip(X.items(), self._coders, strict=True):
            known, values = column.notna().to_numpy(), np.full((len(X), coder.width), np.nan)
            try:
                values[known] = coder.encode(column[known])
            except (TypeError, ValueError):
                raise ValueError(
                    f"Column {name!r} is of another type than in `fit`. Expected: {coder.holds}. "
                    f"Received: {checks.listed(column[known].unique().tolist())}"
                ) from None
            features.append(values)
        return np.concatenate(features, axis=1)

    def inverse_transform(self, features, index=None):
        """A DataFrame of the values that are nearest to features, which must not be NaN."""
        import pandas as pd

        columns = {}
        for place, (coder, part) in enumerate(zip(self._coders, self.split(features), strict=True)):
            columns[place] = pd.Series(coder.decode(part), index=index)
        frame = pd.DataFrame(columns, index=index)
        frame.columns = self.columns_
        return frame

    def fill(self, X, features):
        """A copy of `X` whose missing cells hold the values that are nearest to features; the others are unchanged."""
        import pandas as pd

        filled = X.copy()
        for (name, column), coder, part in zip(X.items(), self._coders, self.split(features), strict=True):
            gaps = column.isna().to_numpy()
            if gaps.any():
                if isinstance(column.dtype, pd.CategoricalDtype):
                    column = column.cat.add_categories(coder.values.difference(column.cat.categories, sort=False))
                cells = column.astype(object)
                cells[gaps] = coder.decode(part[gaps]).astype(object)
                filled[name] = cells.infer_objects() if column.dtype == object else cells.astype(column.dtype)
        return filled

    def split(self, features):
        """The features of each column: a list of arrays `(..., width)`."""
        return np.split(features, np.cumsum(self.widths_)[:-1], axis=-1)

    def by_column(self, errors):
        """The sum of each column's errors: array `(..., columns)`."""
        return np.stack([part.sum(axis=-1) for part in self.split(errors)], axis=-1)

    def common_scale(self, variances):
        """Scales of the features that give each column that is not constant a total variance of 1."""
        totals = [part.sum() for part in self.split(variances)]
        scales = [np.sqrt(total) if total > 0 else 1.0 for total in totals]
        return np.repeat(scales, self.widths_)


def _coder(known):
    """A new coder for a column with these known values."""
    from pandas.api import types

    known = known.infer_objects()
    if not len(known):
        return _Numbers()
    if isinstance(known.dtype, types.CategoricalDtype) or types.is_bool_dtype(known):
        return _Categories()
    if types.is_datetime64_any_dtype(known) or types.is_timedelta64_dtype(known):
        return _Dates()
    inferred = types.infer_dtype(known)
    if inferred in _CONVERSIONS:
        raise ValueError(
            "A column must hold numbers, dates of pandas or categories. "
            f"Expected: {_CONVERSIONS[inferred]}(X[{known.name!r}]). Received: {inferred} objects in {known.name!r}"
        )
    return _Numbers() if types.is_any_real_numeric_dtype(known) else _Categories()


class _Numbers:
    """Numbers; whole ones stay whole, and none leaves the range of the known ones."""

    width, holds = 1, "numbers"

    def fit(self, known):
        values = self.encode(known)
        self._whole = known.infer_objects().dtype.kind in "iu"
        self._limits = (values.min(), values.max()) if len(values) else (None, None)
        return self

    def encode(self, known):
        return known.to_numpy("float64")[:, None]

    def decode(self, features):
        values = np.clip(features[:, 0], *self._limits)
        return np.rint(values).astype("int64") if self._whole else values


class _Dates:
    """Dates or durations, in days since the first; they are rounded to the unit of the known ones."""

    width, holds = 1, "dates"

    def fit(self, known):
        known = known.infer_objects()
        self._first, self._dtype = known.min(), known.dtype
        seconds = self.encode(known)[:, 0] * 86400
        self._limits = seconds.min(), seconds.max()
        self._step = next((step for step in _STEPS if (np.abs(seconds / step % 1 - 0.5) > 0.4999).all()), None)
        return self

    def encode(self, known):
        import pandas as pd

        return ((known.astype(self._dtype) - self._first) / pd.Timedelta(days=1)).to_numpy("float64")[:, None]

    def decode(self, features):
        import pandas as pd

        seconds = np.clip(features[:, 0] * 86400, *self._limits)
        seconds = np.rint(seconds / self._step) * self._step if self._step else seconds
        return pd.Series(self._first + pd.to_timedelta(seconds, unit="s")).astype(self._dtype).array


class _Categories:
    """Categories: indicators of the most frequent of the known values, sorted, and of all others."""

    holds = "categories"

    def fit(self, known):
        import pandas as pd

        self._encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, max_categories=_MOST + 1
        ).fit(_objects(known))  # rare values share the last code
        self._dtype, values = known.infer_objects().dtype, self._encoder.categories_[0]
        rare = self._encoder.infrequent_categories_[0]
        self.values = pd.Index(values if rare is None else values[~np.isin(values, rare)])
        self.width = len(self.values) + 1
        return self

    def encode(self, known):
        if not len(known):
            return np.empty((0, self.width))
        codes = self._encoder.transform(_objects(known))[:, 0].astype(int)
        indicators = np.zeros((len(known), self.width))
        indicators[np.arange(len(known)), codes] = 1  # of -1 the last
        return indicators

    def decode(self, features):
        import pandas as pd

        values = self.values.to_numpy(object)[features[:, :-1].argmax(axis=1)]
        return pd.Series(values).astype(self._dtype).array


def _objects(known):
    return known.to_numpy(object)[:, None]
