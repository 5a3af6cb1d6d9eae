import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from keras_gen.data import images, read_image

RNG = np.random.default_rng(0)


def stored(image, kind="PNG", **options):
    """A file object of an image."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file


def smooth(mode="RGB", size=(12, 10)):
    return Image.fromarray(RNG.integers(0, 256, (3, 3, 3), "uint8")).resize(size, images._FILTER).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA"])
def test_an_image_without_loss_is_itself(kind, mode):
    image = smooth(mode)
    pixels = np.asarray(image)
    np.testing.assert_array_equal(read_image(stored(image, kind)), pixels if mode == "RGB" else pixels[..., None])
    np.testing.assert_array_equal(read_image(stored(image, kind), size=(10, 12)).squeeze(), pixels.squeeze())


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "JPEG"])
def test_other_kinds_are_nearly_so(kind):
    image = smooth(size=(40, 30))
    found = read_image(stored(image, kind)).astype(int)
    assert found.shape == (30, 40, 3) and np.abs(found - np.asarray(image)).mean() < 8


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_photographs_are_turned_upright(kind, turn):
    """Of four colours, the one at each corner is where EXIF says: 2 mirrors, 3 turns by 180 degrees, and so on."""
    corners = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], "uint8")
    pixels = np.repeat(np.repeat(corners, 16, axis=0), 32, axis=1)
    exif = Image.Exif()
    exif[0x0112] = turn
    file = stored(Image.fromarray(pixels), kind, exif=exif)
    turned = {1: corners, 2: corners[:, ::-1], 3: corners[::-1, ::-1], 4: corners[::-1]}
    turned |= {turn: turned[base].swapaxes(0, 1) for turn, base in ((5, 1), (6, 4), (7, 3), (8, 2))}
    found = read_image(file)[[8, -8]][:, [8, -8]].astype(int)
    np.testing.assert_allclose(found, turned[turn], atol=3)
    assert images.image_facts(file) == (*read_image(file).shape[:2], 3)


def test_transparency_is_laid_on_white():
    half = Image.new("LA", (4, 4), (0, 51))
    np.testing.assert_array_equal(read_image(stored(half)), 204)
    for mode, clear in (("RGBA", (9, 9, 9, 0)), ("LA", (9, 0))):
        assert read_image(stored(Image.new(mode, (4, 4), clear))).min() == 255
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([200, 0, 0, 0, 0, 200])
    palette.putpixel((3, 0), 1)
    for kind in ("PNG", "GIF"):
        found = read_image(stored(palette, kind, transparency=0))
        assert found[0, 3].tolist() == [0, 0, 200] and (found[1:] == 255).all()
    keyed = Image.new("L", (4, 4), 7)
    assert read_image(stored(keyed, transparency=7)).min() == 255 and read_image(stored(keyed)).max() == 7


def test_the_facts_of_a_png_need_no_pixels(monkeypatch):
    file = stored(smooth())
    loaded = []
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: loaded.append(self))
    assert images.image_facts(file) == (10, 12, 3) and loaded == []


def test_colours_are_those_that_the_file_stores():
    grey, coloured = Image.new("P", (2, 2), 0), Image.new("P", (2, 2), 1)
    for image in (grey, coloured):
        image.putpalette([9, 9, 9, 200, 0, 0])
    assert [read_image(stored(image)).shape[2] for image in (grey, coloured)] == [1, 3]
    assert read_image(stored(Image.new("1", (2, 2), 1))).tolist() == [[[255], [255]], [[255], [255]]]
    assert read_image(stored(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))[0, 0, 0] > 200
    orange = stored(Image.new("RGB", (2, 2), (200, 100, 0)))
    np.testing.assert_allclose(read_image(orange, channels=1), 0.299 * 200 + 0.587 * 100, atol=1)


def test_the_centre_is_cut_out_without_distortion():
    """A grey square in the middle of a wide image is the whole of a square one, and so for high images."""
    wide = np.zeros((20, 60), "uint8")
    wide[:, 20:40] = 128
    for pixels in (wide, wide.T):
        np.testing.assert_array_equal(read_image(stored(Image.fromarray(pixels)), size=20), 128)
    assert read_image(stored(Image.fromarray(wide)), size=(5, 15)).shape == (5, 15, 1)


def test_a_large_photograph_is_read_small():
    """A JPEG that is decoded at a smaller scale shows nearly what the whole one does."""
    image = smooth(size=(1600, 1200))
    expected = np.asarray(image.crop((200, 0, 1400, 1200)).resize((32, 32), Image.Resampling.BOX)).astype(int)
    assert np.abs(read_image(stored(image, "JPEG", quality=95), size=32) - expected).max() < 12
    facts = images.image_facts(stored(image, "JPEG"))
    assert facts == (1200, 1600, 3)


def test_arrays_are_resized_as_files_are():
    pixels = np.stack([np.asarray(smooth(size=(40, 30))) for _ in range(2)])
    found = images.resized(pixels / 255, size=(8, 16))
    expected = np.stack([read_image(stored(Image.fromarray(one)), size=(8, 16)) for one in pixels])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected / 255, atol=1.01 / 255)
    grey = images.resized(pixels / 255, channels=1)
    expected = np.stack([read_image(stored(Image.fromarray(one)), channels=1) for one in pixels])
    np.testing.assert_allclose(grey, expected / 255, atol=1.01 / 255)
    assert images.resized(grey, channels=3).shape == (2, 30, 40, 3) and images.resized(grey) is grey
    with pytest.raises(ValueError, match=r"must have 1 or 3 channels. Received: shape \(2, 4, 4, 2\)"):
        images.resized(np.zeros((2, 4, 4, 2)), channels=1)
    with pytest.raises(ValueError, match=r"shape \(n, height, width, channels\). Received: shape \(2, 16\)"):
        images.resized(np.zeros((2, 16)), size=4)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(112, 92)] * 3, (112, 92)),
        ([(256, 256)], (256, 256)),
        ([(257, 30)] * 3, (24, 24)),
        ([(300, 400)] * 2, (64, 64)),
        ([(300, 400), (100, 90), (70, 80)], (64, 64)),
        ([(30, 40), (33, 45), (500, 500)], (32, 32)),
        ([(8, 8), (500, 500), (400, 400)], (64, 64)),
        ([(2, 3), (3, 3)], (8, 8)),
    ],
)
def test_default_sides(sizes, expected):
    assert images.default_sides(sizes) == expected


def test_what_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "text.jpg").write_text("no image")
    whole = stored(smooth(), "JPEG").getvalue()
    (tmp_path / "cut.jpg").write_bytes(whole[:-200])
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to("nowhere.png")
    for name, reason in (
        ("text.jpg", "its format is unknown"),
        ("cut.jpg", "."),
        ("gone.jpg", "No such file"),
        ("folder.png", "Is a directory"),
        ("link.png", "the link leads nowhere"),
    ):
        with pytest.raises(images.UnreadableImage, match=f"{name}' cannot be read as an image: {reason}"):
            read_image(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(images.UnreadableImage, match="'the image' cannot be read as an image: it has more than"):
        read_image(stored(smooth()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 2}, "`channels` must be 1, 3 or None.* Received: 2"),
        ({"size": (8, 8, 3)}, r"`size` must be a side or \(height, width\). Received: \(8, 8, 3\)"),
        ({"size": 0}, "`size` must be an integer >= 1"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        read_image(stored(smooth()), **options)


def test_only_formats_that_are_meant_are_opened(tmp_path):
    """PostScript would start a program, whatever the file is called."""
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(ValueError, match="a.png' cannot be read as an image: its format is unknown"):
        read_image(tmp_path / "a.png")
    assert "PNG" in images.formats() and "EPS" not in images.formats()
