"""Patches: what turning and scaling do to an image that is known."""

import numpy as np
import pytest

from keras_gen import data


def test_without_turning_a_patch_is_the_centre():
    image = np.arange(49.0).reshape(7, 7)
    patch = data.random_rotated_patches([image], 3, np.random.default_rng(0), angle=0)
    np.testing.assert_allclose(patch[0, ..., 0], image[2:5, 2:5])
    wider = data.random_rotated_patches([image[..., None]], 3, np.random.default_rng(0), angle=0, step=(2, 2))
    np.testing.assert_allclose(wider[0, ..., 0], image[1:6:2, 1:6:2])


def test_a_patch_is_turned_by_the_angle_drawn():
    """A patch of the plane a i + b j, turned by t, is the plane whose gradient is turned back by t."""
    rows, columns = np.meshgrid(np.arange(21.0) - 10, np.arange(21.0) - 10, indexing="ij")
    patches = data.random_rotated_patches([3 * rows + 4 * columns] * 50, 5, np.random.default_rng(0), step=(1.5, 2))[
        ..., 0
    ]
    down, across = np.diff(patches, axis=1).mean(axis=(1, 2)), np.diff(patches, axis=2).mean(axis=(1, 2))
    steps, angles = np.hypot(down, across) / 5, np.degrees(np.arctan2(down, across) - np.arctan2(3, 4))
    angles = (angles + 180) % 360 - 180
    assert (steps > 1.5).all() and (steps < 2).all() and steps.std() > 0.1
    assert (np.abs(angles) <= 90).all() and angles.min() < -60 and angles.max() > 60


def test_bad_input():
    with pytest.raises(ValueError, match="`side` must be an integer >= 1. Received: side=0"):
        data.random_rotated_patches([np.ones((4, 4))], 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="`angle`"):
        data.random_rotated_patches([np.ones((4, 4))], 2, np.random.default_rng(0), angle=-1)
