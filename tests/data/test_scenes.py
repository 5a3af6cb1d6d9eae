import numpy as np
import pytest

from keras_gen.data import scenes

LABELS = np.arange(10) % 3


@pytest.fixture
def images(digits):
    return digits[:10]


def test_objects_are_where_the_truth_says(images):
    found = scenes(images, LABELS, 20, side=40, clutter=0, seed=1)
    for picture, mask, boxes, labels in zip(*found, strict=True):
        assert len(boxes) == len(labels) and set(labels) <= {0, 1, 2}
        expected = np.zeros_like(mask)
        for (top, left, bottom, right), label in zip(boxes, labels, strict=True):
            region = picture[top:bottom, left:right, 0]
            of_label = images[np.flatnonzero(label == LABELS), :, :, 0]
            assert region.any() and any(np.isin(region, image).all() for image in of_label)
            ink = region >= region.max() / 2
            assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any(), "the box is the smallest"
            expected[top:bottom, left:right] = ink
            picture[top:bottom, left:right] = 0
        np.testing.assert_array_equal(mask, expected)
        assert not picture.any(), "nothing lies outside of the boxes"


def test_boxes_do_not_touch(images):
    for boxes in scenes(images, LABELS, 20, side=24, objects=(4, 4), fragment=4).boxes:
        covered = np.zeros((26, 26), int)
        for top, left, bottom, right in boxes + 1:
            covered[top - 1 : bottom + 1, left - 1 : right + 1] += 1
            assert covered[top:bottom, left:right].max() == 1, "not even those a pixel larger reach another"


def test_numbers_of_objects(images):
    numbers = [len(boxes) for boxes in scenes(images, LABELS, 300, side=64, objects=(1, 4), clutter=0).boxes]
    assert set(numbers) == {1, 2, 3, 4} and min(np.bincount(numbers)[1:]) > 50
    crowded = scenes(images, LABELS, 3, side=8, objects=(5, 5), clutter=0)
    assert all(len(boxes) == 1 for boxes in crowded.boxes), "there is a place for one"


def test_clutter_only_brightens(images):
    plain, cluttered = (scenes(images, LABELS, 1, side=32, clutter=number, fragment=3) for number in (0, 30))
    np.testing.assert_array_equal(plain.masks, cluttered.masks)
    assert (cluttered.images >= plain.images).all() and (cluttered.images > plain.images).sum() > 30


def test_a_seed_is_a_scene(images):
    one, same, other = (scenes(images, LABELS, 2, side=32, seed=seed).images for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_brightness_changes_no_object(images):
    found, dim = (scenes(scale * images, LABELS, 3, side=32, fragment=4) for scale in (1.0, 0.2))
    np.testing.assert_array_equal(dim.masks, found.masks)
    np.testing.assert_allclose(dim.images, 0.2 * found.images, rtol=1e-5)


def test_colour(images):
    found = scenes(np.repeat(images, 3, axis=-1) * (1.0, 0.5, 0.0), LABELS, 2, side=32)
    assert found.images.shape == (2, 32, 32, 3) and found.images.dtype == "float32"
    np.testing.assert_allclose(found.images[..., 1], found.images[..., 0] / 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": np.arange(9)}, r"`labels` must have one entry for each image. Expected: shape \(10,\). Rec"),
        ({"labels": np.arange(10) + 0.5}, "`labels` must be integers; .* Received: labels of dtype float64"),
        ({"labels": np.array(list("abcdefghij"))}, "`labels` must be integers; .* Received: labels of dtype <U1"),
        ({"images": np.ones((10, 8, 8))}, r"`images` must be images. .*Received: shape \(10, 8, 8\)"),
        ({"seed": "a"}, "`seed` must be an integer >= 0. Received: seed='a'"),
        ({"n": 0}, "`n` must be an integer >= 1. Received: n=0"),
        ({"side": 7}, "`side` must be an integer >= 8. Received: side=7"),
        ({"fragment": 9}, "`fragment` must be at most the images' side, 8. Received: fragment=9"),
        ({"objects": (3, 2)}, r"`objects` must be a pair \(lowest, highest\). Received: objects=\(3, 2\)"),
        ({"objects": 3}, "`objects` must be a pair"),
        ({"objects": (0, 2)}, "`objects` must be an integer >= 1. Received: objects=0"),
        ({"clutter": -1}, "`clutter` must be an integer >= 0"),
        ({"images": -np.ones((10, 8, 8, 1))}, "`images` must have values >= 0, on a background of 0. Received: -1"),
        ({"images": np.zeros((10, 8, 8, 1))}, "An image shows no object. Expected: values above 0"),
    ],
)
def test_bad_input(images, options, message):
    arguments = {"images": images, "labels": LABELS, "n": 2, "side": 32, "fragment": 4, **options}
    with pytest.raises(ValueError, match=message):
        scenes(**arguments)
