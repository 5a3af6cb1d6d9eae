"""A VAE with three latent dimensions, [784]-[400]-[20]-[3+3]-[20]-[400]-[784]: samples around one digit, codes in 3-D.

python recipes/vae_mnist_3d.py
"""

from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import data, plots, presets
from keras_gen.layers import reparameterize
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    epochs: int = 40,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/vae_mnist_3d"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    model = presets.build("vae", train.x.shape[1:], latent_dim=3, units=(400, 20), width=width)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)

    # Samples around one test digit: draws from its own posterior, decoded
    digit = test.x[:1]
    z_mean, z_log_var = model.posterior(digit)
    near = model.decode(np.asarray(reparameterize(z_mean, z_log_var, seed, samples=19))[0])
    shown = test.x[:5000]
    z = model.encode(shown)
    rest = model.sample(len(shown), seed=seed)
    distance = {name: np.mean(np.abs(images - digit)) for name, images in (("near", near), ("prior", rest))}

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    grid = np.concatenate([digit, near])
    plots.image_grid(grid, columns=10, title="a test digit and samples around it").savefig(out / "around_one_digit.png")
    plots.latent_scatter(z, test.y[:5000], "codes of the test digits").savefig(out / "latent_3d.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    final = model.evaluate(test.x, return_dict=True, verbose=0)
    report(
        "vae_mnist_3d",
        [
            Finding("test loss, nats", final["loss"]),
            Finding(
                "latent dimensions with a KL above 0.1 nats",
                int((model.kl_per_dimension(shown) > 0.1).sum()),
                at_least=3,
            ),
            Finding(
                "mean absolute distance to the digit: samples around it over samples of the prior",
                distance["near"] / distance["prior"],
                at_most=0.75,
                reference="they resemble it",
            ),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
