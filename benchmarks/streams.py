"""Memory, and the share of a DCGAN's step that reading takes, of a large set in a folder, in records and in a file.

    pip install -e '.[benchmark]'
    python benchmarks/streams.py [--images 200000] [--side 64] [--steps 12] [--kinds folder,records,npy]

The images are random blobs, whose content does not matter, as JPEGs, as records and as one `.npy` file, on a temporary
disk. Each kind is read by a new process. A narrow DCGAN reads all of it once, while resident memory is noted after each
tenth of the epoch. Then a DCGAN of full width trains in turns on the stream and on images in memory; the share of
reading is how much longer the median step on the stream takes. It fails if memory grows by more than 5 % after the
first tenth, or the share is 10 % or more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import psutil
from PIL import Image

from keras_gen import data, presets

GROWTH, SHARE = 1.05, 0.1  # allowed
BATCH, ROUNDS, PARTS = 64, 5, 10


def write(place, images, side):
    """The same images in a folder of JPEGs, in an `.npy` file and in records."""
    rng, folder = np.random.default_rng(0), place / "folder"
    folder.mkdir()
    array = np.lib.format.open_memmap(place / "images.npy", "w+", "uint8", (images, side, side, 3))
    for number in range(images):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), "uint8")).resize((side, side))
        image.save(folder / f"{number:06d}.jpg", quality=90)
        array[number] = image
    array.flush()
    data.write_records(folder, place / "records", shards=16)


class Notes(keras.callbacks.Callback):
    """Resident memory after each tenth of an epoch, and the seconds of each step."""

    def on_train_begin(self, logs=None):
        self.megabytes, self.seconds, self._start = [], [], time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.seconds.append(now - self._start)
        self._start = now
        steps = self.params["steps"]
        if (batch + 1) * PARTS // steps > batch * PARTS // steps:
            self.megabytes.append(psutil.Process().memory_info().rss / 2**20)


def measure(path, steps):
    """Print what one kind needs, and return whether it is within the limits."""
    start = time.perf_counter()
    train, _ = data.load(path, (-1, 1), in_memory=False)
    print(f"  opened in {time.perf_counter() - start:.0f} s: {len(train.x):,} training images", flush=True)
    notes, shape = Notes(), train.x.shape[1:]
    start = time.perf_counter()
    options = {"batch_size": BATCH, "verbose": 0, "callbacks": [notes]}
    presets.build("dcgan", shape, width=0.02).fit(train.x, **options)
    growth = max(notes.megabytes) / notes.megabytes[0]
    listed = " ".join(f"{megabytes:.0f}" for megabytes in notes.megabytes)
    print(
        f"  memory in MB after each tenth, in {time.perf_counter() - start:.0f} s: {listed}: x {growth:.3f}", flush=True
    )
    model, seconds = presets.build("dcgan", shape), {"stream": [], "memory": []}
    kept = np.asarray(train.x[: BATCH * steps])
    for turn in range(ROUNDS + 1):
        for name, x in (("stream", train.x), ("memory", kept)):
            model.fit(x, steps_per_epoch=steps, **options)
            if turn:  # the first traces the step
                seconds[name] += notes.seconds[1:]
    stream, memory = (float(np.median(seconds[name])) for name in ("stream", "memory"))
    share = max(0.0, stream / memory - 1)
    print(f"  a step takes {1000 * memory:.0f} ms on images in memory, {1000 * stream:.0f} on the stream: {share:.1%}")
    return growth <= GROWTH and share < SHARE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--steps", type=int, default=12, help="of each turn of the DCGAN of full width")
    parser.add_argument("--kinds", default="folder,records,npy")
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # the path, in a process of its own
    arguments = parser.parse_args()
    if arguments.measure:
        sys.exit(not measure(arguments.measure, arguments.steps))
    failed = []
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        write(Path(place), arguments.images, arguments.side)
        print(f"{arguments.images:,} images written in three kinds in {time.perf_counter() - start:.0f} s", flush=True)
        for kind in arguments.kinds.split(","):
            print(kind, flush=True)
            path = Path(place) / {"npy": "images.npy"}.get(kind, kind)
            words = [sys.executable, __file__, "--measure", str(path), "--steps", str(arguments.steps)]
            failed += [kind] if subprocess.run(words, check=False).returncode else []
    if failed:
        sys.exit(f"Beyond the limits: {', '.join(failed)}")


if __name__ == "__main__":
    main()
