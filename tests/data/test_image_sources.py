import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_gen.data.image_sources import FileImages, image_source

RNG = np.random.default_rng(0)


def written(folder, n=4, size=(12, 10), mode="RGB", suffix=".png"):
    """A folder of smooth images, and the images."""
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for number in range(n):
        image = (
            Image.fromarray(RNG.integers(0, 256, (3, 3, 3), "uint8"))
            .resize(size, Image.Resampling.BICUBIC)
            .convert(mode)
        )
        image.save(folder / f"{number:02d}{suffix}")
        images.append(np.array(image))
    return images


def rows(source, *numbers, draws=None):
    draws = None if draws is None else tf.constant(draws, "float32")
    return source.rows(tf.constant(numbers, "int64"), draws).numpy()


def test_files_are_what_they_show_in_the_stated_range(tmp_path):
    images = written(tmp_path)
    source = image_source("x", tmp_path)
    assert (source.size, source.example_shape) == (4, (10, 12, 3))
    expected = np.stack([images[2], images[0]]).astype("float32") / 127.5 - 1
    np.testing.assert_allclose(rows(source, 2, 0), expected, atol=1e-5)
    np.testing.assert_allclose(
        rows(image_source("x", str(tmp_path), value_range=(0, 1)), 2, 0), (expected + 1) / 2, atol=1e-5
    )


def test_files_of_any_size_are_brought_to_one(tmp_path):
    written(tmp_path, 2, size=(64, 48))
    Image.new("RGB", (9, 30), (255, 0, 0)).save(tmp_path / "red.jpg", quality=100)
    source = image_source("x", tmp_path, size=(8, 16))
    assert (source.size, source.example_shape) == (3, (8, 16, 3))
    np.testing.assert_allclose(rows(source, 2)[0], np.broadcast_to([1.0, -1.0, -1.0], (8, 16, 3)), atol=0.02)
    assert image_source("x", tmp_path, size=8).example_shape == (8, 8, 3)
    with pytest.warns(UserWarning, match="of `x` have 2 sizes, such as 64x48 .* resized to 48x48"):
        assert image_source("x", tmp_path).example_shape == (48, 48, 3)


def test_grey_folders_have_one_channel_and_any_colour_makes_three(tmp_path):
    written(tmp_path, 2, mode="L")
    assert image_source("x", tmp_path).example_shape == (10, 12, 1)
    assert image_source("x", tmp_path, channels=3).example_shape == (10, 12, 3)
    Image.new("RGB", (12, 10), (0, 0, 255)).save(tmp_path / "zz.png")
    source = image_source("x", tmp_path)
    assert source.example_shape[-1] == 3 and np.ptp(rows(source, 0), axis=-1).max() < 1e-6


@pytest.mark.parametrize("content", [b"no image", "truncated", b""])
def test_what_cannot_be_read_is_named_counted_and_left_out(tmp_path, content):
    images = written(tmp_path, 3, suffix=".jpg")
    if content == "truncated":
        content = (tmp_path / "01.jpg").read_bytes()[:-200]
    (tmp_path / "01.jpg").write_bytes(content)
    with pytest.warns(UserWarning, match=r"1 of 3 files of `x` are left out: .*01\.jpg \("):
        source = image_source("x", tmp_path)
    assert source.size == 2
    assert np.abs(rows(source, 1)[0] - (images[2] / 127.5 - 1)).mean() < 0.15, "but for what JPEG loses"
    (tmp_path / "00.jpg").write_bytes(b"")
    (tmp_path / "02.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"`x` must hold images that can be read. Received: 3 that cannot: .*00\.jpg"):
        image_source("x", tmp_path)


def test_what_is_left_out_by_its_name_is_reported_and_counted(tmp_path):
    written(tmp_path / "plain", 5)
    written(tmp_path / "plain" / "more", 1)
    (tmp_path / "plain" / "b.txt").write_bytes(b"")
    (tmp_path / "plain" / ".hidden").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"2 of 7 files of `x` are left out: .*b\.txt \(not an im.*more \(a folder n"):
        assert image_source("x", tmp_path / "plain").size == 5
    for name in ("one", "two"):
        written(tmp_path / "classes" / name, 2)
    assert image_source("x", tmp_path / "classes").size == 4, "sub-folders are classes"


def test_of_a_folder_with_parts_the_training_part_is_used(tmp_path):
    written(tmp_path / "train", 3)
    written(tmp_path / "test", 2)
    with pytest.warns(UserWarning, match=r"^1 of 4 files of `x` are left out: .*test \(the test part\)$"):
        source = image_source("x", tmp_path)
    assert source.size == 3 and {Path(name).parent.name for name in source.display_names} == {"train"}


@pytest.mark.parametrize("turn", range(1, 9))
def test_photographs_are_turned_upright(turn, tmp_path):
    pixels = RNG.integers(0, 256, (6, 4, 3), "uint8")
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "a.png")))
    source = image_source("x", tmp_path)
    assert source.example_shape == expected.shape
    np.testing.assert_allclose(rows(source, 0)[0], expected / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".png", ".jpg"])
def test_colour_files_of_any_kind_can_be_made_grey(suffix, tmp_path):
    Image.new("RGB", (8, 8), (200, 100, 0)).save(tmp_path / f"a{suffix}")
    luma = (0.299 * 200 + 0.587 * 100) / 127.5 - 1
    np.testing.assert_allclose(rows(image_source("x", tmp_path, channels=1), 0), luma, atol=0.02)


def test_a_fingerprint_tells_other_files_but_not_other_places(tmp_path):
    written(tmp_path / "a", 3)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    one, moved = (image_source("x", tmp_path / side).fingerprint for side in "ab")
    written(tmp_path / "b", 1, size=(40, 30))
    assert one == moved != image_source("x", tmp_path / "b", size=8).fingerprint


def test_an_augmented_image_is_a_mirrored_crop_of_the_enlarged_one(tmp_path):
    """Of a picture of its own columns, the crop tells where it was taken and whether it was mirrored."""
    columns = np.broadcast_to(np.arange(32, dtype="float32")[:, None] / 31, (32, 32, 1))
    source = image_source("x", np.ascontiguousarray(columns)[None])
    plain = rows(source, 0)[0, 0, :, 0]
    left, right, mirrored = (
        rows(source, 0, draws=[[0.0, draw, flip]])[0, 0, :, 0] for draw, flip in ((0.0, 0.9), (0.99, 0.9), (0.0, 0.1))
    )
    step = 32 / 36  # a column of the 36 that 32 become
    np.testing.assert_allclose(np.diff(left)[3:-3], step / 31, atol=2e-3)
    np.testing.assert_allclose(mirrored, left[::-1], atol=1e-6)
    np.testing.assert_allclose((right - left)[4:-4], 4 * step / 31, atol=3e-3)
    np.testing.assert_allclose(plain, columns[0, :, 0])
    upright = image_source("x", np.ascontiguousarray(columns.transpose(1, 0, 2))[None])
    top, bottom = (rows(upright, 0, draws=[[draw, 0.0, 0.9]])[0, :, 0, 0] for draw in (0.0, 0.99))
    np.testing.assert_allclose(top, left, atol=1e-6)
    np.testing.assert_allclose(bottom, right, atol=1e-6)


def test_augmented_files_stay_in_range_and_shape(tmp_path):
    written(tmp_path, 2, size=(40, 40))
    source = image_source("x", tmp_path, size=16)
    found = rows(source, 0, 1, 0, draws=RNG.random((3, 3)))
    assert found.shape == (3, 16, 16, 3) and found.min() >= -1 and found.max() <= 1
    assert np.abs(found[0] - found[2]).max() > 0.01
    assert source.augments and not image_source("x", np.zeros((1, 8, 8, 1))).augments, "as published, of files"


def test_an_array_on_disk_is_read_when_it_is_needed(tmp_path):
    values = RNG.uniform(-1, 1, (5, 4, 4, 1)).astype("float32")
    np.save(tmp_path / "a.npy", values)
    source = image_source("x", np.load(tmp_path / "a.npy", mmap_mode="r"))
    np.testing.assert_array_equal(rows(source, 4, 1), values[[4, 1]])


def test_encoded_images_of_a_prepared_set_are_files_in_memory():
    encoded = [tf.io.encode_png(tf.fill((6, 6, 3), tf.cast(value, "uint8"))).numpy() for value in (0, 255)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = FileImages("x", encoded, ["a", "b"])
    np.testing.assert_allclose(rows(source, 1, 0)[:, 0, 0, 0], [1, -1])


def test_what_cannot_be_opened_is_left_out_and_named(tmp_path):
    """A link to nothing and a folder called an image."""
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "folder.png").mkdir()
    Image.new("L", (9, 9), 255).save(tmp_path / "good.png")
    with pytest.warns(UserWarning, match="2 of 3 files of `x` are left out: .*gone.*folder"):
        source = image_source("x", tmp_path)
    np.testing.assert_allclose(rows(source, 0), 1.0)


def test_images_too_large_for_pillow_are_left_out(tmp_path, monkeypatch):
    written(tmp_path, 1)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    Image.new("L", (90, 90), 255).save(tmp_path / "large.png")
    with pytest.warns(UserWarning, match=r"1 of 2 files of `x` are left out: .*large\.png \(it has more"):
        assert image_source("x", tmp_path).example_shape == (10, 12, 3)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (
            "no/such/folder",
            {},
            "`x` must be an image or a folder of images that exists.* set and its split.*which does not exist",
        ),
        ("nosuch", {}, "which does not exist"),
        ("empty", {}, "must hold images. Expected: a folder of images; .*Received: an empty folder"),
        (
            np.zeros((3, 4, 4)),
            {},
            r"`x` must be images. Expected: \(n, height, width, channels\). Received: \(3, 4, 4\)",
        ),
        (np.zeros((0, 4, 4, 1)), {}, "`x` must"),
        (
            np.zeros((2, 4, 4, 1)),
            {"size": 8},
            r"is an array, which is not resized. Expected: \(8, 8\). Received: \(4, 4\)",
        ),
        ("nosuchset:train", {}, "Unknown data set"),
        ("one", {"channels": 2}, "`channels` must be 1, 3 or None.* Received: 2"),
        ("one", {"size": (8, 8, 3)}, r"`size` must be a side or \(height, width\). Received: \(8, 8, 3\)"),
        ("one", {"value_range": (1, -1)}, r"`value_range` must be \(lowest, highest\)"),
    ],
)
def test_bad_input(images, options, message, tmp_path):
    if isinstance(images, str) and images in ("empty", "one"):
        if images == "one":
            written(tmp_path, 1)
        images = tmp_path
    with pytest.raises(ValueError, match=message):
        image_source("x", images, **options)
