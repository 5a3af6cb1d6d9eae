"""What training in bfloat16 costs in quality: likelihood, error and Frechet distance of three models of MNIST.

    python benchmarks/half_precision.py [--data mnist] [--seeds 3] [--only vae,classifier,gan]

Each preset is trained from the same seeds in float32 and in mixed_bfloat16, and the means over the seeds are compared.
They agree if the negative log-likelihoods (200 importance samples, 1,000 test images) differ by at most .1 nat, the
errors by one percentage point, and the Frechet distances (10,000 samples, features of a LeNet-5, which is trained once)
by the standard error of their difference. The exit code is 1 otherwise.
"""

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import data, metrics, presets
from keras_gen.runs.sample_quality import SampleQuality

PRECISIONS = ("float32", "mixed_bfloat16")


def trained(name, precision, seed, x, y=None, epochs=1, **options):
    """A preset after its training, and the seconds that this took."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    try:
        model = presets.build(name, x.shape[1:], **options)
    finally:
        keras.config.set_dtype_policy("float32")
    start = time.perf_counter()
    model.fit(x, y, batch_size=128 * model.updates_per_step, epochs=epochs, verbose=0)
    return model, time.perf_counter() - start


def likelihood(train, test):
    """The measured value's name, its function of a precision and a seed, and the allowed difference."""
    images = (np.random.default_rng(0).random(test.x[:1000].shape) < test.x[:1000]).astype("float32")

    def measure(precision, seed):
        model, seconds = trained("convolutional-vae", precision, seed, train.x, epochs=5)
        return metrics.negative_log_likelihood(model, images, samples=200)[0], seconds

    return "convolutional-vae, negative log-likelihood, nats", measure, 0.1


def error(train, test):
    def measure(precision, seed):
        model, seconds = trained("lenet5", precision, seed, train.x, train.y, epochs=3, num_classes=10)
        return 100 * np.mean(model.classify(test.x) != test.y), seconds

    return "lenet5, error, %", measure, 1.0


def distance(train, test):
    quality = SampleQuality("frechet", train, test)

    def measure(precision, seed):
        model, seconds = trained("dcgan", precision, seed, 2 * train.x - 1, epochs=2, width=0.5)
        return quality.measure(model, seed)[0].value, seconds

    return "dcgan, Frechet distance", measure, None


KINDS = {"vae": likelihood, "classifier": error, "gan": distance}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default=",".join(KINDS))
    arguments = parser.parse_args()
    sets, agree = data.load(arguments.data), True
    for kind in arguments.only.split(","):
        title, measure, allowed = KINDS[kind](*sets)
        found = np.array([[measure(precision, seed) for precision in PRECISIONS] for seed in range(arguments.seeds)])
        (values, seconds), count = np.moveaxis(found, -1, 0), arguments.seeds
        difference = np.diff(values.mean(axis=0))[0]
        if allowed is None:
            allowed = np.sqrt(np.sum(values.var(axis=0, ddof=1)) / count)
        agree &= abs(difference) <= allowed
        listed = [" ".join(f"{value:.4g}" for value in column) for column in values.T]
        print(title)
        for precision, column, mean, spent in zip(PRECISIONS, listed, values.mean(0), seconds.mean(0), strict=True):
            print(f"  {precision}: {column}, mean {mean:.4g}, in {spent:.0f} s each")
        print(f"  difference {difference:+.3g}, allowed {allowed:.3g}", flush=True)
    sys.exit(not agree)


if __name__ == "__main__":
    main()
