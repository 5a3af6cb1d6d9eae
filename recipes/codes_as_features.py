"""Codes as features: support vector machines on codes and on pixels, and one autoencoder per class.

Args:
    labelled: Training images with labels.
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.estimators import AutoencoderFeatures, AutoencoderPerClassClassifier
from keras_gen.plots.palette import BLUE
from keras_gen.presets.registry import scaled


@recipe
def main(data="mnist", labelled=10000, epochs=30, batch_size=100, seed=0, width=1.0):
    train, test = load(data)
    x, y = train.x[:labelled], train.y[:labelled]
    hidden = scaled("units", (1000, 500), width, 30)
    options = {"scaling": "none", "epochs": epochs, "batch_size": batch_size, "random_state": seed, "verbose": 2}
    features = AutoencoderFeatures(hidden, 30, corruption=0.2, **options).fit(train.x)
    one_per_class = AutoencoderPerClassClassifier(hidden[1:], 20, corruption=0.1, **options).fit(x, y)
    predicted = {"one autoencoder per class": one_per_class.predict(test.x)}
    for name, inputs in (
        ("SVM on pixels", [images.reshape(len(images), -1) for images in (x, test.x)]),
        ("SVM on codes", [features.transform(images) for images in (x, test.x)]),
    ):
        machine = make_pipeline(StandardScaler(), SVC(C=10)).fit(inputs[0], y)
        predicted[name] = machine.predict(inputs[1])
    errors = {name: 100 * np.mean(classes != test.y) for name, classes in predicted.items()}

    axes = Figure(figsize=(6, 3), layout="constrained").subplots()
    axes.barh(list(errors), list(errors.values()), color=BLUE)
    axes.set_xlabel(f"test error, %, with {len(x)} labelled images")
    bounds = {"SVM on codes": {"at_most": errors["SVM on pixels"], "reference": "SVM on pixels"}}
    findings = [Finding(f"test error, %, {name}", error, **bounds.get(name, {})) for name, error in errors.items()]
    return Outcome(features.model_, findings, {"errors": axes.figure})
