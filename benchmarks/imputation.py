"""`AutoencoderImputer` with its defaults on small tables, against the mean and the most frequent category.

    python benchmarks/imputation.py

In each table 15 % of the cells are hidden at random. Printed are the root mean squared error of all hidden numbers and
dates, in standard deviations of their columns, and the share of hidden categories that is filled right: the mean over
`--seeds`, each of which draws the hidden cells and is the imputer's, and in brackets the standard error of the
difference between the imputer and its baseline.

The tables are those of scikit-learn with their targets and three further columns, so that each kind is there: the first
column in four bins, the ranks of the second as dates, and whether the third is above its median; 20 rows of iris, 30
rows of two of its columns; and 100 rows of independent noise, of which nothing can be learnt.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from sklearn import datasets

from keras_gen.estimators import AutoencoderImputer

_HIDDEN = 0.15


def with_all_kinds(load):
    """A table of scikit-learn with numbers, categories, dates and booleans."""
    source = load(as_frame=True)
    table = source.data.copy()
    table["target"] = source.target_names[source.target] if hasattr(source, "target_names") else source.target
    table["bin"] = pd.cut(table.iloc[:, 0], 4, labels=list("abcd")).astype(str)
    ranks = np.argsort(np.argsort(table.iloc[:, 1].to_numpy(), kind="stable"))
    table["date"] = pd.Timestamp("2021-03-01") + pd.to_timedelta(ranks, unit="D")
    table["above"] = table.iloc[:, 2] > table.iloc[:, 2].median()
    return table


def noise():
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(100, 5))).add_prefix("x").assign(letter=rng.choice(list("xyz"), 100))


TABLES = {
    "iris": lambda: with_all_kinds(datasets.load_iris),
    "wine": lambda: with_all_kinds(datasets.load_wine),
    "breast cancer": lambda: with_all_kinds(datasets.load_breast_cancer),
    "diabetes": lambda: with_all_kinds(datasets.load_diabetes),
    "iris, 20 rows": lambda: with_all_kinds(datasets.load_iris).iloc[:, :5].sample(20, random_state=0),
    "iris, 2 columns": lambda: with_all_kinds(datasets.load_iris).iloc[::5, :2],
    "noise": noise,
}


def numbers(column):
    """Numbers, or dates as days, as floats."""
    return (column - pd.Timestamp(0)) / pd.Timedelta(days=1) if column.dtype.kind == "M" else column.astype(float)


def measured(table, seed):
    """The error of numbers and the share of right categories, each by the imputer and by its baseline.

    They are NaN where no such cell is hidden.
    """
    hidden = pd.DataFrame(np.random.default_rng(seed).random(table.shape) < _HIDDEN, table.index, table.columns)
    given = table.mask(hidden)
    filled, squares, right = AutoencoderImputer(random_state=seed).fit_transform(given), [], []
    for name, gaps in hidden.items():
        true, guess, known = table[name], filled[name], table[name][~gaps]
        if true.dtype.kind in "fiM":
            true, guess, known = (numbers(column) for column in (true, guess, known))
            pair = [(guess - true)[gaps], (known.mean() - true)[gaps]]
            squares.append(np.square(pair).T / true.var())
        else:
            right.append(np.array([(guess == true)[gaps], (known.mode()[0] == true)[gaps]], float).T)
    categories = np.concatenate(right).mean(axis=0) if sum(map(len, right)) else [np.nan] * 2
    return [*np.sqrt(np.concatenate(squares).mean(axis=0)), *categories]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", default=[*TABLES], choices=[*TABLES], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error(f"`--seeds` must be at least 2. Received: {arguments.seeds}")
    print("| table | rows x columns | RMSE | of the mean | right | by the most frequent |\n|---|---|---|---|---|---|")
    for name in arguments.tables:
        table = TABLES[name]()
        found = np.array([measured(table, seed) for seed in range(arguments.seeds)])
        cells = [name, f"{len(table)} x {table.shape[1]}"]
        for pairs in (found[:, :2], found[:, 2:]):
            pairs = pairs[~np.isnan(pairs).any(axis=1)]  # some seeds hide no category of a small table
            if len(pairs) < 2:
                cells += ["-", "-"]
                continue
            spread = np.diff(pairs).std(ddof=1) / np.sqrt(len(pairs))
            ours, baseline = pairs.mean(axis=0)
            cells += [f"{ours:.3f} ({spread:.3f})", f"{baseline:.3f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
