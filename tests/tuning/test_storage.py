import errno
import json
import shutil
import types
from pathlib import Path

import keras
import pytest

from keras_gen import tuning
from keras_gen.tuning import Range
from keras_gen.tuning.storage import RequireRoom

RANGES = [Range("latent_dim", choices=[2, 3, 4])]
OPTIONS = {"epochs": 1, "batch_size": 32, "units": (6,), "verbose": 0}


def search(x, folder, trials=2):
    return tuning.search(x, RANGES, folder, trials=trials, tuner="grid", **OPTIONS)


@pytest.fixture(scope="module")
def finished(digits, tmp_path_factory):
    """The folder of a search of two trials."""
    folder = tmp_path_factory.mktemp("search")
    search(digits, folder)
    return folder


def full_for(monkeypatch, name):
    """Let writing a file of that name fail in its middle, as on a full disk."""
    write = Path.write_text

    def fail(path, text, *args, **options):
        if path.name.startswith(f".{Path(name).stem}.") and path.suffix == Path(name).suffix:
            write(path, text[:20])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, text, *args, **options)

    monkeypatch.setattr(Path, "write_text", fail)


@pytest.mark.parametrize("name", ["oracle.json", "trial.json", "settings.json"])
def test_a_full_disk_ends_a_search_which_goes_on_when_there_is_room(name, digits, finished, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        full_for(patch, name)
        with pytest.raises(OSError, match=f"No space left on device: .*{Path(name).stem}"):
            search(digits, tmp_path / "s", trials=3)
    for path in (tmp_path / "s").rglob("*.json"):
        json.loads(path.read_text())
    found, whole = search(digits, tmp_path / "s"), search(digits, finished)
    assert [row["error"] for row in found.rows] == pytest.approx([row["error"] for row in whole.rows], rel=1e-5)
    assert found.best == whole.best
    assert {row["status"] for row in found.rows} == {"completed"}


def test_a_model_that_cannot_be_written_is_no_failed_trial(digits, tmp_path, monkeypatch):
    def fail(model, path, **options):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", fail)
        with pytest.raises(OSError, match="No space left on device: .*model"):
            search(digits, tmp_path)
    assert {row["status"] for row in search(digits, tmp_path).rows} == {"completed"}


@pytest.mark.parametrize("name", ["search.json", "tuner/oracle.json", "tuner/tuner0.json", "tuner/trial_1/trial.json"])
def test_a_damaged_file_is_named(name, digits, finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "s")
    for content in (b'{"half": ', b"", b"\xff"):
        (folder / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}' is damaged: .* Expected: the file that the search wrote"):
            search(digits, folder, trials=3)


def test_a_file_that_a_killed_search_was_writing_is_not_in_the_way(digits, finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "s")
    stray = folder / "tuner" / "trial_1" / ".trial.unfinished-abc.json"
    stray.write_text('{"half": ')
    search(digits, folder)
    assert not stray.exists()


def test_a_file_of_something_else_is_named(digits, finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "s")
    (folder / "tuner" / "oracle.json").write_text("{}")
    with pytest.raises(ValueError, match="tuner' is damaged: "):
        search(digits, folder, trials=3)


def test_a_better_trial_alone_replaces_the_model_of_a_continued_search(digits, finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "s")
    before = (folder / "model.keras").read_bytes()
    (folder / "tuner" / "best.json").write_text(json.dumps({"score": 0.0}))
    search(digits, folder, trials=3)
    assert (folder / "model.keras").read_bytes() == before


def test_weights_are_not_begun_where_they_find_no_room(tmp_path, monkeypatch):
    callback = RequireRoom(tmp_path)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1000)])
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    callback.set_model(model)
    callback.on_epoch_end(0)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: types.SimpleNamespace(free=3 * 16_000))
    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}'"):
        callback.on_epoch_end(0)
