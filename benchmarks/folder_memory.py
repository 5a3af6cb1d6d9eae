"""Resident memory after each epoch of a CycleGAN that trains from two folders of many images.

    pip install -e '.[benchmark]'
    python benchmarks/folder_memory.py

The folders are temporary and hold JPEGs of random blobs, whose content does not matter. Each epoch reads all of them
(`--steps` for fewer), enlarges, crops and mirrors them; the networks are small, so reading is most of the work. It
fails if memory at the end of any epoch is more than 5 % above that of the first.
"""

import argparse
import os
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

LIMIT = 1.05  # largest epoch, over the first


def written(folder, images, side):
    """A folder of random JPEGs."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(images):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), "uint8"))
        image.resize((side, side)).save(folder / f"{number:05d}.jpg")
    return folder


class Memory(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.megabytes, self.start = [], time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.megabytes.append(psutil.Process().memory_info().rss / 2**20)
        print(f"epoch {epoch + 1}: {self.megabytes[-1]:.0f} MB, {time.perf_counter() - self.start:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000, help="files in each folder")
    parser.add_argument("--side", type=int, default=256, help="of the files")
    parser.add_argument("--size", type=int, default=64, help="of the images that are trained on")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folders = [written(Path(place) / name, arguments.images, arguments.side) for name in ("x", "y")]
        pairs = data.unpaired(*folders, arguments.size, arguments.batch_size, steps=arguments.steps)
        model, memory = presets.build("cyclegan", pairs.shapes[0], width=0.05, blocks=1), Memory()
        model.fit(pairs, epochs=arguments.epochs, callbacks=[memory], verbose=0)
    growth = max(memory.megabytes) / memory.megabytes[0]
    print(f"largest epoch / first: {growth:.3f}, to be at most {LIMIT}")
    if growth > LIMIT:
        sys.exit(1)


if __name__ == "__main__":
    main()
