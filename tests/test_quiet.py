import os
import sys

import pytest

from keras_gen.quiet import LEVEL, quiet_start


def written(capfd, monkeypatch, level, imported):
    """What reaches standard error of what is written to it in `quiet_start`."""
    monkeypatch.delenv(LEVEL, raising=False)
    if level is not None:
        monkeypatch.setenv(LEVEL, level)
    if not imported:
        monkeypatch.delitem(sys.modules, "tensorflow")
    with quiet_start("1"):
        os.write(2, b"noise")
    os.write(2, b" after")
    return capfd.readouterr().err


@pytest.mark.parametrize(
    ("level", "imported", "seen"),
    [
        (None, False, " after"),
        ("3", False, " after"),
        ("0", False, "noise after"),  # the user asked for all lines
        (None, True, "noise after"),
    ],
)
def test_only_the_import_of_tensorflow_is_silent_and_the_user_decides(level, imported, seen, capfd, monkeypatch):
    assert written(capfd, monkeypatch, level, imported) == seen
    assert os.environ[LEVEL] == (level or "1")


def test_an_error_passes_and_the_output_is_back(capfd, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setenv(LEVEL, "3")
    with pytest.raises(ImportError, match="no such module"), quiet_start("1"):
        raise ImportError("no such module")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
