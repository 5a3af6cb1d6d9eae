"""Outlier detectors with their defaults on tables and images that none of them was tuned for.

    python benchmarks/outliers.py --images CLASSES FACES --out outliers.csv    # after `pip install pyod`

Protocols:

- `unsupervised`, the main one, as in ODDS and ADBench (Han et al., 2022): a detector is fitted to a table of normal
  rows with some outliers, without labels, and scores the same rows;
- `novelty`: a detector is fitted to one half of the normal rows, and scores the other half and the outliers.

The measure is the area under the ROC curve (AUC), the mean over `--seeds`: a seed draws the rows of a set and seeds the
detector. Detectors are ranked on each set by this mean, the best first; equal ones share their mean rank. All have the
defaults of their library, except that PCA keeps .95 of the variance. kNN is the distance to the fifth neighbour, as in
PyOD. Nearest neighbours, LOF and PCA get standardized features; PyOD and keras_gen standardize by themselves.

The sets are tables of scikit-learn, in which rows of one class are rare, tables made here, and with `--images`: each
class of a set of labelled images, with some images of the next class; or images without labels (or with few images per
class), some of which are upside down. The defaults of `AutoencoderOutlierDetector` were chosen on the DEVELOPMENT sets
alone; the table shows these and all others, the held-out sets, separately.

Every finished set is kept in `--out` and not repeated.
"""

import argparse
import csv
import functools
import importlib.util
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import joblib
import numpy as np
from scipy.stats import rankdata
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

_MOST_ROWS, _CLASSES, _FEW = 500, 10, 100  # normal rows of a set; classes of images; images of a class that are too few
FIELDS = ("protocol", "set", "seed", "detector", "auc")


# Sets: functions of a random generator that give normal rows and outliers


def rare_class(load, rare, number):
    """Scikit-learn's table, without all but a `number` of the rows of the class `rare`, which are the outliers."""

    def rows(rng):
        x, y = load(return_X_y=True)
        return x[y != rare], rng.permutation(x[y == rare])[:number]

    return rows


def one_digit(digit):
    """Scikit-learn's 8x8 images of one digit, with 10 of the others."""

    def rows(rng):
        x, y = datasets.load_digits(return_X_y=True)
        return x[y == digit], rng.permutation(x[y != digit])[:10]

    return rows


def shuffled(x, number, rng):
    """Rows with values from independent rows: each feature is distributed as in `x`, and none depends on another."""
    return np.stack([rng.choice(column, number) for column in x.T], axis=1)


def diabetes(rng):
    """Scikit-learn's table of patients; each value of an outlier is another patient's."""
    x, _ = datasets.load_diabetes(return_X_y=True, scaled=False)
    return x, shuffled(x, 25, rng)


def clusters(rng):
    """Three normal clusters in 5 dimensions; outliers uniform in their box."""
    centres = rng.uniform(-6, 6, (3, 5))
    x = centres[rng.integers(3, size=500)] + rng.standard_normal((500, 5))
    return x, rng.uniform(x.min(axis=0), x.max(axis=0), (25, 5))


def correlated(rng):
    """20 features of 5 factors and noise; outliers have the same features, independent of each other."""
    factors = rng.standard_normal((5, 20))
    x = rng.standard_normal((500, 5)) @ factors + 0.5 * rng.standard_normal((500, 20))
    return x, shuffled(x, 25, rng)


def manifold(rng):
    """A curved surface in 10 dimensions; outliers have the same features, off the surface."""
    directions, phases = rng.standard_normal((2, 10)), rng.uniform(0, 2 * np.pi, 10)
    x = np.sin(rng.uniform(-2, 2, (500, 2)) @ directions + phases) + 0.05 * rng.standard_normal((500, 10))
    return x, shuffled(x, 25, rng)


def densities(rng):
    """A dense and a wide cluster in 6 dimensions; outliers are nearer to the dense one than rows of the wide are."""
    x = np.concatenate([0.3 * rng.standard_normal((250, 6)), 6 + 2 * rng.standard_normal((250, 6))])
    away = rng.standard_normal((25, 6))
    return x, away / np.linalg.norm(away, axis=1, keepdims=True) * rng.uniform(1.2, 2, (25, 1))


def subspace(rng):
    """50 features; outliers break the dependence of five of them."""
    x = rng.standard_normal((525, 50))
    x[:, :5] = x[:, :1] + 0.3 * x[:, :5]
    x[500:, :5] = shuffled(x[:500, :5], 25, rng)
    return x[:500], x[500:]


def skewed(rng):
    """12 log-normal features of 3 factors; outliers deviate in one of them."""
    logs = rng.standard_normal((525, 3)) @ rng.standard_normal((3, 12)) + 0.3 * rng.standard_normal((525, 12))
    logs[np.arange(500, 525), rng.integers(12, size=25)] += rng.choice([-2, 2], 25)
    x = np.exp(logs / 2)
    return x[:500], x[500:]


def together(rng):
    """A normal cloud in 8 dimensions; outliers are a small dense cluster at its border."""
    x = rng.standard_normal((500, 8)) @ rng.standard_normal((8, 8))
    direction = rng.standard_normal(8) @ rng.standard_normal((8, 8))
    return x, 3 * direction / np.sqrt(8) + 0.2 * rng.standard_normal((25, 8)) * x.std(axis=0)


def moons(rng):
    """Two half circles in the plane; outliers uniform around them."""
    x, _ = datasets.make_moons(500, noise=0.06, random_state=int(rng.integers(2**31)))
    return x, rng.uniform(x.min(axis=0) - 0.2, x.max(axis=0) + 0.2, (25, 2))


def answers(rng):
    """30 answers of yes or no that follow from 3 factors; outliers answer at random."""
    x = (rng.standard_normal((500, 3)) @ rng.standard_normal((3, 30)) + 0.5 * rng.standard_normal((500, 30)) > 0) * 1.0
    return x, shuffled(x, 25, rng)


def waves(rng):
    """Sine waves of 40 points, of any phase and about one frequency; outliers have another frequency."""
    frequency = np.concatenate([rng.uniform(1.9, 2.1, 500), rng.choice([1.6, 2.4], 25)])[:, None]
    turns = frequency * np.linspace(0, 1, 40) + rng.uniform(0, 1, (525, 1))
    x = np.sin(2 * np.pi * turns) + 0.5 * rng.standard_normal((525, 40))
    return x[:500], x[500:]


TABLES = {
    "breast cancer": rare_class(datasets.load_breast_cancer, 0, 20),
    "wine 0": rare_class(datasets.load_wine, 0, 10),
    "wine 1": rare_class(datasets.load_wine, 1, 10),
    "wine 2": rare_class(datasets.load_wine, 2, 10),
    "iris 1": rare_class(datasets.load_iris, 1, 8),
    "iris 2": rare_class(datasets.load_iris, 2, 8),
    **{f"digit {digit}": one_digit(digit) for digit in (1, 3, 5, 8)},
    "diabetes": diabetes,
    **{
        function.__name__: function
        for function in (
            clusters, correlated, manifold, densities, subspace, skewed, together, moons, answers, waves
        )
    },
}  # fmt: skip
DEVELOPMENT = (
    "breast cancer", "wine 0", "iris 1", "digit 1", "digit 3", "clusters", "correlated", "densities", "skewed", "waves",
)  # fmt: skip


def upside_down(x, rng):
    """Images, of which 25 are upside down."""
    mixed = rng.permutation(x)
    return mixed[25:], mixed[:25, ::-1]


def image_sets(place):
    """The sets of a source of images, by name, as `data.load` takes it."""
    from keras_gen import data

    train, name = data.load(place)[0], Path(place).stem
    x, y = train.x, train.y
    if y is None or np.bincount(y).max() < _FEW:
        return {name: functools.partial(upside_down, x)}
    classes = np.unique(y)

    def pair(rng, normal, other):
        return x[y == normal], rng.permutation(x[y == other])[:25]

    return {
        f"{name} {label}": functools.partial(pair, normal=label, other=other)
        for label, other in zip(classes[:_CLASSES], np.roll(classes, -1), strict=False)
    }


# Detectors: functions that fit rows and give scores of other rows, or of the same (`x_test is x`); higher for outliers


def keras_gen(x, x_test, seed):
    from keras_gen.estimators import AutoencoderOutlierDetector

    return -AutoencoderOutlierDetector(random_state=seed).fit(x).score_samples(x_test)


def isolation_forest(x, x_test, seed):
    return -IsolationForest(random_state=seed).fit(x).score_samples(x_test)


def local_outlier_factor(x, x_test, seed):
    detector = LocalOutlierFactor(novelty=x_test is not x).fit(x)
    return -(detector.negative_outlier_factor_ if x_test is x else detector.score_samples(x_test))


def nearest_neighbours(x, x_test, seed):
    distances, _ = NearestNeighbors(n_neighbors=5).fit(x).kneighbors(None if x_test is x else x_test)
    return distances[:, -1]


def pca(x, x_test, seed):
    model = PCA(0.95, random_state=seed).fit(x)
    return np.square(x_test - model.inverse_transform(model.transform(x_test))).sum(axis=1)


def _pyod(x, x_test, seed):
    from pyod.models.auto_encoder import AutoEncoder

    return AutoEncoder(random_state=seed, verbose=0).fit(x).decision_function(x_test)


def pyod(x, x_test, seed):
    # In a separate process: PyTorch crashes in one where TensorFlow is loaded
    return joblib.Parallel(2)([joblib.delayed(_pyod)(x, x_test, seed)])[0]


DETECTORS = {
    "keras_gen": keras_gen,
    "IsolationForest": isolation_forest,
    "LOF": local_outlier_factor,
    "kNN": nearest_neighbours,
    "PCA": pca,
    "PyOD AutoEncoder": pyod,
}
_STANDARDIZED = ("LOF", "kNN", "PCA")


def split(rows, protocol, seed):
    """Rows to fit, rows to score (the same array, if unsupervised) and which of the latter are outliers."""
    rng = np.random.default_rng(seed)
    normal, outliers = rows(rng)
    normal = rng.permutation(normal)[:_MOST_ROWS]
    normal, outliers = (part.reshape(len(part), -1) for part in (normal, outliers))
    fitted = normal[: len(normal) // 2] if protocol == "novelty" else np.concatenate([normal, outliers])
    if protocol == "unsupervised":
        return fitted, fitted, np.arange(len(fitted)) >= len(normal)
    rest = normal[len(fitted) :]
    return fitted, np.concatenate([rest, outliers]), np.arange(len(rest) + len(outliers)) >= len(rest)


def measured(rows, detectors, protocol, seed):
    """Dict from each detector to its AUC."""
    x, x_test, outlier = split(rows, protocol, seed)
    scaler = StandardScaler().fit(x)
    scaled = scaler.transform(x)
    scaled_test = scaled if x_test is x else scaler.transform(x_test)
    areas = {}
    for name in detectors:
        pair = (scaled, scaled_test) if name in _STANDARDIZED else (x, x_test)
        areas[name] = float(roc_auc_score(outlier, DETECTORS[name](*pair, seed)))
    return areas


def print_table(rows, protocol):
    """The mean AUC of each set and detector, and the means over sets of AUC and rank."""
    rows = [row for row in rows if row["protocol"] == protocol]
    names = list(dict.fromkeys(row["detector"] for row in rows))
    areas = {}
    for row in rows:
        areas.setdefault(row["set"], {}).setdefault(row["detector"], []).append(float(row["auc"]))
    means = {place: np.array([np.mean(found[name]) for name in names]) for place, found in areas.items()}
    ranks = {place: rankdata(-values.round(4)) for place, values in means.items()}
    print(f"\n{protocol}: mean AUC, {len(rows) // max(1, len(means) * len(names))} seeds")
    print(f"{'':28}" + "".join(f"{name:>18}" for name in names))
    development = [place for place in means if place in DEVELOPMENT]
    held_out = [place for place in means if place not in DEVELOPMENT]
    for title, places in (("development", development), ("held-out", held_out), ("all", [*means])):
        if title != "all":
            for place in places:
                print(f"{place:28}" + "".join(f"{value:18.3f}" for value in means[place]))
        if places:
            for what, of in (("AUC", means), ("rank", ranks)):
                values = np.mean([of[place] for place in places], axis=0)
                print(f"{f'mean {what}, {len(places)} {title}':28}" + "".join(f"{value:18.3f}" for value in values))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", nargs="*", default=[], help="folders or files, as `data.load` takes them")
    parser.add_argument("--protocol", nargs="+", default=["unsupervised"], choices=["unsupervised", "novelty"])
    parser.add_argument("--sets", nargs="+", help="names of sets; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("outliers.csv"))
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"`--seeds` must be at least 1. Received: {arguments.seeds}")
    detectors = dict(DETECTORS)
    if importlib.util.find_spec("pyod") is None:
        print("PyOD is not installed: its AutoEncoder is left out")
        del detectors["PyOD AutoEncoder"]
    sets = TABLES | {name: rows for place in arguments.images for name, rows in image_sets(place).items()}
    unknown = sorted(set(arguments.sets or ()) - set(sets))
    if unknown:
        parser.error(f"unknown sets. Expected: some of {sorted(sets)}. Received: {unknown}")
    rows = list(csv.DictReader(arguments.out.open())) if arguments.out.exists() else []
    done = {tuple(row[field] for field in FIELDS[:-1]) for row in rows}
    for protocol in arguments.protocol:
        for place in arguments.sets or sets:
            for seed in range(arguments.seeds):
                missing = [name for name in detectors if (protocol, place, str(seed), name) not in done]
                found = measured(sets[place], missing, protocol, seed)
                rows += [dict(zip(FIELDS, (protocol, place, str(seed), *pair), strict=True)) for pair in found.items()]
                with arguments.out.open("w", newline="") as file:
                    writer = csv.DictWriter(file, FIELDS)
                    writer.writeheader()
                    writer.writerows(rows)
            print(protocol, place, flush=True)
        print_table(rows, protocol)


if __name__ == "__main__":
    main()
