"""Folders of images for tests."""

import numpy as np
from PIL import Image


def image_folders(place, counts, size=(12, 14), suffix=".jpg"):
    """Folders `<name>` of smooth colour images `<name><number>` of (width, height) pixels, from a dict of counts."""
    rng, folders = np.random.default_rng(0), []
    for name, count in counts.items():
        folders.append(place / name)
        folders[-1].mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(rng.integers(0, 256, (3, 3, 3), "uint8")).resize(size)
            image.save(folders[-1] / f"{name}{number}{suffix}")
    return folders
