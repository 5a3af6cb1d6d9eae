import contextlib
import signal
import subprocess
import sys
import time

import pytest

from keras_gen import locks
from keras_gen.locks import sole_writer

# What `sole_writer` does, without the seconds that TensorFlow takes to import
_HOLD = """
import filelock, pathlib, signal, sys
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
pathlib.Path(sys.argv[2]).write_text("process 7 on earth")
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    names = [str(tmp_path / name) for name in (locks._LOCK, locks._WRITER)]
    with subprocess.Popen([sys.executable, "-c", _HOLD, *names], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_second_writer_is_refused_and_told_of_the_first(tmp_path, holder):
    message = "is being written by process 7 on earth. Expected: another folder"
    with pytest.raises(ValueError, match=message), sole_writer(tmp_path):
        pass


def test_a_killed_writer_does_not_block_and_its_strays_are_removed(tmp_path, holder):
    stray = tmp_path / ".model.unfinished-abc.keras"
    stray.touch()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with sole_writer(tmp_path):
        assert not stray.exists()


def test_a_folder_in_which_nothing_was_written_is_removed(tmp_path):
    folder = tmp_path / "new" / "run"
    with pytest.raises(RuntimeError), sole_writer(folder):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with sole_writer(folder):
        (folder / "model.keras").touch()
    assert (folder / "model.keras").exists()
    (tmp_path / "empty").mkdir()
    with sole_writer(tmp_path / "empty"):
        pass
    assert (tmp_path / "empty").is_dir()


@pytest.mark.parametrize("name, refused", [(locks._LOCK, True), (locks._WRITER, False)])
def test_a_link_under_the_name_of_a_lock_is_not_followed(tmp_path, name, refused):
    other, folder = tmp_path / "other", tmp_path / "run"
    other.write_text("of another")
    folder.mkdir()
    (folder / name).symlink_to(other)
    with pytest.raises(ValueError, match="is a link") if refused else contextlib.nullcontext(), sole_writer(folder):
        pass
    assert other.read_text() == "of another"


def test_nothing_is_begun_with_a_wrong_clock(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "localtime", lambda: time.struct_time((2150, 1, 1, 0, 0, 0, 0, 1, 0)))
    with pytest.raises(ValueError, match="The clock"), sole_writer(tmp_path / "new"):
        pass
    assert not list(tmp_path.iterdir())
