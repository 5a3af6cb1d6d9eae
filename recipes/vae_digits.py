"""A VAE of scikit-learn's 8x8 digits: seconds, and no network.

python recipes/vae_digits.py
"""

from pathlib import Path

import keras
import typer

from keras_gen import data, plots, presets
from keras_gen.reports import Finding, report


def main(
    dataset: str = "digits",
    epochs: int = 60,
    batch_size: int = 64,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/vae_digits"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    model = presets.build("vae", train.x.shape[1:], latent_dim=2, width=width)
    untrained = model.evaluate(test.x, return_dict=True, verbose=0)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)
    trained = model.evaluate(test.x, return_dict=True, verbose=0)

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    pairs = {"input": test.x[:10], "reconstruction": model.reconstruct(test.x[:10])}
    plots.image_grid(model.sample(64, seed=seed), title="samples").savefig(out / "samples.png")
    plots.image_rows(pairs).savefig(out / "reconstructions.png")
    plots.latent_scatter(model.encode(test.x), test.y, "codes of the test digits").savefig(out / "latent.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "vae_digits",
        [
            Finding("test loss, nats", trained["loss"], at_most=untrained["loss"] - 15, reference="untrained, less 15"),
            Finding("of it the KL, nats", trained["kl"], at_least=1.0, reference="the code is used"),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
