"""The work of the commands for tables: outliers and missing values of a CSV or Parquet file."""

import functools
import warnings
from pathlib import Path

import numpy as np

from keras_gen import checks, plots
from keras_gen.data.tables import read_table, table_suffix, without_columns
from keras_gen.estimators import AutoencoderImputer, AutoencoderOutlierDetector
from keras_gen.estimators.encoding import TableEncoder, is_identifier
from keras_gen.estimators.outliers import check_contamination
from keras_gen.files import atomic_write
from keras_gen.reports import counted

_REASONS, _LEAST_SHARE = 3, 0.1  # columns that are named for a row, and the least share of its error that each has
_PICTURES = (".png", ".pdf", ".svg")
_RESULTS = ("outlier_row", "outlier_score", "outlier_rank", "outlier", "outlier_columns")
_TESTED = 0.1  # of the known cells, hidden to measure the error of imputation


def outliers(path, out, picture=None, contamination=None, without=(), epochs=None, seed=0):
    """Score the rows of a table by `AutoencoderOutlierDetector`, and write them with their scores.

    Missing cells are filled by `AutoencoderImputer` first.

    Args:
        path: A `.csv`, `.tsv` or `.parquet` file.
        out: The new file: the columns `outlier_row` (1 for the first row), `outlier_score` (higher for stronger
            outliers), `outlier_rank` (1 for the strongest), `outlier` and `outlier_columns`, and those of the table.
        picture: The new PNG of the report. Defaults to `None`: the name of `out` with `.png`.
        contamination: Fraction of the rows that are flagged as outliers, in (0, 0.5]. Defaults to `None`: that of the
            detector.
        without: Names of columns that are not used. Defaults to ().
        epochs: Epochs of training. Defaults to `None`: those of the estimators.
        seed: Integer. Defaults to 0.

    Returns:
        List of lines of text: how many rows are flagged, the strongest outliers, and the files written.
    """
    picture = _new_files(out, picture)
    options = _options(epochs, seed)
    detector = AutoencoderOutlierDetector(**options)
    if contamination is not None:
        detector.contamination = contamination
    check_contamination(detector.contamination)
    table = read_table(path)
    taken = [name for name in _RESULTS if name in table.frame]
    if taken:
        raise ValueError(f"{path} has columns with the names of the results. Expected: other names. Received: {taken}")
    used = _usable(table.frame, without)
    if (used.nunique() < 2).all():
        raise ValueError("A table without variation has no outliers. Expected: a column of at least two values")
    given, missing, lines = used, used.isna(), []
    if missing.any(axis=None):
        used = AutoencoderImputer(**options).fit(used).transform(used)
        lines.append(
            f"Filled {counted(missing.sum().sum(), 'missing cell')} for the scores, as `keras-gen impute` does."
        )
    detector.fit(used)
    scores, flagged = -detector.score_samples(used), detector.predict(used) == -1
    errors, expected = detector.feature_errors(used).mask(missing, 0.0), detector.reconstruct(used)
    reasons = _reasons(table, used, errors, expected, missing, flagged)
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(len(scores), int)
    rank[order] = np.arange(1, len(scores) + 1)
    texts = ["; ".join(parts) for parts in reasons]
    results = zip(_RESULTS, (np.arange(1, len(used) + 1), np.round(scores, 6), rank, flagged, texts), strict=True)
    columns = type(used)(dict(results), index=used.index)
    share = f"--contamination {detector.contamination:g}"
    lines.append(f"Flagged: {flagged.sum()} of {counted(len(used), 'row')} ({share}). The strongest:")
    lines += [f"  row {place + 1}, score {scores[place]:.3g}: {texts[place]}" for place in order[:5]]
    figure = plots.outlier_report(scores, flagged, errors, given, table.shown)
    return _written(lines, table.with_columns(columns), figure, out, picture)


def impute(path, out, picture=None, without=(), epochs=None, seed=0):
    """Fill the missing cells of a table by `AutoencoderImputer`, and measure how well known ones are filled.

    A first imputer is trained without a tenth of the known cells, which it then fills; the second is trained on all.

    Args:
        path, without, epochs, seed: As in `outliers`; columns that are not used are written as they are.
        out: The new file. Known cells are unchanged.
        picture: The new PNG of the report. Defaults to `None`: the name of `out` with `.png`.

    Returns:
        List of lines of text: how many cells are filled, the error of each column, and the files written.
    """
    picture = _new_files(out, picture)
    imputer = functools.partial(AutoencoderImputer, **_options(epochs, seed))
    table = read_table(path)
    used = _usable(table.frame, without)
    gaps = used.isna().sum()
    if not gaps.any():
        raise ValueError(f"{path} has no missing cell in the columns used. Expected: empty cells, NA, NaN, null or ?")
    hidden = _hidden(used, np.random.default_rng(seed))
    tested = used.mask(hidden)
    guesses = imputer().fit(tested).transform(tested)
    tests = {name: _tested(*(frame[name] for frame in (used, guesses, tested, hidden))) for name in used}
    completed = table.frame.copy()
    completed[used.columns] = imputer().fit(used).transform(used)
    lines = [f"Filled {counted(gaps.sum(), 'cell')}. Errors are those of known cells that were hidden for a test:"]
    lines += [f"  {name}: {gaps[name]} filled; {summary}" for name, (*_, summary) in tests.items() if gaps[name]]
    figure = plots.imputation_report(gaps / len(used), tests)
    return _written(lines, table.filled(completed), figure, out, picture)


def _new_files(out, picture):
    """The path of the picture, after checks of both paths."""
    table_suffix(out)
    picture = Path(out).with_suffix(".png") if picture is None else Path(picture)
    if picture.suffix.lower() not in _PICTURES:
        raise ValueError(f"--picture has an unknown suffix. Expected: one of {_PICTURES}. Received: {str(picture)!r}")
    for option, path in (("--out", out), ("--picture", picture)):
        if Path(path).exists():
            raise ValueError(f"{option} exists already. Expected: the name of a new file. Received: {str(path)!r}")
    return picture


def _options(epochs, seed):
    options = {"random_state": checks.integer("seed", seed, minimum=0)}
    return options if epochs is None else {**options, "epochs": checks.integer("epochs", epochs)}


def _usable(frame, without):
    """The columns from which a model can learn; a warning names the others."""
    used = without_columns(frame, without)
    for name, column in used.items():
        reason = _reason_to_leave_out(column)
        if reason:
            warnings.warn(f"Column {name!r} is left out: {reason}", stacklevel=3)
            used = used.drop(columns=name)
    if 0 in used.shape or len(used) < 2:
        raise ValueError(
            "A table needs at least two rows, and one column of numbers, dates or categories that is not left out. "
            f"Received: {counted(len(frame), 'row')} and the columns {checks.listed(frame.columns)}"
        )
    return used


def _reason_to_leave_out(column):
    if column.isna().all():
        return "it has no value"
    if is_identifier(column):
        return "almost all of its texts differ, like those of an identifier"
    numbers = column.to_numpy()
    if column.dtype.kind in "iu" and not column.isna().any() and numbers[0] in (0, 1) and len(numbers) > 2:
        return "it numbers the rows" if (np.diff(numbers.astype(int)) == 1).all() else None
    return None


def _reasons(table, used, errors, expected, missing, flagged):
    """For each row a list of texts: the columns with the largest errors, what they hold and what was expected.

    A value that is the expected one is named in flagged rows only. The last text names the cells that were filled,
    which can make the others unusual.
    """
    values = errors.to_numpy()
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    largest = np.argsort(-shares, axis=1, kind="stable")[:, :_REASONS]
    pairs = [(name, used[name].tolist(), expected[name].tolist()) for name in used]  # cells of lists are found fast
    reasons = [[] for _ in largest]
    for row, place in np.argwhere(np.take_along_axis(shares, largest, axis=1) >= _LEAST_SHARE):
        column = largest[row, place]
        name, *pair = pairs[column]
        is_, should = (table.shown(name, values[row]) for values in pair)
        if is_ == should and not flagged[row]:
            continue
        # Even an expected value has an error where similar rows hold others
        wanted = "unusual in this combination" if is_ == should else f"expected {should}"
        reasons[row].append(f"{name} {is_}, {wanted} ({100 * shares[row, column]:.0f} %)")
    for row in np.flatnonzero(missing.any(axis=1)):
        reasons[row].append(f"filled: {', '.join(map(str, missing.columns[missing.iloc[row]]))}")
    return reasons


def _tested(true, filled, known, hidden):
    """(true values, filled ones, a summary of the errors) of the hidden cells of a column.

    The values are floats (of dates: days since the first) or strings; the baseline is the mean of the known cells, or
    the most frequent one.
    """
    if not hidden.any():
        return np.empty(0), np.empty(0), "too few known cells for a test"
    true, filled, known = true[hidden], filled[hidden], known.dropna()
    encoder = TableEncoder().fit(known.to_frame())
    if encoder.widths_ == [1]:
        true, filled, known = (encoder.transform(column.to_frame())[:, 0] for column in (true, filled, known))
        ours, mean = (np.sqrt(np.mean(np.square(true - guess))) for guess in (filled, known.mean()))
        unit = " days" if encoder.holds_ == ["dates"] else ""
        return true, filled, f"RMSE {ours:.3g}{unit} of {counted(len(true), 'cell')} (the mean: {mean:.3g}{unit})"
    true, filled = (column.astype(str).to_numpy(object) for column in (true, filled))
    ours, mode = (100 * np.mean(true == guess) for guess in (filled, str(known.mode().iloc[0])))
    return true, filled, f"{ours:.0f} % of {counted(len(true), 'cell')} right (the most frequent: {mode:.0f} %)"


def _hidden(used, rng):
    """Known cells to hide: a tenth, of columns of which at least two others are left, and which stay categories."""
    known = used.notna()
    hidden = known & (rng.random(used.shape) < _TESTED)
    for name in used:
        candidates = np.flatnonzero(known[name])
        if not hidden[name].any() and len(candidates) > 2:
            hidden.loc[hidden.index[rng.choice(candidates)], name] = True
        if (known[name] & ~hidden[name]).sum() < 2 or is_identifier(used[name].mask(hidden[name])):
            hidden[name] = False
    return hidden


def _written(lines, table, figure, out, picture):
    """The lines, with those of the files, after writing these."""
    table.write(out)
    with atomic_write(picture) as temporary:
        figure.savefig(temporary)
    return [*lines, f"Wrote {out}", f"Wrote {picture}"]
