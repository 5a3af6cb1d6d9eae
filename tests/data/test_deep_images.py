import io

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from keras_gen import data
from keras_gen.data import image_files, images, read_image
from keras_gen.data.deep_images import unit
from keras_gen.data.images import image_facts

BANDS = {"photometric": "minisblack", "planarconfig": "contig"}
WHITES = {"uint8": 255, "uint16": 65535, "float32": 1}


def values(shape, dtype="uint16", seed=0):
    """Random values that use all levels of a type, from black to white."""
    found = np.random.default_rng(seed).random(shape)
    found.flat[0], found.flat[-1] = 0, 1
    return found.astype(dtype) if dtype == "float32" else np.round(found * WHITES[dtype]).astype(dtype)


def scaled(pixels):
    return pixels.astype("float32") / np.float32(WHITES[pixels.dtype.name])


def tiff(pixels, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file


def png(pixels):
    """A PNG of 16 bits a channel."""
    return io.BytesIO(tf.io.encode_png(pixels).numpy())


def grey(pixels, kind):
    """A file of Pillow's of grey values."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_values_of_16_bits_keep_all_levels(kind):
    ramp = np.arange(65536, dtype="uint16").reshape(256, 256)
    found = read_image(grey(ramp, kind))
    assert found.dtype == "float32" and len(np.unique(found)) == 65536
    np.testing.assert_array_equal(found[..., 0], scaled(ramp))
    np.testing.assert_array_equal(read_image(grey(ramp, kind), channels=3), np.repeat(found, 3, axis=-1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("store", [png, tiff])
def test_values_of_8_bits_in_16_are_those_of_8(store, channels):
    small = np.random.default_rng(0).integers(0, 256, (5, 6, channels), "uint8")
    small.flat[0] = 255
    np.testing.assert_array_equal(read_image(store(small.astype("uint16") * 257)), scaled(small))
    smooth = np.array(Image.fromarray(small.squeeze()).resize((32, 24), Image.Resampling.BILINEAR))
    smooth = smooth.reshape(24, 32, channels)
    for size in (10, (12, 40)):
        options = {"size": size, "channels": 4 - channels}
        found, expected = (read_image(file, **options) for file in (store(smooth.astype("uint16") * 257), png(smooth)))
        np.testing.assert_allclose(found, expected / 255, atol=1.5 / 255)  # 8 bits round at each of two steps
        assert found.shape == expected.shape and len(np.unique(found)) > len(np.unique(expected))


@pytest.mark.parametrize("store", [png, tiff])
def test_resized_pictures_of_16_bits_keep_more_than_256_levels(store):
    found = read_image(store(values((90, 120, 3))), size=(64, 80))
    assert found.shape == (64, 80, 3) and len(np.unique(found)) > 5000 and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("dtype", WHITES)
@pytest.mark.parametrize("bands", [2, 4, 5, 8])
def test_bands_of_a_tiff_stay_as_they_are(dtype, bands):
    pixels = values((12, 9, bands), dtype)
    separate = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    layouts = [tiff(pixels, **BANDS), tiff(separate, photometric="minisblack", planarconfig="separate")]
    layouts += [tiff(pixels, compression="zlib", **BANDS)]
    if bands > 3:
        layouts.append(tiff(pixels, photometric="rgb", extrasamples=[0] * (bands - 3)))
    if bands > 4:
        layouts.append(tiff(pixels))  # as pages of (width, bands)
    for file in layouts:
        np.testing.assert_array_equal(read_image(file), scaled(pixels))
        assert image_facts(file) == (12, 9, bands) and read_image(file).dtype == "float32"
    expected = images.resized(scaled(pixels)[None], size=4)[0]
    np.testing.assert_array_equal(read_image(layouts[0], size=4), expected)
    np.testing.assert_array_equal(read_image(layouts[0], half="right"), scaled(pixels)[:, 5:])
    with pytest.raises(images.UnreadableImage, match=f"it has {bands} bands, which `channels` cannot make 3"):
        read_image(layouts[0], channels=3)


def test_floats_of_three_channels_are_colours():
    pixels = values((4, 5, 3), "float32")
    file = tiff(pixels, photometric="rgb")
    np.testing.assert_array_equal(read_image(file), pixels)
    np.testing.assert_allclose(read_image(file, channels=1), pixels @ images.LUMA, rtol=1e-6)


def test_of_several_pages_the_first_is_read():
    for dtype in WHITES:
        pixels = values((5, 6, 7), dtype)
        np.testing.assert_array_equal(unit(read_image(tiff(pixels)))[..., 0], scaled(pixels)[0])


def test_floats_are_of_one_or_of_255():
    for found in ([0, 0.2, 1.0], [0, 51, 255.0]):
        pixels = np.array([found], "float32")
        assert read_image(grey(pixels, "TIFF")).ravel().tolist() == pytest.approx([0, 0.2, 1])
    for bad, message in (
        (np.float32(-1), "not in 0..1 but in -1"),
        (np.float32(np.nan), "it holds values that are not finite"),
    ):
        for file in (grey(np.full((2, 2), bad), "TIFF"), tiff(np.full((2, 2, 5), bad), **BANDS)):
            with pytest.raises(ValueError, match=message):
                read_image(file)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "bands"])
def test_values_of_unknown_white_are_refused(kind):
    """Of 12 bits in a file of 16, and of a dark image; black is black whatever white is."""

    def store(pixels):
        return tiff(np.stack([pixels] * 5, axis=-1), **BANDS) if kind == "bands" else grey(pixels, kind)

    for highest in (1, 255, 4095):
        with pytest.raises(images.UnreadableImage, match=f"are in 0..{highest}, .*the value of white is unknown"):
            read_image(store(np.array([[0, highest]], "uint16")))
    assert read_image(store(np.zeros((2, 2), "uint16"))).max() == 0
    if kind == "bands":
        assert read_image(tiff(np.full((2, 2, 5), 3, "uint8"), **BANDS)).max() == np.float32(3 / 255)


@pytest.mark.parametrize("store", [png, tiff])
def test_transparency_of_16_bits_is_laid_on_white(store):
    pixels = np.zeros((3, 4, 4), "uint16")
    pixels[..., 0], pixels[..., 3] = 65535, 13107
    pixels[0, 0, 3] = 65535
    found = read_image(store(pixels))
    assert found[0, 0].tolist() == [1, 0, 0] and found[1, 1] == pytest.approx([1, 0.8, 0.8])
    if store is tiff:
        pixels[..., 0] = pixels[..., 3]
        np.testing.assert_allclose(read_image(tiff(pixels, photometric="rgb", extrasamples=["assocalpha"])), found)


@pytest.mark.parametrize("turn", range(1, 9))
def test_deep_pictures_are_turned_as_those_of_8_bits(turn):
    small = np.random.default_rng(1).integers(0, 256, (3, 5, 3), "uint8")
    small.flat[0] = 255
    deep, exif = small.astype("uint16") * 257, Image.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    Image.fromarray(small).save(file, "TIFF", exif=exif)
    expected = read_image(file) / np.float32(255)
    assert expected.shape == ((3, 5, 3) if turn < 5 else (5, 3, 3))
    tag = [(274, "H", 1, turn, True)]
    for pixels in (deep, scaled(deep)):
        np.testing.assert_array_equal(read_image(tiff(pixels, photometric="rgb", extratags=tag)), expected)
    for kind in ("PNG", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(deep[..., 0]).save(file, kind, exif=exif)
        np.testing.assert_array_equal(read_image(file), expected[..., :1])
        assert image_facts(file) == (*expected.shape[:2], 1)


def test_what_cannot_be_read_is_named(monkeypatch):
    cut = tiff(values((64, 64, 5)), **BANDS).getvalue()[:-2000]
    lab = tiff(values((4, 4, 3), "float32"), photometric="cielab")
    for file, message in ((io.BytesIO(cut), "cannot be read"), (lab, "its colours are CIELAB, not grey, RGB or bands")):
        for read in (read_image, image_facts):
            with pytest.raises(images.UnreadableImage, match=message):
                read(file)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(images.UnreadableImage, match="more than 0 million pixels"):
        read_image(tiff(values((6, 7, 5)), **BANDS))


@pytest.fixture
def folder(tmp_path):
    """A function that writes a folder of pictures."""

    def write(name, pixels, **options):
        place = tmp_path / name
        place.mkdir()
        for number, one in enumerate(pixels):
            tifffile.imwrite(place / f"{number:02d}.tif", one, **options)
        return place

    return write


@pytest.mark.parametrize("size", [None, (6, 7)])
@pytest.mark.parametrize(
    ("dtype", "channels", "options"),
    [
        ("uint16", 1, {}),
        ("uint16", 3, {}),
        ("float32", 1, {}),
        ("uint8", 4, BANDS),
        ("uint16", 5, BANDS),
        ("float32", 8, BANDS),
    ],
)
def test_folders_files_of_arrays_and_records_agree(dtype, channels, options, size, folder, tmp_path):
    pixels = np.stack([values((9, 8, channels), dtype, seed) for seed in range(10)])
    place = folder("set", pixels.squeeze() if channels == 1 else pixels, **options)
    given = {"size": size, "value_range": (-1, 1)}
    train, test = data.load(place, **given)
    assert train.x.shape == (8, *(size or (9, 8)), channels)
    assert dtype == "uint8" or len(np.unique(train.x)) > 256
    data.write_records(place, tmp_path / "records", shards=2, size=size)
    stored = pixels if dtype != "uint8" else scaled(pixels)  # a fourth channel of uint8 arrays is transparency
    np.save(tmp_path / "x.npy", stored)
    others = [data.load(place, in_memory=False, **given)]
    others += [data.load(tmp_path / "x.npy", in_memory=kept, **given) for kept in (True, False)]
    others += [data.load(tmp_path / "records", in_memory=kept, value_range=(-1, 1)) for kept in (True, False)]
    for other in others:
        for part, expected in zip(other, (train, test), strict=True):
            np.testing.assert_array_equal(np.asarray(part.x), expected.x)


def test_pictures_of_8_and_of_16_bits_are_one_set(folder):
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 8), "uint8")
    small[:, 0, 0] = 255
    place = folder("set", [one.astype("uint16") * 257 if n % 2 else one for n, one in enumerate(small)])
    found = np.concatenate([np.asarray(part.x) for part in data.load(place)])
    lazy = np.concatenate([np.asarray(part.x) for part in data.load(place, in_memory=False)])
    np.testing.assert_array_equal(found, lazy)
    expected = np.sort(small.reshape(6, -1) / np.float32(255), axis=0)
    np.testing.assert_array_equal(np.sort(found.reshape(6, -1), axis=0), expected)


@pytest.mark.parametrize("in_memory", [True, False])
def test_files_of_different_bands_are_refused(in_memory, folder):
    place = folder("set", [values((8, 8, bands)) for bands in (5, 5, 8)], **BANDS)
    message = "must have the same bands. Expected: 5, as in .*00.tif. Received: 8 in .*02.tif"
    with pytest.raises(ValueError, match=message):
        data.load(place, in_memory=in_memory)
    with pytest.raises(ValueError, match="must have the same bands. Expected: 3, as in .* Received: 5 in .*01.tif"):
        data.load(folder("other", [values((8, 8, 3)), values((8, 8, 5))], planarconfig="contig"), in_memory=in_memory)
    with pytest.raises(ValueError, match="which `channels` cannot make 1"):
        data.load(place, channels=1, in_memory=in_memory)
    with pytest.raises(ValueError, match="which `channels` cannot make 1"):
        data.load(place, channels=1, size=4, in_memory=in_memory)


def test_pictures_of_bands_are_translated_and_halved(folder):
    place = folder("set", [values((8, 16, 5), seed=seed) for seed in range(4)], **BANDS)
    first, second = next(iter(data.paired(place, augment=False, shuffle=False).dataset()))
    expected = scaled(values((8, 16, 5))) * 2 - 1
    np.testing.assert_allclose(np.concatenate([first, second], axis=2)[0], expected, atol=1e-6)
    assert image_files.survey("`x`", [str(place / "00.tif")], ["a"]).shape == (8, 16, 5)
