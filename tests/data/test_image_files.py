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


def survey(entries, left_out=None, **options):
    titles = [f"file {number}" for number in range(len(entries))]
    return image_files.survey("`x`", entries, titles, {} if left_out is None else left_out, **options)


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


def test_damage_is_found_in_the_header_or_by_decoding():
    cut, left_out = encoded((64, 64), kind="JPEG")[:-300], {"notes.txt": "no image"}
    assert survey([encoded(), b"none"], left_out).numbers == [0]
    assert left_out == {"notes.txt": "no image", "file 1": "its format is unknown"}
    sized = {"size": 8}
    assert survey([cut, encoded()], **sized).numbers == [0, 1]
    assert survey([cut, encoded()], decode=True, **sized).numbers == [1]
    with pytest.raises(ValueError, match=r"`x` must hold images that can be read. Received: 1 that cannot: file 0 \("):
        survey([cut], decode=True)


def test_what_is_attempted_of_each_is_in_their_order():
    found = image_files.attempted(read_image, [encoded((n, 1)) for n in range(1, 20)])
    assert [image.shape[1] for image in found] == list(range(1, 20))


def test_one_warning_counts_and_names():
    left_out = {f"{number}.jpg": "why" for number in range(7)}
    with pytest.warns(UserWarning, match=r"^7 of 9 files of `x` are left out: 0.jpg \(why\), .*4.jpg \(why\), \.\.\.$"):
        image_files.warn_left_out("`x`", 9, left_out)
    image_files.warn_left_out("`x`", 9, {})
