"""Each digit in turn is normal and all others are outliers: an autoencoder against three other detectors.

python recipes/outliers.py    # one of the three needs `pip install pyod`
"""

import importlib.util

import joblib
import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from keras_gen import plots
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.estimators import AutoencoderOutlierDetector
from keras_gen.presets.registry import scaled

DEEP_SVDD = 0.948  # mean AUC over the ten digits, Ruff et al. 2018, table 1


def by_forest(x, x_test, seed):
    return IsolationForest(random_state=seed).fit(x).score_samples(x_test)


def by_pca(x, x_test, seed):
    pca = PCA(0.95, random_state=seed).fit(x)
    return -np.square(x_test - pca.inverse_transform(pca.transform(x_test))).sum(axis=1)


def by_pyod(x, x_test, seed):
    from pyod.models.auto_encoder import AutoEncoder

    return -AutoEncoder(random_state=seed, verbose=0).fit(x).decision_function(x_test)


@recipe
def main(data="mnist", epochs=100, batch_size=100, seed=0, width=1.0):
    train, test = load(data)
    x, x_test = (split.x.reshape(len(split.x), -1) for split in (train, test))
    others = {"IsolationForest": by_forest, "PCA reconstruction": by_pca}
    others |= {"PyOD AutoEncoder": by_pyod} if importlib.util.find_spec("pyod") else {}  # the report says which
    areas = {name: [] for name in ("keras_gen", *others)}
    units = scaled("units", (500, 200), width, 32)
    options = {"latent_dim": 32, "corruption": 0.5, "scaling": "none", "n_estimators": 1, "n_neighbors": 0}
    options |= {"epochs": epochs, "batch_size": batch_size}
    for digit in range(10):
        normal = train.y == digit
        detector = AutoencoderOutlierDetector(units=units, random_state=seed, **options).fit(train.x[normal])
        scores = {"keras_gen": detector.score_samples(test.x)}
        # In separate processes: PyTorch's compiler crashes in one where TensorFlow is loaded
        found = joblib.Parallel(2)(joblib.delayed(score)(x[normal], x_test, seed) for score in others.values())
        scores.update(zip(others, found, strict=True))
        for name, values in scores.items():
            areas[name].append(roc_auc_score(test.y == digit, values))
        print(digit, {name: round(values[-1], 4) for name, values in areas.items()})

    worst = test.x[np.argsort(detector.score_samples(test.x))[:10]]
    where = detector.feature_errors(worst)
    axes = Figure(figsize=(8, 4), layout="constrained").subplots()
    for name, values in areas.items():
        axes.plot(range(10), values, "o-", label=f"{name}: {np.mean(values):.4f}")
    axes.set(xlabel="the normal digit", ylabel="area under the ROC curve")
    axes.legend()
    rows = {"worst scores": worst, "where": where / where.max()}
    best = max([DEEP_SVDD, *(np.mean(areas[name]) for name in others)])
    findings = [
        Finding("mean AUC, keras_gen", np.mean(areas["keras_gen"]), at_least=best, reference="best of the others"),
        *(Finding(f"mean AUC, {name}", np.mean(areas[name])) for name in others),
    ]
    facts = {"compared": [*others, f"Deep SVDD as published, {DEEP_SVDD}"], "areas": areas}
    return Outcome(detector.model_, findings, {"worst": plots.image_rows(rows), "areas": axes.figure}, facts=facts)
