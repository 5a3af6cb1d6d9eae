"""A VAE with two latent dimensions: embedding, manifold, interpolation, latent arithmetic, and the averaged posterior.

python recipes/vae_mnist_2d.py
"""

from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import data, plots, presets
from keras_gen.reports import Finding, report

ACTIVE = 0.1  # nats of KL above which a latent dimension counts as used


def main(
    dataset: str = "mnist",
    epochs: int = 40,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    start: int = 1,
    goal: int = 7,
    out: Path = Path("saved_models/vae_mnist_2d"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    model = presets.build("vae", train.x.shape[1:], latent_dim=2, units=(400, 100), width=width)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)

    z_mean, z_log_var = model.posterior(test.x)
    first, last = (z_mean[test.y == label][0] for label in (start, goal))
    steps = np.linspace(0, 1, 10)[:, None]
    interpolation = model.decode((1 - steps) * first + steps * last)
    # Arithmetic in a wanted direction: from the mean code of one class to that of another, added to one digit's code
    centres = {label: z_mean[test.y == label].mean(axis=0) for label in (start, goal)}
    arithmetic = model.decode(first + steps * (centres[goal] - centres[start]))
    moved = first + (centres[goal] - centres[start])
    nearest = min(np.unique(test.y), key=lambda label: np.linalg.norm(moved - z_mean[test.y == label].mean(axis=0)))

    # Averaged over the data the posterior is to be the prior: each active latent has E[sigma^2] + Var[mu] near 1
    variance = np.exp(z_log_var).mean(axis=0) + z_mean.var(axis=0)
    active = model.kl_per_dimension(test.x) > ACTIVE

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    shown = slice(0, 5000)
    plots.latent_scatter(z_mean[shown], test.y[shown], "codes of the test digits").savefig(out / "embedding.png")
    plots.manifold(model.decode, title="decoded plane, equal steps of probability").savefig(out / "manifold.png")
    rows = {f"interpolation {start} to {goal}": interpolation, f"{start} + (mean {goal} - mean {start})": arithmetic}
    plots.image_rows(rows).savefig(out / "interpolation.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "vae_mnist_2d",
        [
            Finding("test loss, nats", model.evaluate(test.x, return_dict=True, verbose=0)["loss"]),
            Finding("active latents", int(active.sum()), at_least=2),
            Finding(
                "smallest E[sigma^2] + Var[mu] of an active latent",
                min(variance[active], default=float("nan")),
                at_least=0.8,
            ),
            Finding(
                "largest E[sigma^2] + Var[mu] of an active latent",
                max(variance[active], default=float("nan")),
                at_most=1.2,
            ),
            Finding("class whose mean is nearest after the arithmetic", int(nearest), at_least=goal, at_most=goal),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
