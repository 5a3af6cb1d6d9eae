"""Test images found in the latent space of a trained generator, and varied there.

A GAN cannot encode an image: the latent whose image is nearest to it is searched by gradients. The GAN's own samples
show how far the search can be trusted; a VAE's reconstructions, of as many latent dimensions, are the comparison.

python recipes/find_latent.py --data mnist --generator dcgan --epochs 5 --width 0.5    # minutes an epoch

Args:
    generator: Preset of the GAN: gan, of dense layers, or dcgan.
    vae_epochs: Epochs of training of the VAE.
    searched: Number of test images that are searched, and of samples of the GAN.
    restarts: Starts of each search.
    steps: Steps of each search, at most.
    spread: Distance along a direction of the latent space by which the found latents are varied, both ways.
"""

import numpy as np

from keras_gen import checks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.input_optimization.latent_search import invert_generator, self_inversion_rate
from keras_gen.value_ranges import rescaled

SHOWN, VARIATIONS = 10, 7


@recipe
def main(
    data="digits", generator="gan", epochs=200, vae_epochs=60, batch_size=64, latent_dim=16, learning_rate=1e-3,
    ema=0.99, searched=50, restarts=8, steps=200, spread=2.0, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    shape, options = train.x.shape[1:], {"latent_dim": latent_dim, "width": width}
    trained = {"latent": "normal", "learning_rate": learning_rate, "adversarial_loss": "hinge", "ema": ema}
    gan = presets.build(checks.choice("generator", generator, ["gan", "dcgan"]), shape, **trained, **options)
    history = gan.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
    vae = presets.build("vae", shape, **options)
    vae.fit(rescaled(train.x, (-1, 1)), batch_size=batch_size, epochs=vae_epochs, verbose=0)

    x = test.x[np.random.default_rng(seed).permutation(len(test.x))[:searched]]
    with Timer() as timer:
        rate = self_inversion_rate(gan, searched, restarts=restarts, steps=steps, seed=seed)
        found = invert_generator(gan, x, restarts=restarts, steps=steps, seed=seed)
    once = invert_generator(gan, x, restarts=1, steps=steps, seed=seed)
    x01 = rescaled(x, (-1, 1))
    by_vae = vae.reconstruct(x01)
    searched_in_vae = invert_generator(vae, x01, restarts=restarts, steps=steps, seed=seed)
    mean = np.square(train.x.mean(axis=0) - x).sum(axis=(1, 2, 3)).mean() / 4

    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((latent_dim, latent_dim)))[0]
    moves = np.linspace(-spread, spread, VARIATIONS)[:, None]
    varied = [gan.generate(z + moves * d) for z, d in zip(found.latents[:SHOWN], directions, strict=False)]
    errors = {
        "test images found in the GAN": found.errors.mean() / 4,  # of (-1, 1), as of (0, 1)
        "the same, from one start": once.errors.mean() / 4,
        "reconstructed by the VAE": np.square(by_vae - x01).sum(axis=(1, 2, 3)).mean(),
        "found in the VAE": searched_in_vae.errors.mean(),
        "the mean of the training images": mean,
    }
    half = {"at_most": mean / 2, "reference": "half of the mean image's error"}
    findings = [
        Finding("own samples found again, %", 100 * rate, at_least=95),
        *(
            Finding(f"squared error of [0, 1]: {name}", error, **(half if "found" in name else {}))
            for name, error in errors.items()
        ),
        Finding("minutes of the searches in the GAN", timer.minutes),
    ]
    rows = {
        "test images": x[:SHOWN],
        "found in the GAN": found.images[:SHOWN],
        "found in the VAE": rescaled(searched_in_vae.images[:SHOWN], (0, 1), (-1, 1)),
        "reconstructed by the VAE": rescaled(by_vae[:SHOWN], (0, 1), (-1, 1)),
    }
    names = ["-", *[""] * (VARIATIONS // 2 - 1), "found", *[""] * (VARIATIONS // 2 - 1), "+"]
    figures = {
        "found": plots.image_rows(rows, (-1, 1)),
        "varied": plots.image_grid(
            np.concatenate(varied), VARIATIONS, (-1, 1), "found images, moved through the latent space", (), names
        ),
    }
    return Outcome(gan, findings, figures, history.history)
