import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_gen.quiet import LEVEL, quiet_start

ROOT = Path(__file__).parents[1]


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


@pytest.mark.parametrize("closed", ["2>&-", ""])
def test_without_a_standard_error_nothing_is_discarded(closed):
    """Closed by the shell, and set to `None`, as by a program without a console."""
    code = "import sys; sys.argv = ['keras-gen']\n" + ("" if closed else "sys.stderr = None\n")
    code += "from keras_gen.quiet import quiet_start\nwith quiet_start(): print(1)"
    command = f'"{sys.executable}" -c "$0" {closed}'
    environment = {name: value for name, value in os.environ.items() if name != LEVEL} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", command, code], stdout=subprocess.PIPE, text=True, env=environment)
    assert (done.returncode, done.stdout) == (0, "1\n")
