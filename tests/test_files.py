import errno
import os
import stat
import subprocess
import sys
import tempfile
import time

import pytest

from keras_gen import files
from keras_gen.files import (
    MODEL,
    SEARCH,
    SETTINGS,
    atomic_write,
    remove_strays,
    require_clock,
    require_folder,
    require_no_other_run,
    require_picture,
    require_run,
)


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and [entry.name for entry in path.parent.iterdir()] == ["a.txt"]


def test_an_error_of_a_write_names_the_file(tmp_path):
    with pytest.raises(OSError, match="No space left on device: '.*a.txt'"), atomic_write(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="^cannot write mode RGBA"), atomic_write(tmp_path / "a.txt"):
        raise OSError("cannot write mode RGBA")


def test_temporary_files_have_names_that_cannot_be_planted(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: iter(["taken", "free"]))
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("mine")
    prefix = f".a.unfinished-{os.getpid()}@{files._place_of_processes()}-"
    (tmp_path / f"{prefix}taken.txt").symlink_to(foreign)
    with atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert foreign.read_text() == "mine" and (tmp_path / "a.txt").read_text() == "new"


def test_a_written_file_can_be_read_by_all_whom_the_user_lets(tmp_path):
    old = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a.txt") as temporary:
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_strays_of_killed_writers_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "trial").mkdir()
    names = ["model.keras", ".hidden", ".model.unfinished-abc.keras", "trial/.trial.unfinished-x_1.json"]
    for name in names:
        (tmp_path / name).touch()
    remove_strays(tmp_path)
    remove_strays(tmp_path / "nowhere")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".hidden", "model.keras", "trial"]


def test_the_next_writer_removes_what_a_killed_one_has_left_of_its_file(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        pass
    host, dead = files._place_of_processes(), process.pid
    names = [f".a[1].unfinished-{dead}@{host}-x.txt", f".a[1].unfinished-{os.getpid()}@{host}-x.txt",
             f".a[1].unfinished-{dead}@elsewhere-x.txt", f".b.unfinished-{dead}@{host}-x.txt",
             f".a[1].unfinished-none@{host}-x.txt"]  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    with atomic_write(tmp_path / "a[1].txt"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[1:], "a[1].txt"])


def test_a_run_is_told_from_other_folders(tmp_path):
    with pytest.raises(ValueError, match="No run in that folder. Expected: one that `keras-gen train` or `tune` made"):
        require_run(tmp_path)
    (tmp_path / "model.keras").touch()
    with pytest.raises(
        ValueError, match="A run is a folder, not a file. Expected: one that .* Received: .*model.keras"
    ):
        require_run(tmp_path / "model.keras")
    (tmp_path / SEARCH).touch()
    with pytest.raises(ValueError, match="The search has no model yet. Expected: one with a finished trial"):
        require_run(tmp_path)
    (tmp_path / SETTINGS).touch()
    require_run(tmp_path)


def test_a_run_is_not_trained_over_another(tmp_path):
    require_no_other_run(tmp_path / "new", resume=False)
    (tmp_path / MODEL).touch()
    require_no_other_run(tmp_path, resume=True)
    with pytest.raises(ValueError, match="already holds a model. Expected: a new folder for --out, or --resume"):
        require_no_other_run(tmp_path, resume=False)
    (tmp_path / SEARCH).touch()
    with pytest.raises(ValueError, match="holds a search, which `keras-gen tune` continues. Expected: a new folder"):
        require_no_other_run(tmp_path, resume=True)


def test_a_picture_replaces_a_picture_but_no_folder_nor_a_file_of_another_kind(tmp_path):
    (tmp_path / "old.PNG").touch()
    (tmp_path / "folder.png").mkdir()
    for name in ("old.PNG", "new/a.svg"):
        require_picture("--out", tmp_path / name)
    for name in ("folder.png", "a.csv", "a", "old.PNG/a.png"):
        with pytest.raises(ValueError, match="--out is not the name of a picture. Expected: one that ends in .jpeg, "):
            require_picture("--out", tmp_path / name)


def test_a_folder_that_cannot_be_written_to_is_known_before_any_work(tmp_path, monkeypatch):
    def full(dir):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(
        ValueError, match=r"--out cannot be written. .* Received: '.*a.png', No space left on device in"
    ):
        require_picture("--out", tmp_path / "new" / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file.jpg").touch()
    require_folder("--out", tmp_path / "new" / "deep")
    for path in (tmp_path / "file.jpg", tmp_path / "file.jpg" / "run"):
        with pytest.raises(
            ValueError, match="--out is not the name of a folder. Expected: a new one, or a folder. Rec"
        ):
            require_no_other_run(path, resume=True)


@pytest.mark.parametrize("year", [1970, 2150])
def test_a_date_that_an_archive_cannot_hold_is_refused(year, monkeypatch):
    monkeypatch.setattr(time, "localtime", lambda: time.struct_time((year, 1, 1, 0, 0, 0, 0, 1, 0)))
    with pytest.raises(ValueError, match=f"The clock .* must be right .* Received: the year {year}"):
        require_clock()


def test_a_path_without_a_home_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.expanded("~/a") == tmp_path / "a" and str(files.expanded("a")) == "a"
    with pytest.raises(ValueError, match="'~no.such.user/a' needs a home folder. Expected: .*KERAS_GEN_CACHE"):
        files.expanded("~no.such.user/a")
