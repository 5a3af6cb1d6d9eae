"""Missing pixels filled: half of them at random, and the lower half, against scikit-learn's imputers.

python recipes/imputation.py
"""

from pathlib import Path

import numpy as np
import typer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  makes IterativeImputer importable
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from keras_gen import data, plots
from keras_gen.estimators import AutoencoderImputer
from keras_gen.reports import Finding, report


def holes(shape, kind, rng):
    """Where pixels are missing: half of them at random, or the lower half."""
    if kind == "random":
        return rng.random(shape) < 0.5
    missing = np.zeros(shape, bool)
    missing[:, shape[1] // 2 :] = True
    return missing


def main(
    dataset: str = "mnist",
    train_images: int = 5000,
    test_images: int = 1000,
    epochs: int = 200,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    iterations: int = 10,  # of the iterative imputer, by far the slowest of all; 0 leaves it out
    out: Path = Path("saved_models/imputation"),
):
    train, test = data.load(dataset)
    x, x_test = np.array(train.x[:train_images], "float64"), np.array(test.x[:test_images], "float64")
    rng, findings, rows = np.random.default_rng(seed), [], {"original": x_test[:8]}
    out.mkdir(parents=True, exist_ok=True)
    for kind in ("random", "lower half"):
        missing = holes(x_test.shape, kind, rng)
        given = np.where(missing, np.nan, x_test)
        # Of training images some pixels are missing in the same way, some none: whole images show what a lower half is
        taught = np.where(holes(x.shape, kind, rng) & (rng.random(len(x)) < 0.5)[:, None, None, None], np.nan, x)
        flat, flat_taught = given.reshape(len(given), -1), taught.reshape(len(taught), -1)
        imputers = {"mean": SimpleImputer(keep_empty_features=True), "KNN": KNNImputer(keep_empty_features=True)}
        if iterations:
            imputers["iterative"] = IterativeImputer(
                n_nearest_features=50, random_state=seed, keep_empty_features=True, max_iter=iterations
            )
        filled = {name: one.fit(flat_taught).transform(flat).reshape(x_test.shape) for name, one in imputers.items()}
        imputer = AutoencoderImputer(
            units=tuple(max(100, round(size * width)) for size in (1000, 500)),
            latent_dim=100,
            noise=0.25,
            scaling="none",
            epochs=epochs,
            batch_size=batch_size,
            random_state=seed,
        )
        filled["keras_gen"] = imputer.fit(taught).transform(given)
        rmse = {name: np.sqrt(np.square(found - x_test)[missing].mean()) for name, found in filled.items()}
        best = min(value for name, value in rmse.items() if name != "keras_gen")
        findings.append(
            Finding(f"RMSE, {kind}, keras_gen", rmse["keras_gen"], at_most=best, reference="best of others")
        )
        findings.extend(Finding(f"RMSE, {kind}, {name}", rmse[name]) for name in imputers)
        rows[f"{kind} missing"] = np.nan_to_num(given[:8], nan=0.5)
        rows.update({name: found[:8] for name, found in filled.items() if name in ("KNN", "keras_gen")})
        plots.image_rows(rows).savefig(out / f"{kind.replace(' ', '_')}.png")
        rows = {"original": x_test[:8]}
    imputer.model_.save(out / "model.keras")
    report(
        "imputation",
        findings,
        out,
        dataset=dataset,
        train_images=len(x),
        test_images=len(x_test),
        iterations=iterations,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
