"""Few labels and many images without: a semi-supervised VAE (M2), and one on the codes of a VAE (M1+M2), on MNIST.

The references are classifiers of the same size that see the labelled images, or their codes, alone.

Args:
    labels: Numbers of labelled training images, the same number of each class.
    code_dim: Dimensions of the codes of M1.
    code_epochs: Epochs of training of M1.
    labelled_share: Labelled examples of an epoch, which are repeated, per training image.
    classification_weight: Weight of the classifier's cross-entropy.
    steps: Updates of the classifiers alone.
"""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import models, networks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


def fit(model, examples, y, places, share, epochs, batch_size, learning_rate):
    """Train a `SemiSupervisedVAE` that knows the labels at these places; `examples` gives examples by their places."""
    known, repeated = np.full(len(y), -1), np.resize(places, int(share * len(y)))
    known[places] = y[places]
    every = np.concatenate([np.arange(len(y)), repeated])
    model.compile(keras.optimizers.Adam(cosine_decay(learning_rate, len(every), epochs, batch_size)))
    model.fit(examples(every), known[every], batch_size=batch_size, epochs=epochs, verbose=2)


@recipe
def main(
    data="mnist", labels=(100, 1000), epochs=25, code_epochs=30, batch_size=200, latent_dim=10, code_dim=50,
    units=(300,), labelled_share=0.1, classification_weight=10.0, learning_rate=3e-3, steps=2000, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    classes, units, rng = int(train.y.max()) + 1, scaled("units", units, width), np.random.default_rng(seed)
    m1 = presets.build("vae", train.x.shape[1:], latent_dim=code_dim, units=(500, 500), width=width)
    m1.compile(keras.optimizers.Adam(cosine_decay(1e-3, len(train.x), code_epochs, batch_size)))
    m1.fit(train.x, batch_size=batch_size, epochs=code_epochs, verbose=2)
    z_mean, z_log_var = m1.posterior(train.x)

    def codes(places):
        """Draws from M1's posterior: other ones each time that an example is repeated."""
        noise = rng.standard_normal((len(places), code_dim), "float32")
        return z_mean[places] + np.exp(z_log_var[places] / 2) * noise

    def build(shape, likelihood):
        heads = {"heads": 2 if likelihood == "gaussian" else 1, "num_classes": classes}  # a code's variance is learned
        parts = (
            networks.mlp_encoder(shape, units, latent_dim, "softplus", classes),
            networks.mlp_decoder(latent_dim, units, shape, "softplus", **heads),
            networks.mlp_classifier(shape, units, classes, "softplus"),
        )
        return models.SemiSupervisedVAE(*parts, classes, classification_weight, likelihood)

    kinds = {
        "M2": (lambda places: train.x[places], test.x, train.x.shape[1:], "bernoulli"),
        "M1+M2": (codes, m1.encode(test.x), (code_dim,), "gaussian"),
    }
    trained, errors, findings, axes = {}, {}, [], Figure(figsize=(6, 4), layout="constrained").subplots()
    for kind, (examples, x_test, shape, likelihood) in kinds.items():
        for number in labels:
            of_class = [np.flatnonzero(train.y == label)[: number // classes] for label in range(classes)]
            places = np.concatenate(of_class)
            keras.utils.set_random_seed(seed)
            alone = models.Classifier(networks.mlp_classifier(shape, units, classes, "softplus"))
            alone.compile("adam")
            repeated = np.resize(places, steps * min(100, number))
            alone.fit(examples(repeated), train.y[repeated], batch_size=min(100, number), verbose=2)
            model = trained[kind] = build(shape, likelihood)
            with Timer() as timer:
                fit(model, examples, train.y, places, labelled_share, epochs, batch_size, learning_rate)
            found = [100 * np.mean(one.classify(x_test) != test.y) for one in (model, alone)]
            errors.setdefault(kind, []).append(found)
            # Kingma et al., 2014, table 1: M2 11.97, M1+M2 3.33
            bound = {"at_most": 12.0, "reference": "11.97 published for M2"} if number == 100 else {}
            findings += [
                Finding(f"test error, %, {kind}, {number} labels", found[0], **bound),
                Finding("the same, a classifier alone", found[1]),
                Finding("minutes of training", timer.minutes),
            ]
        for curve, name in zip(np.transpose(errors[kind]), (kind, f"classifier alone for {kind}"), strict=True):
            axes.loglog(labels, curve, "o-", label=name)
    axes.legend()
    axes.set(xlabel="labelled training images", ylabel="test error, %")
    m2 = trained["M2"]
    rows, z = np.repeat(np.arange(classes), 10), np.tile(m2.draw_latents(10, seed), (classes, 1))
    grid = plots.image_grid(m2.decode(z, rows), 10, title="a class in each row, a style in each column")
    return Outcome(m2, findings, {"errors": axes.figure, "styles": grid})
