from types import SimpleNamespace

import pytest

from keras_gen import backend
from keras_gen.runs.devices import scope, with_replicas, worker_folder
from keras_gen.runs.settings import Settings


def test_the_chief_writes_to_the_folder_of_the_run(tmp_path):
    with worker_folder(tmp_path / "run", None) as own:
        assert own == tmp_path / "run"
        (own / "model.keras").write_text("new")
        with pytest.raises(ValueError, match="is being written by"), worker_folder(own, None):
            pass
    assert (tmp_path / "run" / "model.keras").read_text() == "new"


def test_another_worker_begins_with_a_copy_that_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(backend, "is_chief", lambda strategy: False)
    (tmp_path / "model.keras").write_text("old")
    (tmp_path / ".lock").touch()
    with worker_folder(tmp_path, None) as own:
        assert own != tmp_path and (own / "model.keras").read_text() == "old"
        (own / "model.keras").write_text("new")
    assert not own.exists() and (tmp_path / "model.keras").read_text() == "old"
    with worker_folder(tmp_path / "missing", None) as own:
        assert list(own.glob("[!.]*")) == []
    assert not (tmp_path / "missing").exists()


def test_all_wait_for_each_other_before_and_after(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(backend, "barrier", waited.append)
    with worker_folder(tmp_path, None):
        assert waited == [None]
    assert waited == [None, None]


def test_a_model_is_built_in_the_scope_of_its_strategy():
    strategy = backend.strategy("mirrored")
    with scope(strategy):
        assert backend.has_strategy()
    with scope(None):
        assert not backend.has_strategy()


@pytest.mark.parametrize(("before", "now", "verbose", "says"), [(1, 1, 1, False), (2, 3, 1, True), (2, 3, 0, False)])
def test_another_number_of_devices_is_noted_and_said(before, now, verbose, says, capsys):
    settings = Settings("vae", replicas=before)
    found = with_replicas(settings, SimpleNamespace(num_replicas_in_sync=now), verbose)
    assert found.replicas == now
    printed = capsys.readouterr().out
    assert (f"The run was last trained on {before} devices and continues on {now}, " in printed) == says
