"""What pretraining without labels is worth: test error of a 3 x 1000 classifier with few labels and with all.

python recipes/few_labels.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from matplotlib.figure import Figure

from keras_gen import callbacks, data, models, networks
from keras_gen.reports import Finding, report


def classified(autoencoder, train, test, labels, epochs, batch_size):
    """Test error, %, of the classifier that starts from the encoder, trained on the first `labels` examples."""
    classifier = autoencoder.to_classifier(int(train.y.max()) + 1)
    x, y = train.x[:labels], train.y[:labels]
    batch_size = min(batch_size, max(10, len(x) // 20))
    steps = epochs * -(-len(x) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(schedule), loss)
    classifier.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=2)
    return 100 * np.mean(classifier.predict(test.x, verbose=0).argmax(axis=1) != test.y), classifier


def main(
    dataset: str = "mnist",
    labels: list[int] = (100, 1000, 60000),
    epochs: int = 20,
    pretrain_epochs: int = 15,
    noise: float = 0.25,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/few_labels"),
):
    train, test = data.load(dataset)
    units = [train.x.shape[1:], *[max(10, round(1000 * width))] * 3]
    errors = {"without pretraining": [], "with pretraining": []}
    for name, found in errors.items():
        keras.utils.set_random_seed(seed)
        pair = networks.mlp_autoencoder(units, "sigmoid", "sigmoid", tied=True)
        autoencoder = models.Autoencoder(*pair, reconstruction="bernoulli")
        autoencoder.compile("adam")
        if name == "with pretraining":
            first = callbacks.GreedyPretraining(train.x, pretrain_epochs, batch_size, noise=noise, verbose=2)
            autoencoder.fit(train.x, batch_size=batch_size, epochs=1, callbacks=[first], verbose=2)
        for number in labels:
            error, classifier = classified(autoencoder, train, test, number, epochs, batch_size)
            found.append(error)

    out.mkdir(parents=True, exist_ok=True)
    classifier.save(out / "model.keras")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, found in errors.items():
        axes.loglog(labels, found, "o-", label=name)
    axes.set_xlabel("labelled training images")
    axes.set_ylabel("test error, %")
    axes.legend()
    figure.savefig(out / "errors.png", dpi=100)
    findings = []
    for place, number in enumerate(labels):
        plain, pretrained = (found[place] for found in errors.values())
        bound = 1.4 if number >= 60000 else plain
        reference = "published 1.28 to 1.40" if number >= 60000 else "without pretraining"
        what = f"test error, %, {number} labels"
        findings.append(Finding(f"{what}, with pretraining", pretrained, at_most=bound, reference=reference))
        findings.append(Finding(f"{what}, without", plain))
    report(
        "few_labels",
        findings,
        out,
        dataset=dataset,
        epochs=epochs,
        pretrain_epochs=pretrain_epochs,
        noise=noise,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
