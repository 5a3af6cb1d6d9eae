import numpy as np
import pytest
from PIL import Image

from keras_gen import data
from tests.images import image_folders


def numbered(n, side=4, first=0):
    """Images that are all one number."""
    return np.broadcast_to(np.arange(first, first + n, dtype="float32")[:, None, None, None], (n, side, side, 1)).copy()


def batches(pipeline, number=0, **options):
    """The images of x and of y of one epoch, in its order."""
    pipeline.epoch.assign(number)
    pairs = [(x.numpy(), y.numpy()) for x, y in pipeline.dataset(**options)]
    return [np.concatenate(side) for side in zip(*pairs, strict=True)]


def noise(n=4, shape=(16, 16, 3)):
    return np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype("float32")


@pytest.fixture
def folders(tmp_path):
    """Pictures, their negatives under the same names in another format, and pictures of both."""
    (x,) = image_folders(tmp_path, {"x": 4}, (16, 16), ".png")
    y, both = tmp_path / "y", tmp_path / "both"
    y.mkdir()
    both.mkdir()
    for path in x.iterdir():
        image = np.asarray(Image.open(path))
        Image.fromarray(255 - image).save(y / f"{path.stem}.bmp")
        Image.fromarray(np.concatenate([image, 255 - image], axis=1)).save(both / path.name)
    return x, y, both


def test_counterparts_stay_together_in_every_epoch():
    pipeline = data.paired(numbered(9), numbered(9, first=100), batch_size=4)
    orders = []
    for number in range(3):
        x, y = batches(pipeline, number)
        np.testing.assert_array_equal(y - x, 100)
        orders.append(x[:, 0, 0, 0].astype(int).tolist())
        assert sorted(orders[-1]) == list(range(9))
    assert len({tuple(order) for order in orders}) == 3
    assert batches(pipeline, 5, training=False)[0][:, 0, 0, 0].tolist() == list(range(9))


@pytest.mark.parametrize("kind", ["arrays", "folders", "both"])
def test_crops_and_mirror_images_are_the_same_for_both(kind, folders):
    x, y, both = folders
    pipeline = {
        "arrays": lambda: data.paired(noise(), -noise(), augment=True),
        "folders": lambda: data.paired(x, y),
        "both": lambda: data.paired(both),
    }[kind]()
    assert pipeline.shapes == ((16, 16, 3), (16, 16, 3)) and pipeline.sizes == (4, 4)
    first, again, later = batches(pipeline), batches(pipeline), batches(pipeline, 1)
    np.testing.assert_allclose(first[0], -first[1], atol=0.1)  # two resizings of 8 bits
    np.testing.assert_array_equal(first[0], again[0])
    assert np.abs(np.sort(first[0].ravel()) - np.sort(later[0].ravel())).max() > 0.01, "other crops"
    plain = batches(pipeline, training=False)
    np.testing.assert_allclose(plain[0], -plain[1], atol=1e-6)


@pytest.mark.parametrize("kind", ["paired", "degraded"])
def test_every_epoch_has_its_own_crops(kind):
    """Of images in a fixed order."""
    options = {"shuffle": False, "augment": True, "batch_size": 4}
    if kind == "paired":
        pipeline = data.paired(noise(), noise(), **options)
    else:
        pipeline = data.degraded(noise(), 2, crop=8, **options)
    first, second = (batches(pipeline, number)[1] for number in (0, 1))
    assert np.abs(first - second).max() > 0.1


def test_the_left_image_may_be_that_of_y(folders):
    *_, both = folders
    x, y = batches(data.paired(both), training=False)
    exchanged = batches(data.paired(both, left="y"), training=False)
    np.testing.assert_array_equal(exchanged[0], y)
    np.testing.assert_array_equal(exchanged[1], x)
    assert data.paired(both, size=8).shapes == ((8, 8, 3), (8, 8, 3))


def test_files_of_two_sizes_get_one_and_arrays_keep_theirs(tmp_path):
    (small,), (large,) = (image_folders(tmp_path / str(side), {"a": 2}, (side, side)) for side in (8, 16))
    x, y = np.zeros((2, 8, 8, 3)), np.zeros((2, 16, 16, 3))
    for first, second, sides in ((small, large, (8, 8)), (large, small, (16, 16)), (x, large, (8, 8)), (x, y, (8, 16))):
        assert [shape[0] for shape in data.paired(first, second).shapes] == list(sides)
    assert [shape[:2] for shape in data.paired(small, large, size=12).shapes] == [(12, 12)] * 2
    with pytest.raises(ValueError, match=r"`x` is an array, which is not resized. Expected: \(16, 16\)"):
        data.paired(x, large, size=16)


def test_files_are_matched_by_their_names(folders):
    """Whatever the order of their endings."""
    x, y, _ = folders
    Image.fromarray(np.zeros((16, 16, 3), "uint8")).save(x / "x0-more.png")
    Image.fromarray(np.full((16, 16, 3), 255, "uint8")).save(y / "x0-more.jpg")  # "x0-more.jpg" < "x0.bmp"
    one, other = batches(data.paired(x, y), training=False)
    np.testing.assert_allclose(one, -other, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (y / "x2.bmp").unlink(), "must have the same names. Received: without a counterpart: 'x2 in x'$"),
        (lambda x, y: (y / "x2.bmp").rename(y / "z.bmp"), "without a counterpart: 'x2 in x', 'z in y'"),
        (lambda x, y: Image.open(y / "x2.bmp").save(y / "x2.png"), "Received: twice: 'x2'"),
    ],
)
def test_files_without_a_counterpart_are_named(folders, change, message):
    x, y, _ = folders
    change(x, y)
    with pytest.raises(ValueError, match=message):
        data.paired(x, y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.paired(numbered(3), numbered(4)), "x and y must have as many images. Received: 3 and 4"),
        (lambda: data.paired(numbered(3)), "`y` must be given. .* Received: a ndarray alone"),
        (lambda: data.paired(numbered(3), numbered(3, 8), augment=True), "images of one size, or augment=False"),
        (lambda: data.paired("x", left="z"), "Unknown left"),
        (
            lambda: data.degraded(noise(), 3),
            r"`scale` must be a power of two. Expected: 2, 4, 8, ... Received: scale=3",
        ),
        (lambda: data.degraded(noise(), 1), "`scale` must be a power of two"),
        (
            lambda: data.degraded(noise(), 32),
            r"without `crop`, must be divisible by the scale 32. Expected: such as \(32, 32\)",
        ),
        (lambda: data.degraded(noise(), 4, crop=6), r"`crop` must be divisible by the scale 4. .* \(4, 4\). Received"),
        (lambda: data.degraded(noise(), 4, crop=20), r"`crop` must fit into the images. Expected: at most \(16, 16\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("training", [True, False])
def test_halves_are_cropped_by_themselves(tmp_path, training):
    """Of a picture of two equal halves, which are not squares, both images are the same."""
    ramp = np.linspace(0, 255, 60).astype("uint8")[None, :, None].repeat(20, axis=0).repeat(3, axis=2)
    for number in range(3):
        Image.fromarray(np.concatenate([ramp, ramp], axis=1)).save(tmp_path / f"{number}.png")
    x, y = batches(data.paired(tmp_path, size=16, batch_size=3), training=training)
    np.testing.assert_array_equal(x, y)
    if not training:
        np.testing.assert_allclose(x[0, 8, [0, -1], 0], [-0.3, 0.3], atol=0.06), "the middle third"


def test_sub_folders_and_sets_are_matched(tmp_path, folders):
    """Files by their paths in the folders; what has no names of files by its order."""
    x, y, _ = folders
    for root, part in (("left", x), ("right", y)):
        for name in ("a", "b"):
            (tmp_path / root / name).mkdir(parents=True)
            for path in sorted(part.iterdir())[:2]:
                (tmp_path / root / name / path.name).write_bytes(path.read_bytes())
    one, other = batches(data.paired(tmp_path / "left", tmp_path / "right"), training=False)
    np.testing.assert_allclose(one, -other, atol=1e-6)
    assert len(one) == 4
    mixed = data.paired(x, np.zeros((4, 16, 16, 3)))
    assert mixed.sizes == (4, 4)


def test_pictures_of_both_have_an_even_width(tmp_path):
    (folder,) = image_folders(tmp_path, {"odd": 2}, (15, 8))
    with pytest.raises(ValueError, match="must have an even width. Received: .*odd0.jpg'"):
        data.paired(folder)


def test_square_pictures_are_images_without_counterparts(tmp_path):
    (folder,) = image_folders(tmp_path, {"square": 2}, (8, 8))
    with pytest.raises(ValueError, match="side by side. Expected: .* or `y` .--y., .* Received: 8x8 pixels"):
        data.paired(folder)


@pytest.mark.parametrize("scale", [2, 4])
def test_small_images_are_means_of_the_large_ones(scale):
    """A linear ramp, and each image's mean, survive the reduction; what is finer than a pixel does not."""
    ramp = np.broadcast_to(np.linspace(-0.9, 0.9, 32, dtype="float32")[:, None], (2, 32, 32, 1)).copy()
    small, images = batches(data.degraded(ramp, scale), training=False)
    inner = slice(3, -3)  # the filter is cut off at the edges
    blocks = ramp.reshape(2, 32 // scale, scale, 32 // scale, scale, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(small[:, :, inner], blocks[:, :, inner], atol=1e-5)
    np.testing.assert_array_equal(images, ramp)
    board = np.broadcast_to(1.0 - 2.0 * (np.indices((32, 32)).sum(axis=0) % 2)[..., None], (1, 32, 32, 1))
    assert np.abs(batches(data.degraded(board.astype("float32"), scale), training=False)[0]).max() < 0.05


def test_crops_are_random_parts_in_training_and_the_centre_else():
    images = noise(3)
    pipeline = data.degraded(images, 2, crop=8, batch_size=2, augment=True)
    assert pipeline.shapes == ((4, 4, 3), (8, 8, 3))
    np.testing.assert_array_equal(batches(pipeline, training=False)[1], images[:, 4:12, 4:12])
    small, parts = batches(pipeline)
    whole = data.degraded(images, 2, batch_size=2, shuffle=False)
    windows = np.lib.stride_tricks.sliding_window_view(images, (8, 8), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    for axis in (-2, -3):  # mirrored, upside down
        windows = np.concatenate([windows, np.flip(windows, axis)])
    windows = np.concatenate([windows, windows.swapaxes(-2, -3)]).reshape(-1, 8, 8, 3)
    places = [np.abs(windows - part).max(axis=(1, 2, 3)).argmin() for part in parts]
    for place, part in zip(places, parts, strict=True):
        np.testing.assert_array_equal(windows[place], part)
    assert len({place % 81 for place in places}) > 1
    np.testing.assert_allclose(small, batches(data.degraded(parts, 2), training=False)[0], atol=1e-6)
    np.testing.assert_array_equal(batches(pipeline)[1], parts)
    assert np.abs(batches(pipeline, 1)[1] - parts).max() > 0
    np.testing.assert_array_equal(batches(whole)[1], images)


def test_images_are_turned_in_all_ways_equally_often():
    image = np.arange(4.0).reshape(1, 2, 2, 1).repeat(3, axis=-1) / 4
    many = data.degraded(np.repeat(image, 400, axis=0), 2, batch_size=400, augment=True, value_range=(0, 1))
    ways, counts = np.unique(batches(many)[1][..., 0].reshape(-1, 4), axis=0, return_counts=True)
    assert len(ways) == 8 and counts.min() > 25
    wide = data.degraded(np.repeat(image.repeat(2, axis=2), 99, axis=0), 2, batch_size=99, augment=True)
    assert len(np.unique(batches(wide)[1].reshape(99, -1), axis=0)) == 4


def test_folders_are_degraded(folders):
    x, *_ = folders
    pipeline = data.degraded(x, 4, size=16)
    assert pipeline.shapes == ((4, 4, 3), (16, 16, 3)) and pipeline.sizes == (4, 4)
    assert {source.fingerprint for source in pipeline.sources} == {data.degraded(x, 2).sources[0].fingerprint}
