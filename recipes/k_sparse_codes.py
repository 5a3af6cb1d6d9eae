"""1,000 hidden units of which only the 25 largest pass in training, and logistic regression on their codes.

python recipes/k_sparse_codes.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from keras_gen import callbacks, data, layers, models, networks, plots
from keras_gen.reports import Finding, report

PUBLISHED = "published 1.35 of codes and 7.20 of pixels, from memory"


def main(
    dataset: str = "mnist",
    units: int = 1000,
    k: int = 25,
    first_k: int = 100,
    code_k: int = 75,
    epochs: int = 40,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    penalty: float = 50.0,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/k_sparse_codes"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    units, k, first_k, code_k = (max(2, round(number * width)) for number in (units, k, first_k, code_k))
    sparse = layers.KSparse(k, first_k=first_k)
    model = models.Autoencoder(*networks.mlp_autoencoder([train.x.shape[1:], units], tied=True, code_layer=sparse))
    mean = train.x.mean(axis=0)  # without it, one unit stands for the mean image and a third of the others never pass
    x, x_test = train.x - mean, test.x - mean
    steps = epochs * -(-len(x) // batch_size)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)))
    annealing = callbacks.KSparseAnnealing(max(2, epochs // 2))
    history = model.fit(x, batch_size=batch_size, epochs=epochs, callbacks=[annealing], verbose=2)

    images = model.encoder.get_layer("encoder_1").get_weights()[0].T.reshape(-1, *train.x.shape[1:])
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    plots.image_grid(images[:100] / np.abs(images[:100]).max(), value_range=(-1, 1)).savefig(out / "filters.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    features = {"pixels": (train.x.reshape(len(x), -1) / x.std(), test.x.reshape(len(x_test), -1) / x.std())}
    for passing in (k, code_k):  # as published, more units may pass in the codes than did in training
        sparse.current_k.assign(passing)
        codes, test_codes = csr_matrix(model.encode(x)), csr_matrix(model.encode(x_test))
        scale = np.sqrt(codes.multiply(codes).mean())
        features[f"codes of {passing} active units"] = codes / scale, test_codes / scale
    errors = {}
    for name, (inputs, test_inputs) in features.items():
        strength = 1.0 if name == "pixels" else penalty
        regression = LogisticRegression(C=1 / strength, max_iter=300, tol=1e-3).fit(inputs, train.y)
        errors[name] = 100 * np.mean(regression.predict(test_inputs) != test.y)
    report(
        "k_sparse_codes",
        [
            Finding(f"test error, %, {name}", error, at_most=None if name == "pixels" else 2.0, reference=PUBLISHED)
            for name, error in errors.items()
        ],
        out,
        dataset=dataset,
        units=units,
        k=k,
        first_k=first_k,
        code_k=code_k,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        penalty=penalty,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
