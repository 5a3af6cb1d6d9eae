"""A deep convolutional GAN of MNIST, against a VAE trained for the same time.

Both are measured by the Frechet distance of their samples to the test images, in the features of a classifier of the
same data. The distance of training images is about the best value that samples can reach.
"""

import keras

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import frechet_findings, sample_metrics, vae_samples


@recipe
def main(
    data="mnist", epochs=10, batch_size=64, filters=16, latent_dim=16, learning_rate=2e-3, ema=0.999, samples=10000,
    seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    frechet, *others = sample_metrics("frechet,precision,recall", train, test, samples)
    # For so few epochs: fewer latents than the published 100, and a generator that learns faster than the discriminator
    options = {"latent_dim": latent_dim, "latent": "normal", "filters": filters, "ema": ema, "width": width}
    model = presets.build("dcgan", train.x.shape[1:], **options)
    rates = {"discriminator": learning_rate / 4, "generator": learning_rate}
    model.compile({player: keras.optimizers.Adam(rate, beta_1=0.5) for player, rate in rates.items()})
    with Timer() as timer:
        history = model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)

    gan = model.sample(frechet.n, seed=seed)
    vae = vae_samples(train.x, frechet.n, timer.seconds, batch_size, width, seed)
    figures = {
        "samples": plots.image_grid(gan[:64], value_range=(-1, 1), title="samples"),
        "comparison": plots.image_rows({"test": test.x[:12], "DCGAN": gan[:12], "VAE": vae[:12]}, (-1, 1)),
    }
    findings = [
        *frechet_findings(frechet, gan, train.x, vae),
        *(Finding(metric.name, metric.score(gan)) for metric in others),
        *(Finding(f"{metric.name} of the VAE", metric.score(vae)) for metric in others),
        Finding("minutes of training, each model", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
