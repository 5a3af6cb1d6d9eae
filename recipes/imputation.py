"""Filling missing pixels, a random half and the lower half, compared with scikit-learn's imputers.

Args:
    train_images, test_images: Number of images, the first of the set.
    iterations: Iterations of scikit-learn's iterative imputer, by far the slowest; 0: without it.
"""

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  makes IterativeImputer importable
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from keras_gen import plots
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.estimators import AutoencoderImputer
from keras_gen.presets.registry import scaled


def missing_pixels(shape, kind, rng):
    """Where pixels are missing: half of them at random, or the lower half."""
    if kind == "random":
        return rng.random(shape) < 0.5
    missing = np.zeros(shape, bool)
    missing[:, shape[1] // 2 :] = True
    return missing


def other_imputers(iterations, seed):
    """Scikit-learn's imputers by name."""
    imputers = {"mean": SimpleImputer(keep_empty_features=True), "KNN": KNNImputer(keep_empty_features=True)}
    if iterations:
        options = {"n_nearest_features": 50, "random_state": seed, "keep_empty_features": True}
        imputers["iterative"] = IterativeImputer(max_iter=iterations, **options)
    return imputers


@recipe
def main(
    data="mnist", train_images=5000, test_images=1000, epochs=200, batch_size=100, iterations=10, seed=0, width=1.0
):
    train, test = load(data)
    x, x_test = np.array(train.x[:train_images], "float64"), np.array(test.x[:test_images], "float64")
    options = {"units": scaled("units", (1000, 500), width, 100), "latent_dim": 100, "corruption": 0.25}
    options |= {"scaling": "none", "epochs": epochs, "batch_size": batch_size, "random_state": seed}
    rng, findings, figures = np.random.default_rng(seed), [], {}
    for kind in ("random", "lower half"):
        missing = missing_pixels(x_test.shape, kind, rng)
        given = np.where(missing, np.nan, x_test)
        # Half of the training images miss pixels in the same way; the others are whole and show what a lower half is
        holes = missing_pixels(x.shape, kind, rng) & (rng.random(len(x)) < 0.5)[:, None, None, None]
        known = np.where(holes, np.nan, x)
        filled = {
            name: imputer.fit(known.reshape(len(x), -1)).transform(given.reshape(len(x_test), -1)).reshape(given.shape)
            for name, imputer in other_imputers(iterations, seed).items()
        }
        imputer = AutoencoderImputer(**options).fit(known)
        ours = imputer.transform(given)
        ours_rmse, *rmse = (np.sqrt(np.square(found - x_test)[missing].mean()) for found in (ours, *filled.values()))
        findings += [
            Finding(f"RMSE, {kind}, keras_gen", ours_rmse, at_most=min(rmse), reference="best of the others"),
            *(Finding(f"RMSE, {kind}, {name}", error) for name, error in zip(filled, rmse, strict=True)),
        ]
        rows = {"original": x_test, f"{kind} missing": np.nan_to_num(given, nan=0.5)}
        rows |= {"KNN": filled["KNN"], "keras_gen": ours}
        figures[kind.replace(" ", "_")] = plots.image_rows({name: images[:8] for name, images in rows.items()})
    return Outcome(imputer.model_, findings, figures)
