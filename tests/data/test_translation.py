import numpy as np
import pytest
from PIL import Image

from keras_gen import data


def numbered(n, first=0):
    """Images that are all one number."""
    return np.broadcast_to(np.arange(first, first + n, dtype="float32")[:, None, None, None], (n, 4, 4, 1)).copy()


def epoch(pipeline, number=0, dataset=None, **options):
    """The numbers of x and of y in the order of one epoch, of the pipeline's `dataset` if there is one already."""
    pipeline.epoch.assign(number)
    pairs = pipeline.dataset(**options) if dataset is None else dataset
    batches = [(x.numpy()[:, 0, 0, 0], y.numpy()[:, 0, 0, 0]) for x, y in pairs]
    return tuple(np.concatenate(side).astype(int).tolist() for side in zip(*batches, strict=True))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_of_the_larger_set_is_shown_once_and_the_smaller_begins_again(batch_size):
    pipeline = data.unpaired(numbered(7), numbered(3, 100), batch_size=batch_size)
    x, y = epoch(pipeline)
    assert sorted(x) == list(range(7)) and len(y) == 7
    assert sorted(y[:3]) == sorted(y[3:6]) == [100, 101, 102]
    assert pipeline.batches() == -(-7 // batch_size)


def test_both_are_shuffled_by_themselves_in_each_epoch_and_each_pass():
    pipeline = data.unpaired(numbered(60), numbered(20, 100))
    first, second = epoch(pipeline, 0), epoch(pipeline, 1)
    assert epoch(pipeline, 0) == first, "the same epoch is the same"
    assert first[0] != second[0] and first[1] != second[1]
    orders = [side[start : start + 20] for side in (first[1], second[1]) for start in (0, 20, 40)]
    assert len({tuple(order) for order in orders}) == 6
    assert epoch(data.unpaired(numbered(60), numbered(60)))[0] != epoch(data.unpaired(numbered(60), numbered(60)))[1]
    assert epoch(data.unpaired(numbered(60), numbered(20, 100), seed=1)) != first
    assert epoch(data.unpaired(numbered(60), numbered(20, 100), batch_size=7)) == first, "whatever the batch"


@pytest.mark.parametrize("seed", [0, 1])
def test_orders_are_as_random_as_permutations(seed):
    """Of n places one, on the average, holds its own image, and one that of the epoch before; all orders occur."""
    for n, epochs in ((3, 40), (40, 20)):
        pipeline = data.unpaired(numbered(n), numbered(n), batch_size=n, seed=seed)
        dataset = pipeline.dataset()  # one for all epochs, as in `fit`
        orders = np.array([epoch(pipeline, number, dataset) for number in range(epochs)])  # (epochs, 2, n)
        own, repeated = orders == np.arange(n), orders[1:] == orders[:-1]
        deviation = 1 / np.sqrt(epochs)  # each count has variance 1
        for counted in (own.sum(axis=-1), repeated.sum(axis=-1), (orders[:, 0] == orders[:, 1]).sum(axis=-1)):
            assert np.all(np.abs(counted.mean(axis=0) - 1) < 4 * deviation)
        if n == 3:
            assert all(len({tuple(order) for order in orders[:, side]}) == 6 for side in (0, 1))


def test_evaluation_and_no_shuffling_keep_the_order():
    pipeline = data.unpaired(numbered(3), numbered(5, 100))
    expected = [0, 1, 2, 0, 1], [100, 101, 102, 103, 104]
    assert epoch(pipeline, 3, training=False) == expected
    assert epoch(data.unpaired(numbered(3), numbered(5, 100), shuffle=False)) == expected


def test_crops_and_mirror_images_are_of_the_epoch_and_the_place_alone():
    images = np.random.default_rng(0).uniform(-1, 1, (6, 16, 16, 3)).astype("float32")

    def drawn(number, batch_size=1, **options):
        pipeline = data.unpaired(images, images, batch_size=batch_size, shuffle=False, **options)
        pipeline.epoch.assign(number)
        return [np.concatenate([pair[side].numpy() for pair in pipeline.dataset()]) for side in (0, 1)]

    first = drawn(0, augment=True)
    for left, right in zip(first, drawn(0, 4, augment=True), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)
    assert all(np.abs(left - right).max() > 0.1 for left, right in zip(first, drawn(1, augment=True), strict=True))
    assert np.abs(first[0] - first[1]).max() > 0.1, "x and y are drawn apart"
    np.testing.assert_array_equal(drawn(0)[0], images)


def test_folders_are_read_while_training(tmp_path):
    for side, n, mode in (("a", 3, "RGB"), ("b", 2, "L")):
        (tmp_path / side).mkdir()
        for number in range(n):
            Image.new(
                mode, (20, 30) if side == "a" else (24, 24), 80 * number if mode == "L" else (80 * number,) * 3
            ).save(tmp_path / side / f"{number}.png")
    pipeline = data.unpaired(tmp_path / "a", tmp_path / "b", size=8)
    assert pipeline.shapes == ((8, 8, 3), (8, 8, 1))
    x, y = zip(*pipeline.dataset(), strict=True)
    assert sorted(round(float(image[0, 0, 0, 0] + 1) * 127.5) for image in x) == [0, 80, 160] and len(y) == 3
    assert data.unpaired(tmp_path / "a", tmp_path / "b").shapes == ((30, 20, 3), (30, 20, 1))
    Image.new("RGB", (20, 30), (255, 255, 255)).save(tmp_path / "a" / "0.png")
    first, _ = next(iter(pipeline.dataset(training=False)))
    np.testing.assert_allclose(first, 1.0, atol=1e-5, err_msg="files are read when they are needed, not before")


def test_steps_are_at_most_what_there_is():
    assert len(epoch(data.unpaired(numbered(7), numbered(3), batch_size=2, steps=2))[0]) == 4
    with pytest.raises(ValueError, match=r"more steps than batches. Expected: at most 4"):
        data.unpaired(numbered(7), numbered(3), batch_size=2, steps=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"y": np.zeros((3, 4))}, "`y` must be images"),
        ({"y": None}, "`y` must be given.* Received: a ndarray alone"),
        ({"x": ".", "y": None}, "`y` must be given.* Received: '.' alone"),
        ({"x": "cycle_gan/maps:trainA", "y": None}, "`y` must be given.* Received: 'cycle_gan/maps:trainA' alone"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        data.unpaired(**{"x": numbered(2), "y": numbered(2), **options})
