"""Memory of a process that trains one new model after another.

    python benchmarks/growth.py [--fits 200] [--only vae grid ...]

Each case has a process of its own. The growth is that of the resident memory from the end of the first fit on.

- vae: the default `vae`, on 640 images of 8x8, for two epochs, each with another seed.
- validated: the same with validation data, `evaluate`, `predict` and samples.
- gan: the default `gan`.
- classifier: a small `lenet5`.
- grid: scikit-learn's GridSearchCV over 40 settings of a pipeline of AutoencoderFeatures, in 5 folds; 400 epochs each.
- widths: the default `vae`, each time with another width of its code, so that no two models are alike.
"""

import argparse
import csv
import gc
import multiprocessing
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

SETTINGS = 40


def models(name, validated=False, **options):
    """A function of a number that trains a new model of a preset."""
    import keras

    from keras_gen import presets

    x = np.random.default_rng(0).random((640, 8, 8, 1)).astype("float32")

    def fit(number):
        keras.utils.set_random_seed(number)
        own = {key: value(number) if callable(value) else value for key, value in options.items()}
        model = presets.build(name, x.shape[1:], **own)
        low, high = model.value_range or (0, 1)
        data = [low + (high - low) * x, *([np.arange(len(x)) % 10] if model.uses_labels else [])]
        model.fit(*data, epochs=2, verbose=0, validation_data=tuple(part[:64] for part in data) if validated else None)
        if validated:
            model.evaluate(*data, verbose=0)
            model.predict(data[0], verbose=0)
            model.sample(16)

    return fit


def grid(fits):
    """A function that calls back after each fit of a grid search over estimators."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    from keras_gen.estimators import AutoencoderFeatures

    x, y = load_breast_cancer(return_X_y=True)

    def search(after_fit):
        class Features(AutoencoderFeatures):
            def fit(self, X, y=None):
                fitted = super().fit(X, y)
                after_fit()
                return fitted

        pipeline = make_pipeline(Features(epochs=400, random_state=0), LogisticRegression(max_iter=5000))
        values = {"latent_dim": [2, 3, 4, 5], "learning_rate": [3e-4, 1e-3], "corruption": [0.0, 0.1, 0.2, 0.3, 0.4]}
        values = {f"features__{key}": value for key, value in values.items()}
        GridSearchCV(pipeline, values, cv=max(2, fits // SETTINGS), refit=False).fit(x, y)

    return search


CASES = {
    "vae": lambda: models("vae"),
    "validated": lambda: models("vae", validated=True),
    "gan": lambda: models("gan"),
    "classifier": lambda: models("lenet5", num_classes=10, width=0.5),
    "widths": lambda: models("vae", latent_dim=lambda number: 2 + number),
}


def measure(name, fits, found):
    """Append the resident memory in MB after each fit to a list."""
    process = psutil.Process()

    def after_fit():
        gc.collect()
        found.append(process.memory_info().rss / 1e6)

    if name == "grid":
        grid(fits)(after_fit)
    else:
        fit = CASES[name]()
        for number in range(fits):
            fit(number)
            after_fit()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[*CASES, "grid"], help="the cases")
    parser.add_argument("--out", default="", help="a .csv file for the results")
    given, context, rows = parser.parse_args(), multiprocessing.get_context("spawn"), []
    for name in given.only:
        start = time.perf_counter()
        with context.Manager() as manager:
            found = manager.list()
            process = context.Process(target=measure, args=(name, given.fits, found))
            process.start()
            process.join()
            sizes = list(found)
        rows += [(name, number, size) for number, size in enumerate(sizes, start=1)]
        steps = ", ".join(f"{size:.0f}" for size in sizes[:: max(1, len(sizes) // 10)])
        print(f"{name}: {len(sizes)} fits, {max(sizes) - sizes[0]:.0f} MB more than after the first ({steps}), "
              f"{time.perf_counter() - start:.0f} s", flush=True)  # fmt: skip
    if given.out:
        Path(given.out).parent.mkdir(parents=True, exist_ok=True)
        with open(given.out, "w", newline="") as file:
            csv.writer(file).writerows([("case", "fit", "MB"), *rows])


if __name__ == "__main__":
    main()
