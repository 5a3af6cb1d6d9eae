"""The best discriminator of known densities p and q: trained, it is p / (p + q), and its loss tells their distance.

python recipes/optimal_discriminator.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from keras import ops
from matplotlib.figure import Figure

from keras_gen import data, models, networks
from keras_gen.reports import Finding, report

Q = data.Mixture(np.array([[0.5]]), sigma=1.5)
CASES = {"p = q": Q, "two modes": data.Mixture(np.array([[-1.5], [1.0]]), sigma=0.5)}  # the data's p
SEEN = 1e-3  # where neither density reaches it, hardly an example says what D should be


def trained(x, epochs, batch_size, learning_rate, units):
    """A GAN whose generator has the density q and holds still, longer than the training lasts."""
    still = keras.layers.Dense(
        1,
        kernel_initializer=keras.initializers.Constant(Q.sigma),
        bias_initializer=keras.initializers.Constant(Q.centres[0, 0]),
    )
    generator = keras.Sequential([keras.Input((1,)), still], name="generator")
    discriminator = networks.mlp_discriminator((1,), [units, units], "silu")
    steps = epochs * -(-len(x) // batch_size)
    model = models.GAN(generator, discriminator, latent_dim=1, discriminator_warmup_steps=steps + 1)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)))
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2)
    return model


def main(
    draws: int = 200_000,
    epochs: int = 30,
    batch_size: int = 2000,
    learning_rate: float = 3e-3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/optimal_discriminator"),
):
    x = np.linspace(-8, 9, 3401)[:, None]
    q, findings = Q.density(x), []
    out.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, (name, mixture) in zip(panels, CASES.items(), strict=True):
        keras.utils.set_random_seed(seed)
        model = trained(mixture.draw(draws, seed), epochs, batch_size, learning_rate, max(2, round(64 * width)))
        fresh = mixture.draw(draws, seed + 1)
        value = -model.evaluate(fresh, batch_size=10_000, return_dict=True, verbose=0)["discriminator_loss"]
        judged = ops.convert_to_numpy(ops.sigmoid(model.discriminator(x)))[:, 0]
        p = mixture.density(x)
        best, seen = p / (p + q), np.maximum(p, q) > SEEN
        error = np.abs(judged - best)[seen].mean()
        middle = (p + q) / 2
        jsd = np.ptp(x) / (len(x) - 1) * np.sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2
        exact = -np.log(4) + 2 * jsd
        read = (value + np.log(4)) / 2
        findings += [
            Finding(f"{name}: mean |D - p / (p + q)|", error, at_most=0.02),
            Finding(f"{name}: value of the game", value, exact + 0.005, exact - 0.005, f"-log 4 + 2 JSD = {exact:.4f}"),
            Finding(f"{name}: JSD by the loss, nats", read, jsd + 0.0025, jsd - 0.0025, f"the integral: {jsd:.4f}"),
        ]
        axes.fill_between(x[:, 0], p, color="tab:green", alpha=0.3, label="p, the data's density")
        axes.fill_between(x[:, 0], q, color="tab:orange", alpha=0.3, label="q, the generator's")
        axes.plot(x, best, color="black", linewidth=4, alpha=0.3, label="p / (p + q)")
        axes.plot(x[seen], judged[seen], color="tab:red", linewidth=1.2, label="D, trained")
        axes.set(xlabel="x", xlim=(-5.5, 6.5), title=f"{name}: mean |D - p / (p + q)| = {error:.3f}")
    model.save(out / "model.keras")
    panels[0].legend(loc="upper right")
    panels[0].set_ylabel("densities, and D")
    figure.savefig(out / "optimal_discriminator.png", dpi=100)
    report(
        "optimal_discriminator",
        findings,
        out,
        dataset="N(0.5, 1.5^2) against itself, and two normals of deviation 0.5 at -1.5 and 1 against it",
        draws=draws,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
