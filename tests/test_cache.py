from pathlib import Path

import numpy as np
import pytest

from keras_gen import cache


def test_the_folder_is_the_callers_then_the_environments_then_the_homes(monkeypatch):
    monkeypatch.setenv("KERAS_GEN_CACHE", "/from/environment")
    assert cache.folder("~/mine") == Path.home() / "mine"
    assert cache.folder() == Path("/from/environment")
    monkeypatch.delenv("KERAS_GEN_CACHE")
    assert cache.folder() == Path.home() / ".cache" / "keras_gen"


def test_equal_contents_have_equal_names_in_every_process():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    # A digest that changed would make everybody's kept files useless
    assert cache.fingerprint(x, "a", 1) == "60e561894df5f867c05848c279b51877"
    assert cache.fingerprint(x, 1) == cache.fingerprint(np.asfortranarray(x), 1)


@pytest.mark.parametrize(
    "other", [(np.zeros((2, 3)),), (np.zeros(6, "float32"),), (np.zeros((2, 3), "float32"), 0), ("0.0",)]
)
def test_other_contents_have_other_names(other):
    assert cache.fingerprint(np.zeros((2, 3), "float32")) != cache.fingerprint(*other)
    assert cache.fingerprint("ab", "c") != cache.fingerprint("a", "bc")


def kept(path, computed):
    """The text of a file, which notes that it had to be computed."""

    def compute():
        computed.append(1)
        return "four"

    return cache.kept(path, compute, Path.write_text, Path.read_text)


def test_what_is_kept_is_computed_once(tmp_path):
    computed = []
    assert [kept(tmp_path / "new" / "a.txt", computed) for _ in range(3)] == ["four"] * 3 and len(computed) == 1


@pytest.mark.parametrize("content", ["fou", "fous", ""])
@pytest.mark.parametrize("name", ["a.txt", "a.txt.sha256"])
def test_a_damaged_file_is_computed_anew(name, content, tmp_path):
    computed = []
    kept(tmp_path / "a.txt", computed)
    (tmp_path / name).write_text(content)
    with pytest.warns(UserWarning, match="a.txt' is not what was written there; it is computed anew"):
        assert kept(tmp_path / "a.txt", computed) == "four"
    assert kept(tmp_path / "a.txt", computed) == "four" and len(computed) == 2


def test_a_cache_that_cannot_be_written_is_found_before_the_computation(tmp_path):
    (tmp_path / "file").touch()
    computed = []
    with pytest.raises(ValueError, match="The cache is not the name of a file"):
        kept(tmp_path / "file" / "a.txt", computed)
    assert not computed
