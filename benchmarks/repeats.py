"""Trainings of one seed, again and again: whether all end with the same weights, bit for bit.

    python benchmarks/repeats.py [--pairs 50] [--only vae ...]

Each preset is trained on small images with both cores, 51 times in one process: three models are built anew, and each
is trained 17 times from its first weights, with its first optimizer, random state and order of the data.
"""

import argparse
import csv
import hashlib
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import presets

BUILT = 3
SIDES = {"lenet5": 16, "alexnet": 64, "googlenet": 32, "vgg16": 32, "cyclegan": 32}
IMAGES, FEW, BATCH, EPOCHS = 96, 8, 16, 2  # few for a CycleGAN, which takes one in a step


def trainings(name, number):
    """The hashes of all weights, optimizers, random states and logs after `number` trainings of equal starts."""
    preset, side = presets.PRESETS[name], SIDES.get(name, 8)
    translates = "translate" in preset.model.tasks
    shape = (FEW, side, side, 3) if translates else (IMAGES, side, side, 1)
    x = np.random.default_rng(0).random(shape).astype("float32")
    options = {"num_classes": 3} if "num_classes" in preset.arguments else {}
    for of_model in np.array_split(range(number), BUILT):
        keras.utils.set_random_seed(7)
        model = presets.build(name, shape[1:], width=0.25, **options)
        low, high = model.value_range or (0, 1)
        images, size = low + (high - low) * x, 1 if translates else BATCH * model.updates_per_step
        second = [np.arange(len(x)) % 3] if model.uses_labels else [images[::-1]] if translates else []
        variables, order_seed = [*model.variables, *model.optimizer.variables], model.order_seed
        first = [variable.numpy() for variable in variables]
        for _ in of_model:
            for variable, value in zip(variables, first, strict=True):
                variable.assign(value)
            model.order_seed, model.epochs_completed = order_seed, 0
            history = model.fit(images, *second, batch_size=size, epochs=EPOCHS, verbose=0).history
            logs = [history[metric.name] for metric in model.metrics if metric.name in history]
            yield _hash([*(variable.numpy() for variable in variables), np.array(logs)])


def _hash(arrays):
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def equal_pairs(name, pairs):
    """The number of trainings, of `pairs` after a first one, that equal the first."""
    first, *others = trainings(name, pairs + 1)
    return sum(other == first for other in others)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--only", nargs="*", default=sorted(presets.PRESETS), help="the presets")
    parser.add_argument("--out", default="", help="a .csv file for the results")
    given = parser.parse_args()
    results = []
    for name in given.only:
        start = time.perf_counter()
        results.append((name, equal_pairs(name, given.pairs), given.pairs))
        print(f"{name}: {results[-1][1]} of {given.pairs} equal, {time.perf_counter() - start:.0f} s", flush=True)
    if given.out:
        Path(given.out).parent.mkdir(parents=True, exist_ok=True)
        with open(given.out, "w", newline="") as file:
            csv.writer(file).writerows([("preset", "equal", "pairs"), *results])
    print(f"{sum(r[1] for r in results)} of {sum(r[2] for r in results)} pairs are equal")


if __name__ == "__main__":
    main()
