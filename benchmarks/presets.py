"""Every preset with its defaults, trained for a short time, against baselines without a network.

    python benchmarks/presets.py --data digits mnist cifar10 FACES PHOTOS --seconds 60 --out presets.csv

A preset loses if a baseline of its kind is at least as good on the test images:

- that reconstructs: the mean training image and PCA with as many components as its code has; squared error. PCA is
  for information where a penalty or a prior limits what the code holds (sparse, contractive, variational);
- that samples: a normal distribution of each pixel, of the training images' mean and variance, clipped to the range;
  the share of test images, at most 1,000, without any of as many samples nearby: 1 - coverage (Naeem et al., 2020,
  arXiv:2002.09797) in the first five principal components of the training images. There, training images leave 1 to 6 %
  uncovered, normal pixels 70 to 97 %, and one image for all latents, or the mean image, 88 to 100 % (digits, MNIST,
  CIFAR-10, faces, photographs of 64x64). In the pixels themselves the mean image alone covers up to 80 %;
- that classifies: the most frequent class; error, where the images have labels;
- that translates, here between half of the images and the negatives of the other half: the median of each pixel of the
  negatives, which is the best constant; mean absolute error to the test image's own negative.

Every finished training is a row of `--out` and not repeated. The exit code is 1 if a preset loses.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import callbacks, data, metrics, presets
from keras_gen.runs.baselines import pca_reconstruction, squared_error

_LIMITED = ("sparse", "contractive", "vae", "convolutional-vae", "burda-vae")  # codes that a penalty or a prior limits
_LARGE = ("alexnet", "googlenet", "vgg16")  # a minute is a few of their steps; only when asked for
_MOST_SAMPLES, _COMPONENTS = 1000, 5
FIELDS = ("data", "preset", "seed", "seconds", "measure", "value", "baseline", "of", "epochs", "loses")


def trained(name, x, y, arguments, seed):
    """The preset after the time, and the epochs that it began; `y` are labels or a second set of images."""
    keras.utils.clear_session()  # graphs of the models before
    keras.utils.set_random_seed(seed)
    classes = {"num_classes": int(y.max()) + 1} if "num_classes" in presets.PRESETS[name].arguments else {}
    model = presets.build(name, x.shape[1:], **classes)
    pairs = () if y is None else (y,)
    batch = (1 if "translate" in model.tasks else arguments.batch_size) * model.updates_per_step
    also = [callbacks.StopAfter(arguments.seconds)]
    if name == "stacked":  # as on the command line
        also.append(callbacks.GreedyPretraining(x, 10, corruption=0.2, verbose=0))
    return model, len(model.fit(x, *pairs, batch_size=batch, epochs=10_000, verbose=0, callbacks=also).epoch)


def reconstruction(name, train, test, arguments, seed):
    """Rows (measure, value, baseline, of, epochs) of a model that reconstructs."""
    model, epochs = trained(name, train.x, None, arguments, seed)
    error = squared_error(test.x, model.reconstruct(test.x))
    yield "squared error", error, squared_error(test.x, train.x.mean(axis=0)), "mean image", epochs
    components = min(int(np.prod(model.code_shape)), len(train.x), test.x[0].size)
    pca = squared_error(test.x, pca_reconstruction(train.x, test.x, components))
    yield "squared error", error, pca, f"PCA of {components}", epochs
    if "sample" in model.tasks:
        yield *against_pixels(model, train.x, test.x, (0, 1), seed), epochs


def samples(name, train, test, arguments, seed):
    """The row of a model that samples, in [-1, 1]."""
    labels = train.y if "num_classes" in presets.PRESETS[name].arguments else None
    model, epochs = trained(name, 2 * train.x - 1, labels, arguments, seed)
    yield *against_pixels(model, 2 * train.x - 1, 2 * test.x - 1, (-1, 1), seed), epochs


def against_pixels(model, x, x_test, value_range, seed):
    """The share of test images that a model's samples leave uncovered, and that of normal pixels."""
    from sklearn.decomposition import PCA

    n = min(len(x_test), _MOST_SAMPLES)
    pca = PCA(_COMPONENTS, random_state=0).fit(x.reshape(len(x), -1))
    pixels = np.random.default_rng(seed).normal(x.mean(axis=0), x.std(axis=0), (n, *x.shape[1:]))
    real, *fakes = (
        pca.transform(np.clip(images, *value_range).reshape(n, -1))
        for images in (x_test[:n], model.sample(n, seed=seed), pixels)
    )
    values = [1 - metrics.density_coverage(real, fake).coverage for fake in fakes]
    return "uncovered test images", *values, "normal pixels"


def classification(name, train, test, arguments, seed):
    """The row of a classifier."""
    model, epochs = trained(name, train.x, train.y, arguments, seed)
    error = float(np.mean(model.probabilities(test.x).argmax(axis=1) != test.y))
    yield "error", error, float(np.mean(test.y != np.bincount(train.y).argmax())), "most frequent class", epochs


def translation(name, train, test, arguments, seed):
    """The row of a model that translates images to negatives."""
    x, half = 2 * train.x - 1, len(train.x) // 2
    model, epochs = trained(name, x[:half], -x[half : 2 * half], arguments, seed)
    x_test = 2 * test.x[: _MOST_SAMPLES // 4] - 1
    yield (
        "mean absolute error",
        float(np.abs(model.translate(x_test) + x_test).mean()),
        float(np.abs(x_test - np.median(x[half : 2 * half], axis=0)).mean()),
        "median negative",
        epochs,
    )


KINDS = {"translate": translation, "classify": classification, "reconstruct": reconstruction, "sample": samples}


def measured(name, train, test, arguments, seed):
    """The rows of one training, as dicts; none for a preset that needs labels, if there are none."""
    tasks = presets.PRESETS[name].model.tasks
    if "num_classes" in presets.PRESETS[name].arguments and train.y is None:
        return []
    kind = next(function for task, function in KINDS.items() if task in tasks)
    rows = []
    for measure, value, baseline, of, epochs in kind(name, train, test, arguments, seed):
        loses = "for information" if name in _LIMITED and of.startswith("PCA") else not value < baseline
        found = (arguments.seconds, measure, value, baseline, of, epochs, loses)
        rows.append(dict(zip(FIELDS[3:], found, strict=True)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["digits"], help="as `data.load` takes them")
    parser.add_argument(
        "--presets",
        nargs="+",
        default=[name for name in presets.PRESETS if name not in _LARGE],
        choices=list(presets.PRESETS),
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each training")
    parser.add_argument("--batch-size", type=int, default=100, help="that of the command line")
    parser.add_argument("--images", type=int, default=10000, help="training images at most")
    parser.add_argument("--out", type=Path, default=Path("presets.csv"))
    arguments = parser.parse_args()
    rows = list(csv.DictReader(arguments.out.open())) if arguments.out.exists() else []
    done = {(row["data"], row["preset"], row["seed"], float(row["seconds"])) for row in rows}
    for place in arguments.data:
        train, test = (
            data.loading.Split(*(p if p is None else p[: arguments.images] for p in split))
            for split in data.load(place)
        )
        for name in arguments.presets:
            for seed in map(str, range(arguments.seeds)):
                if (place, name, seed, arguments.seconds) in done:
                    continue
                found = measured(name, train, test, arguments, int(seed))
                rows += [{"data": place, "preset": name, "seed": seed, **row} for row in found]
                with arguments.out.open("w", newline="") as file:
                    writer = csv.DictWriter(file, FIELDS)
                    writer.writeheader()
                    writer.writerows(rows)
                for row in rows[len(rows) - len(found) :]:
                    print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    compared = [row for row in rows if str(row["loses"]) in ("True", "False")]
    lost = [row for row in compared if str(row["loses"]) == "True"]
    print(f"{len(lost)} of {len(compared)} comparisons lost")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
