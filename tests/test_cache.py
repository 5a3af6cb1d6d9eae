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
