import io

import numpy as np
import pytest
from PIL import Image

from keras_gen.data import image_files
from keras_gen.data.images import read_image


def encoded(size=(8, 8), mode="L", kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), "uint8")).convert(mode).save(file, kind)
    return file.getvalue()


def titled(entries):
    return "`x`", entries, [f"file {number}" for number in range(len(entries))]


def survey(entries, **options):
    return image_files.survey(*titled(entries), **options)


def test_colour_if_any_file_has_colours_and_a_stated_size():
    assert survey([encoded()] * 2) == ([0, 1], [(8, 8)] * 2, (8, 8, 1))
    assert survey([encoded(), encoded(mode="RGB")]).shape == (8, 8, 3)
    assert survey([encoded(), encoded(mode="RGB")], channels=1).shape == (8, 8, 1)
    assert survey([encoded((9, 5)), encoded()], size=(4, 6)).shape == (4, 6, 1)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([(90, 80), (70, 300)], "of `x` have 2 sizes, such as 90x80 .width x height.*cropped .* to 64x64; `size`"),
        ([(260, 300)], "have one size, 260x300 .* resized to 64x64"),
    ],
)
def test_another_size_than_the_files_is_stated(sizes, message):
    with pytest.warns(UserWarning, match=message):
        assert survey([encoded(size) for size in sizes]).shape == (64, 64, 1)


def test_damage_is_found_and_named_in_one_warning():
    cut = encoded((64, 64), kind="JPEG")[:-300]
    message = r"^3 of 4 files of `x` are left out: file 0 \(.*\), file 2 \(its format is unknown\), notes.txt \(why\)$"
    for read in (image_files.survey, image_files.read_files):
        with pytest.warns(UserWarning, match=message) as caught:
            found = read(*titled([cut, encoded(), b"none"]), {"notes.txt": "why"}, size=8, channels=1)
        assert found[0 if read is image_files.survey else 1] == [1] and len(caught) == 1
        with pytest.raises(ValueError, match=r"`x` must hold images that can be read. Received: 1 that cannot: file 0"):
            read(*titled([cut]))


def test_pixels_are_those_of_the_entries_that_can_be_read():
    entries = [encoded(), b"none", encoded(mode="RGB"), encoded((8, 8), kind="WEBP")]
    with pytest.warns(UserWarning, match="1 of 4 files"):
        pixels, numbers = image_files.read_files(*titled(entries))
    assert numbers == [0, 2, 3] and pixels.shape == (3, 8, 8, 3)
    for number, image in zip(numbers, pixels, strict=True):
        np.testing.assert_array_equal(image, read_image(io.BytesIO(entries[number]), channels=3))


def test_files_of_a_stated_shape_are_opened_once(monkeypatch):
    monkeypatch.setattr(image_files, "image_facts", None)
    assert image_files.read_files(*titled([encoded()]), size=4, channels=1)[0].shape == (1, 4, 4, 1)


def test_damage_is_looked_for_in_files_opened_once(monkeypatch):
    opened, actual = [], Image.open
    monkeypatch.setattr(Image, "open", lambda path, **options: opened.append(path) or actual(path, **options))
    survey([encoded(), encoded(kind="JPEG")])
    assert len(opened) == 2


def test_what_is_attempted_of_each_is_in_their_order():
    found = image_files.attempted(read_image, [encoded((n, 1)) for n in range(1, 20)])
    assert [image.shape[1] for image in found] == list(range(1, 20))


@pytest.mark.parametrize(
    ("others", "end"),
    [(7, r"3.txt \(why\) and 3 others"), (5, r"3.txt \(why\), 4.txt \(why\)"), (4, r"3.txt \(why\)")],
)
def test_a_warning_names_damage_first_and_counts_what_it_does_not_name(others, end):
    others = {f"{number}.txt": "why" for number in range(others)}
    count, start = len(others) + 1, r"left out: file 1 \(its format is unknown\), 0.txt \(why\), "
    for read in (image_files.survey, image_files.read_files):
        with pytest.warns(UserWarning, match=f"^{count} of {count + 1} files of `x` are {start}.*{end}$"):
            read(*titled([encoded(), b"none"]), others)
