import re
from pathlib import PurePath

import pytest

from keras_gen.data import folders


def made(root, *names):
    """Empty files; a name that ends with a slash is a folder."""
    for name in names:
        place = root / name
        (place if name.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            place.touch()
    return root


def shown(listing):
    return [(path.name, name) for path, name in listing.files], sorted(path.name for path in listing.others)


def reasons(listing):
    return {path.name: reason for path, reason in listing.others.items()}


def test_a_folder_of_images_or_of_classes(tmp_path):
    plain = made(tmp_path / "plain", "b.JPG", "a.png", "c.webp", "d.tif")
    files = [(name, None) for name in ("a.png", "b.JPG", "c.webp", "d.tif")]
    assert shown(folders.listing(plain)) == (files, [])
    classes = folders.listing(made(tmp_path / "classes", "dog/1.png", "cat/2.gif", "cat/1.bmp"))
    assert shown(classes) == ([("1.bmp", "cat"), ("2.gif", "cat"), ("1.png", "dog")], [])
    assert classes.classes == ["cat", "dog"]


def test_hidden_files_and_those_of_systems_do_not_count(tmp_path):
    junk = [".DS_Store", ".hidden/x.png", "__MACOSX/x.png", ".ipynb_checkpoints/x.png", "Thumbs.db", "._a.png"]
    for kind, names in (("plain", ["a.png"]), ("classes", ["cat/a.png", "cat/.b.png", "dog/c.png"])):
        found = folders.listing(made(tmp_path / kind, *junk, *names))
        assert len(found.files) == len([name for name in names if "/." not in name]) and found.others == {}


def test_class_names_that_could_steer_a_terminal_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"without control characters. Received: '\\x1b\[2J'"):
        folders.listing(made(tmp_path / "hostile", "\x1b[2J/1.png", "b/1.png"))
    assert folders.listing(made(tmp_path / "other", "Rock\xa0music/1.png", "犬/1.png"))


def test_other_entries_are_listed(tmp_path):
    found = folders.listing(made(tmp_path / "plain", "a.png", "notes.txt", "empty/", "scans/page.pdf", "x.png/"))
    assert shown(found) == ([("a.png", None)], ["empty", "notes.txt", "scans", "x.png"])
    found = folders.listing(made(tmp_path / "classes", "cat/a.png", "cat/a.txt", "dog/b.png", "dog/more/", "none/"))
    assert shown(found)[1] == ["a.txt", "more", "none"]


def test_each_entry_is_left_out_for_its_reason(tmp_path):
    text, none = "not an image by its name", "a folder without images"
    names = ["notes.txt", "empty/", "drafts/x.png"]
    plain = folders.listing(made(tmp_path / "plain", *[f"{number}.png" for number in range(6)], *names))
    assert reasons(plain) == {"notes.txt": text, "empty": none, "drafts": "a folder next to images"}
    names = ["stray.png", "notes.txt", "empty/", "0/more/x.png", "deep/er/x.png"]
    classes = folders.listing(made(tmp_path / "classes", *[f"0/{number}.png" for number in range(6)], *names))
    outside = dict.fromkeys(("stray.png", "deep"), "outside the class folders")
    assert reasons(classes) == {**outside, "notes.txt": text, "empty": none, "more": "a folder inside a class folder"}
    names = ["train/1.png", "test/2.png", "val/cat/3.png", "stray.png", "notes.txt"]
    parts = folders.parts(made(tmp_path / "parts", *names))
    unused = dict.fromkeys(("val", "stray.png"), "outside the training and the test part")
    assert reasons(parts[0]) == {**unused, "notes.txt": text} and reasons(parts[1]) == {}


def test_links_that_lead_nowhere(tmp_path):
    made(tmp_path, "a.png", "b.png", "c.png", "d.png", "e.png", "f.png")
    for name in ("lost.png", "cats"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    found = folders.listing(tmp_path)
    assert "lost.png" in {path.name for path, _ in found.files}, "an image by its name, which cannot be read"
    assert reasons(found) == {"cats": "the link leads nowhere"}


@pytest.mark.parametrize("place", ["", "cat"])
def test_the_images_of_a_folder_are_not_compared_with_each_other(place, tmp_path, monkeypatch):
    """Comparisons grow with the square of the number of images."""
    made(tmp_path, *[f"{place}/{number}.png".lstrip("/") for number in range(30)])
    compared = []
    monkeypatch.setattr(PurePath, "__eq__", lambda self, other: compared.append(self) or str(self) == str(other))
    assert len(folders.listing(tmp_path).files) == 30 and len(compared) <= 30


def test_a_stray_image_is_left_out_and_a_mixture_is_refused(tmp_path):
    names = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(3)]
    found = folders.listing(made(tmp_path / "classes", "stray.png", *names))
    assert len(found.files) == 6 and found.classes == ["cat", "dog"] and shown(found)[1] == ["stray.png"]
    found = folders.listing(made(tmp_path / "plain", "drafts/x.png", *[f"{number}.png" for number in range(6)]))
    assert len(found.files) == 6 and found.classes == [] and shown(found)[1] == ["drafts"]
    with pytest.raises(ValueError, match=r"must not mix .*one sub-folder .*Received: 2 images, such as 'a.png', and"):
        folders.listing(made(tmp_path / "mixed", "a.png", "b.png", "cat/1.png", "dog/1.png"))


@pytest.mark.parametrize(
    ("names", "received"),
    [
        (["./"], "an empty folder"),
        ([".hidden.png"], "an empty folder"),
        (["notes.txt"], "1 entry without images, such as 'notes.txt'"),
        (["a/b/c.png", "notes.txt"], "2 entries without images, such as 'a'"),
    ],
)
def test_a_folder_without_images(names, received, tmp_path):
    with pytest.raises(ValueError, match=f"must hold images. Expected: a folder of images; .*Received: {received}"):
        folders.listing(made(tmp_path / "folder", *names))


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("Train", "val"), ("training", "testing"), ("train", "validation")]
)
def test_parts(train, test, tmp_path):
    root = made(tmp_path, f"{train}/cat/1.png", f"{train}/dog/1.png", f"{test}/cat/2.png", "notes.txt")
    parts = folders.parts(root)
    assert [shown(part) for part in parts] == [
        ([("1.png", "cat"), ("1.png", "dog")], ["notes.txt"]),
        ([("2.png", "cat")], []),
    ]


def test_parts_where_one_meaning_is_obvious(tmp_path):
    both = folders.parts(made(tmp_path / "both", "train/1.png", "test/2.png", "val/3.png"))
    assert [shown(part)[0] for part in both] == [[("1.png", None)], [("2.png", None)]]
    assert shown(both[0])[1] == ["val"]
    (alone,) = folders.parts(made(tmp_path / "alone", "train/1.png", "train/2.png"))
    assert shown(alone) == ([("1.png", None), ("2.png", None)], [])
    (classes,) = folders.parts(made(tmp_path / "classes", "train/1.png", "car/2.png"))
    assert classes.classes == ["car", "train"], "a class may be called so"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["test/a.png", "val/b.png"], "has no part 'train'. Expected: a folder of images; .*Received: ['test', 'val']"),
        (["train/cat/a.png", "test/b.png"], "test' must have the class folders of 'train'. Expected: a folder of"),
        (["train/a.png", "val/cat/b.png"], "train' must have the class folders of 'val'"),
        (["train/", "test/a.png"], "train' must hold images"),
    ],
)
def test_parts_that_do_not_fit(names, message, tmp_path):
    with pytest.raises(ValueError, match=re.escape(message).replace(r"\.\*", ".*")):
        folders.parts(made(tmp_path, *names))
