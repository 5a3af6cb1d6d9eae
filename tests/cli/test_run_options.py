import logging
import sys

import pytest

from keras_gen import runs
from keras_gen.cli.run_options import classes, imported, runs_for


def test_runs_are_for_folders_that_hold_one(tmp_path):
    with pytest.raises(ValueError, match="No run in that folder."):
        runs_for(tmp_path)
    (tmp_path / "settings.json").touch()
    with pytest.raises(ValueError, match="No data at that path."):
        runs_for(tmp_path, "./nowhere")
    assert runs_for(tmp_path) is runs_for(tmp_path, "digits") is runs


def test_a_module_is_imported_and_errors_of_it_pass(monkeypatch):
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "level", logging.WARNING)
    assert imported("keras_gen.files") is sys.modules["keras_gen.files"]
    assert logger.level == logging.ERROR
    with pytest.raises(ImportError, match="no_such_module"):
        imported("keras_gen.no_such_module")


def test_classes_are_names_with_commas_between():
    assert classes(None) is None and classes("cat, dog,4") == ("cat", "dog", "4")
