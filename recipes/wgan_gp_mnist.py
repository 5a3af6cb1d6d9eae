"""A Wasserstein GAN with gradient penalty of MNIST, or of other small images, against a VAE trained for the same time.

python recipes/wgan_gp_mnist.py [--data fashion_mnist]

Args:
    n_critic: Updates of the critic for each of the generator.
"""

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import frechet_findings, sample_metrics, vae_samples


@recipe
def main(
    data="mnist", epochs=30, batch_size=64, filters=16, latent_dim=16, learning_rate=5e-4, n_critic=5, ema=0.999,
    samples=10000, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    (frechet,) = sample_metrics("frechet", train, test, samples)
    options = {"filters": filters, "latent_dim": latent_dim, "learning_rate": learning_rate, "ema": ema, "width": width}
    model = presets.build("wgan-gp", train.x.shape[1:], n_critic=n_critic, **options)
    with Timer() as timer:  # a step of `fit` takes the batches of n_critic updates
        history = model.fit(train.x, batch_size=n_critic * batch_size, epochs=epochs, validation_data=test.x, verbose=2)
    drawn = model.sample(frechet.n, seed=seed)
    vae = vae_samples(train.x, frechet.n, timer.seconds, batch_size, width, seed)
    figures = {"samples": plots.image_grid(drawn[:64], value_range=(-1, 1), title="samples")}
    findings = [
        *frechet_findings(frechet, drawn, train.x, vae),
        Finding("Wasserstein estimate on test images at the end", history.history["val_wasserstein"][-1]),
        Finding("minutes of training, each model", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
