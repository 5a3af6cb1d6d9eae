import numpy as np
import pytest

from keras_gen import data
from keras_gen.data.described import Attributes, attribute_combinations, measured_colours


def test_colours_are_those_of_the_caption():
    """Measured in pictures of real digits in every combination of colours."""
    (train, _), every = data.load("digits"), attribute_combinations()
    assert len(every) == len(set(every)) == 10 * 2 * 5 * 4 * 3
    images, attributes = data.described_digits(train, every, 400, seed=1)
    for found, name in zip(measured_colours(images), ("colour", "background"), strict=True):
        assert np.mean(found == [getattr(one, name) for one in attributes]) > 0.97
    assert images.min() >= -1 and images.max() <= 1


def test_sizes_and_tilts_show():
    """A bar: its height follows the size, and its direction the tilt."""
    bar = np.zeros((28, 28, 1), "float32")
    bar[4:24, 12:16] = 1
    split = data.Split(bar[None], np.array([1]), None)

    def shape(size, tilt):
        (image,), _ = data.described_digits(split, [Attributes(1, size, "white", "blue", tilt)], 1)
        rows, columns = np.nonzero(image[..., 0] > 0.5)
        return np.ptp(rows) + 1, np.polyfit(rows, columns, 1)[0]

    heights = [shape(size, "upright")[0] for size in ("small", "large")]
    assert 0.5 < heights[0] / heights[1] < 0.7
    slopes = [shape("large", tilt)[1] for tilt in ("tilted left", "upright", "tilted right")]
    np.testing.assert_allclose(slopes, np.tan(np.radians([40, 0, -40])), atol=0.15)


@pytest.mark.parametrize("slope", [-0.5, 0.4])
def test_a_slanted_digit_is_straightened(slope):
    """A slanted bar becomes an upright one, whose columns do not depend on rows; an empty picture stays."""
    rows, columns = np.indices((28, 28))
    bar = np.clip(2.5 - np.abs(columns - 14 - slope * (rows - 14)), 0, 1) * (abs(rows - 14) < 9)
    split = data.Split(np.stack([bar, 0 * bar])[..., None].astype("float32"), np.array([1, 0]), None)

    def picture(digit):
        (image,), _ = data.described_digits(split, [Attributes(digit, "large", "white", "blue", "upright")], 1, seed=5)
        return (image[..., 0] + 1) / 2

    found = picture(1)
    place = np.nonzero(found > 0.6)
    assert np.ptp(place[0]) > 16 and abs(np.polyfit(*place, 1)[0]) < np.tan(np.radians(8)) + 0.03  # 8 degrees are drawn
    assert np.ptp(picture(0)) == 0


def test_draws_depend_on_the_seed_and_on_combinations_alone():
    train, _ = data.load("digits")
    some = [one for one in attribute_combinations() if one.digit in (3, 8) and one.size == "small"]
    images, attributes = data.described_digits(train, some, 20, seed=4)
    again, same = data.described_digits(train, some, 20, seed=4)
    np.testing.assert_array_equal(images, again)
    assert same == attributes and set(attributes) <= set(some)
    assert data.described_digits(train, some, 20, seed=5)[1] != attributes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "`n` must be an integer >= 1"),
        ({"combinations": []}, "`combinations` must hold attributes of the digits of the split. Received: none"),
        ({"split": data.Split(np.zeros((2, 8, 8, 3)), np.zeros(2))}, r"Expected: shape \(n, None, None, 1\)"),
        ({"split": data.Split(np.full((2, 8, 8, 1), -1.0), np.zeros(2))}, r"Expected: values in \[0, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {"split": data.load("digits")[0], "combinations": attribute_combinations(), "n": 3}
    with pytest.raises(ValueError, match=message):
        data.described_digits(**given | change)
