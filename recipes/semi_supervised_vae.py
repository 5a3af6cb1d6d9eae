"""Few labels and many images without: a semi-supervised VAE (M2), also on the codes of a VAE (M1+M2), on MNIST.

The references are the same classifier without the VAE, on pixels and on the codes.

Args:
    labels: Numbers of labelled training images, the same number of each class.
    code_dim: Dimensions of the code of M1.
    code_epochs: Epochs of training of M1.
    labelled_share: Share of the examples of an epoch that have a label; the labelled ones are repeated.
    classification_weight: Weight of the classifier's cross-entropy.
    steps: Updates of the classifiers alone.
"""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import models, networks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load


def labelled(y, number, classes):
    """The places of the first examples of each class, `number` in all."""
    return np.concatenate([np.flatnonzero(y == label)[: number // classes] for label in range(classes)])


def semi_supervised(x, y, places, share, epochs, batch_size, latent_dim, units, classes, likelihood, weight):
    """A trained `SemiSupervisedVAE` that knows the labels at these places."""
    known = np.full(len(y), -1)
    known[places] = y[places]
    repeated = np.resize(places, int(share * len(x)))
    x, known = np.concatenate([x, x[repeated]]), np.concatenate([known, known[repeated]])
    heads = 2 if likelihood == "gaussian" else 1  # the variance of a code is learned
    parts = (
        networks.mlp_encoder(x.shape[1:], units, latent_dim, "softplus", classes),
        networks.mlp_decoder(latent_dim, units, x.shape[1:], "softplus", heads=heads, num_classes=classes),
        networks.mlp_classifier(x.shape[1:], units, classes, "softplus"),
    )
    options = {"reconstruction": likelihood, "classification_weight": weight}
    model = models.SemiSupervisedVAE(*parts, classes, **options)
    model.compile(keras.optimizers.Adam(cosine_decay(1e-3, len(x), epochs, batch_size)))
    model.fit(x, known, batch_size=batch_size, epochs=epochs, verbose=2)
    return model


def supervised(x, y, units, classes, steps):
    """A trained `Classifier` of dense layers, as the semi-supervised model has."""
    network = networks.mlp_classifier(x.shape[1:], units, classes, "softplus")
    model, batch_size = models.Classifier(network), min(100, len(x))
    model.compile("adam")
    model.fit(x, y, batch_size=batch_size, epochs=max(1, steps * batch_size // len(x)), verbose=0)
    return model


@recipe
def main(
    data="mnist", labels=(100, 1000), epochs=30, code_epochs=50, batch_size=200, latent_dim=50, code_dim=50,
    units=(500,), labelled_share=0.1, classification_weight=20.0, steps=2000, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    classes, units = int(train.y.max()) + 1, presets.registry.scaled("units", units, width)
    m1 = presets.build("vae", train.x.shape[1:], latent_dim=code_dim, units=(*units, *units), activation="softplus")
    m1.compile(keras.optimizers.Adam(cosine_decay(1e-3, len(train.x), code_epochs, batch_size)))
    m1.fit(train.x, batch_size=batch_size, epochs=code_epochs, verbose=2)
    codes = {"train": m1.encode(train.x), "test": m1.encode(test.x)}
    errors, timer = {}, Timer()
    with timer:
        for number in labels:
            places = labelled(train.y, number, classes)
            for name, x, x_test, likelihood in (
                ("pixels", train.x, test.x, "bernoulli"),
                ("codes", codes["train"], codes["test"], "gaussian"),
            ):
                keras.utils.set_random_seed(seed)
                alone = supervised(x[places], train.y[places], units, classes, steps)
                options = latent_dim, units, classes, likelihood, classification_weight
                model = semi_supervised(x, train.y, places, labelled_share, epochs, batch_size, *options)
                for kind, one in (("alone", alone), ("semi-supervised", model)):
                    errors[number, name, kind] = 100 * np.mean(one.classify(x_test) != test.y)
                if name == "pixels":
                    m2 = model
    titles = {"pixels": "M2", "codes": "M1+M2"}
    findings, axes = [], Figure(figsize=(6, 4), layout="constrained").subplots()
    for name, title in titles.items():
        for kind, label in (("alone", f"classifier alone, {name}"), ("semi-supervised", title)):
            axes.loglog(labels, [errors[number, name, kind] for number in labels], "o-", label=label)
    axes.set(xlabel="labelled training images", ylabel="test error, %")
    axes.legend()
    for number in labels:
        best = min(errors[number, name, "semi-supervised"] for name in titles)
        bound = {"at_most": 12.0} if number == 100 else {}
        findings.append(Finding(f"test error, %, {number} labels, the better of M2 and M1+M2", best, **bound))
        for name, title in titles.items():
            findings += [
                Finding(f"test error, %, {number} labels, {title}", errors[number, name, "semi-supervised"]),
                Finding(f"the same, classifier alone on {name}", errors[number, name, "alone"]),
            ]
    findings.append(Finding("minutes of training, without M1", timer.minutes))
    rows = np.repeat(np.arange(classes), 10)
    z = np.tile(m2.draw_latents(10, seed), (classes, 1))
    figures = {
        "errors": axes.figure,
        "styles": plots.image_grid(m2.decode(z, rows), 10, title="a class in each row, a style in each column"),
    }
    return Outcome(m2, findings, figures)
