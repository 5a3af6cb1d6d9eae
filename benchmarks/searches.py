"""Searches on MNIST: trials an hour of two workers against one, and what a search of a GAN is worth.

    python benchmarks/searches.py [--only workers,gan] [--trials 12] [--seeds 3]

"workers" runs one random search of a VAE's code sizes in this process and again in two workers. "gan" searches the
learning rates, the updates of the discriminator and the latents of a DCGAN of a quarter of its width, one epoch a
trial, by the Frechet distance of held-out images. The preset and the best settings are then trained from several seeds
for equal times, that of three epochs of the preset, and measured on the test images. The exit code is 1 if two workers
run less than 1.5 times the trials, or the preset is at least as good.
"""

import argparse
import os
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import callbacks, data, presets, tuning
from keras_gen.runs.sample_quality import SampleQuality

WIDTH, BATCH = 0.25, 128


def workers(trials, seeds):
    """Whether two workers run at least 1.5 times as many trials an hour as one process."""
    train, _ = data.load("mnist")
    rates = []
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            options = {"preset": "vae", "trials": trials, "epochs": 6, "workers": count, "verbose": 0}
            start = time.perf_counter()
            tuning.search(train.x, "latent_dim=2:64", f"{folder}/search", **options)
            seconds = time.perf_counter() - start
        rates.append(3600 * trials / seconds)
        print(f"workers: {count}, {trials} trials in {seconds:.0f} s, {rates[-1]:.0f} an hour", flush=True)
    print(f"{rates[1] / rates[0]:.2f} times the trials", flush=True)
    return rates[1] >= 1.5 * rates[0]


def gan(trials, seeds):
    """Whether the best settings of a search are better than the preset's own."""
    train, _ = data.load("mnist", (-1, 1))
    with tempfile.TemporaryDirectory() as folder:
        options = {"trials": trials, "epochs": 1, "batch_size": BATCH, "workers": 2, "verbose": 0, "width": WIDTH}
        start = time.perf_counter()
        found = tuning.search_gan(train.x, f"{folder}/search", y=train.y, **options)
        values = " ".join(f"{row['frechet']:.3g}" for row in found.rows)
        print(f"{trials} trials in {time.perf_counter() - start:.0f} s: {values}; best {found.best}", flush=True)
    quality = SampleQuality("frechet", *data.load("mnist"))
    seconds, means = [], []
    for name, settings in (("preset", {}), ("best", found.best)):
        distances = []
        for seed in range(seeds):
            keras.utils.clear_session()
            keras.utils.set_random_seed(seed)
            model = presets.build("dcgan", train.x.shape[1:], width=WIDTH, **settings)
            limit = {"epochs": 3} if name == "preset" else {"epochs": 1000}
            stop = [] if name == "preset" else [callbacks.StopAfter(np.mean(seconds), verbose=0)]
            start = time.perf_counter()
            model.fit(train.x, batch_size=BATCH * model.updates_per_step, verbose=0, callbacks=stop, **limit)
            if name == "preset":
                seconds.append(time.perf_counter() - start)
            distances.append(quality.measure(model, seed)[0].value)
        means.append(np.mean(distances))
        listed = " ".join(f"{distance:.3g}" for distance in distances)
        print(f"{name}: Frechet distances {listed}, mean {means[-1]:.3g}, after {np.mean(seconds):.0f} s", flush=True)
    return means[1] < means[0]


KINDS = {"workers": workers, "gan": gan}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    reached = [KINDS[kind](arguments.trials, arguments.seeds) for kind in arguments.only.split(",")]
    sys.exit(not all(reached))


if __name__ == "__main__":
    main()
