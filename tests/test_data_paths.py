import pytest

from keras_gen.data_paths import looks_like_path, nearest, require_data, require_images


def test_names_of_data_are_told_from_paths(tmp_path):
    for name in ("mnist", "digits", "mnist/3.0.1", str(tmp_path)):
        require_data(name)
    for name in ("a.npz", "a.npy", "./a", "~/a.b/c", "a/", "/a"):
        with pytest.raises(ValueError, match=f"No data at that path. .*Received: '{name}'"):
            require_data(name)


def test_what_can_only_be_a_path():
    assert all(map(looks_like_path, ("a.npz", "./a", "~/a", "a/", "/a", "..")))
    assert not any(map(looks_like_path, ("mnist", "mnist/3.0.1", "photos/cats")))


def test_the_nearest_path(tmp_path):
    for name in ("photos", "other"):
        (tmp_path / name).mkdir()
    assert nearest(tmp_path / "photo") == f" Did you mean '{tmp_path / 'photos'}'?"
    assert nearest(tmp_path / "none" / "photo") == nearest(tmp_path / "zzz") == ""


def test_images_are_files(tmp_path):
    (tmp_path / "a.png").touch()
    require_images([tmp_path / "a.png"])
    for path in (tmp_path, tmp_path / "b.png"):
        with pytest.raises(ValueError, match=f"No image at that path. Expected: an image file. Received: '{path}'"):
            require_images([tmp_path / "a.png", path])
