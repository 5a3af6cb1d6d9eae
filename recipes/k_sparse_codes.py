"""1,000 hidden units of which only the 25 largest pass, and logistic regression on their codes.

python recipes/k_sparse_codes.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from sklearn.linear_model import LogisticRegression

from keras_gen import callbacks, data, layers, models, networks, plots
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    units: int = 1000,
    k: int = 25,
    first_k: int = 100,
    code_k: int = 75,
    epochs: int = 60,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    penalty: float = 1.0,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/k_sparse_codes"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    units, k, first_k, code_k = (max(2, round(number * width)) for number in (units, k, first_k, code_k))
    sparse = layers.KSparse(k, first_k=first_k)
    model = models.Autoencoder(*networks.mlp_autoencoder([train.x.shape[1:], units], tied=True, code_layer=sparse))
    steps = epochs * -(-len(train.x) // batch_size)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)))
    annealing = callbacks.KSparseAnnealing(max(2, epochs // 2))
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, callbacks=[annealing], verbose=2)

    images = model.encoder.get_layer("encoder_1").get_weights()[0].T.reshape(-1, *train.x.shape[1:])
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    plots.image_grid(images[:100] / np.abs(images[:100]).max(), value_range=(-1, 1)).savefig(out / "filters.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    sparse.current_k.assign(code_k)  # as published, more units pass in the codes than did in training
    codes, test_codes = model.encode(train.x), model.encode(test.x)
    errors = {}
    for name, x, x_test in (
        ("codes", codes, test_codes),
        ("pixels", train.x.reshape(len(train.x), -1), test.x.reshape(len(test.x), -1)),
    ):
        scale = x.std()
        regression = LogisticRegression(C=1 / penalty, max_iter=300, tol=1e-3).fit(x / scale, train.y)
        errors[name] = 100 * np.mean(regression.predict(x_test / scale) != test.y)
    report(
        "k_sparse_codes",
        [
            Finding("test error, %, codes", errors["codes"], at_most=2.0, reference="published 1.35, from memory"),
            Finding("test error, %, pixels", errors["pixels"], reference="published 7.20, from memory"),
            Finding("active units of a code, mean", float((test_codes != 0).sum(axis=1).mean())),
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
