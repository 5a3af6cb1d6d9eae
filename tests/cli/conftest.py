"""The command line, run in the test's own process."""

import sys

import pytest

from keras_gen.cli import main as cli


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line in this process; gives (exit code, standard output, standard error)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["keras-gen", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    return call
