"""Codes as features: a support vector machine on them, against one on pixels, and one autoencoder a class.

python recipes/codes_as_features.py
"""

from pathlib import Path

import numpy as np
import typer
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from keras_gen import data
from keras_gen.estimators import AutoencoderFeatures, AutoencoderPerClassClassifier
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    labelled: int = 10000,
    epochs: int = 30,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/codes_as_features"),
):
    train, test = data.load(dataset)
    options = {"scaling": "none", "epochs": epochs, "batch_size": batch_size, "random_state": seed, "verbose": 2}
    hidden = tuple(max(30, round(size * width)) for size in (1000, 500))
    features = AutoencoderFeatures(hidden, 30, noise=0.2, **options).fit(train.x)
    x, y = train.x[:labelled], train.y[:labelled]
    flat, flat_test = (images.reshape(len(images), -1) for images in (x, test.x))
    errors = {}
    for name, inputs, test_inputs in (
        ("SVM on pixels", flat, flat_test),
        ("SVM on codes", features.transform(x), features.transform(test.x)),
    ):
        machine = make_pipeline(StandardScaler(), SVC(C=10)).fit(inputs, y)
        errors[name] = 100 * np.mean(machine.predict(test_inputs) != test.y)
    classifier = AutoencoderPerClassClassifier(hidden[1:], 20, noise=0.1, **options).fit(x, y)
    errors["one autoencoder a class"] = 100 * np.mean(classifier.predict(test.x) != test.y)

    out.mkdir(parents=True, exist_ok=True)
    features.model_.save(out / "model.keras")
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(errors), list(errors.values()), color="tab:blue")
    axes.set_xlabel(f"test error, %, with {len(x)} labelled images")
    figure.savefig(out / "errors.png", dpi=100)
    report(
        "codes_as_features",
        [
            Finding("test error, %, SVM on pixels", errors["SVM on pixels"]),
            Finding("test error, %, SVM on codes", errors["SVM on codes"], at_most=errors["SVM on pixels"]),
            Finding("test error, %, one autoencoder a class", errors["one autoencoder a class"]),
        ],
        out,
        dataset=dataset,
        labelled=len(x),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
