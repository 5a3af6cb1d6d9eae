"""The command line, run in the test's own process, and runs that are trained once for all of its tests."""

import shutil
import sys

import pytest

from keras_gen import presets, runs
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


@pytest.fixture
def refused(run):
    """Run what is refused; gives the one line that says why."""

    def call(*arguments):
        code, _, err = run(*arguments)
        assert code == 1 and "Traceback" not in err, err
        return err.strip().splitlines()[-1]

    return call


@pytest.fixture(scope="session")
def _originals(tmp_path_factory):
    folders = {}

    def trained(model, **options):
        if model not in folders:
            folders[model] = tmp_path_factory.mktemp("trained") / model
            runs.train(runs.Settings(model, epochs=2, batch_size=720, options=options), folders[model])
        return folders[model]

    return trained


@pytest.fixture
def vae(_originals, tmp_path):
    """A copy of a run of a VAE of two epochs; convolutions are not compiled for long."""
    return shutil.copytree(_originals("convolutional-vae", width=0.1), tmp_path / "vae")


@pytest.fixture
def conditional(_originals, tmp_path):
    """A copy of a run of a conditional GAN of two epochs."""
    return shutil.copytree(_originals("conditional-gan", width=0.05, sample_every=2), tmp_path / "conditional")


@pytest.fixture(scope="session")
def _untrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untrained") / "vae"
    presets.build("vae", (8, 8, 1), width=0.05, latent_dim=3).save(folder / "model.keras")
    runs.Settings("vae").write(folder)
    return folder


@pytest.fixture
def folder(_untrained, tmp_path):
    """A copy of a run of an untrained VAE of digits, of three latent dimensions."""
    return shutil.copytree(_untrained, tmp_path / "vae")
