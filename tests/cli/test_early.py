import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_gen.cli.early import check_early

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """A folder that holds a model."""
    (tmp_path / "model.keras").touch()
    return str(tmp_path)


def test_what_train_and_tune_will_refuse(folder):
    for words in (["train", "vae", "--data", "./nowhere"], ["tune", "vae", "--data=./nowhere", "--trials", "2"]):
        with pytest.raises(ValueError, match="No data at that path. .*Received: './nowhere'"):
            check_early(words)
    for words in (["train", "vae", "--out", folder], ["train", "vae", f"--out={folder}", "--epochs", "3"]):
        with pytest.raises(ValueError, match="already holds a model. Expected: a new folder for --out, or --resume"):
            check_early(words)


def test_what_other_words_mean_is_left_to_the_commands(folder):
    for words in (
        [],
        ["list"],
        ["train"],
        ["train", "vae", "--out"],
        ["train", "vae", "--out", folder, "--resume"],
        ["train", "vae", "--out", folder, "--help"],
        ["tune", "vae", "--out", folder],
        ["evaluate", "run", "--data", "./nowhere"],
        ["train", "vae", "--data", "mnist", "--out", f"{folder}/new"],
    ):
        check_early(words)


def test_refusals_that_import_no_tensorflow(folder, tmp_path):
    """In one process, which would take many seconds for each import."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "settings.json").touch()
    commands = [
        ("train vae --data ./nowhere", "No data at that path."),
        (f"train vae --out {folder}", "already holds a model."),
        ("train vea", "Unknown model. Did you mean 'vae'?"),
        *((f"{name} nowhere", "No run in that folder.") for name in ("sample", "evaluate", "compare", "plane")),
        (f"evaluate {run} --data ./nowhere", "No data at that path."),
        (f"plane {run} --data ./nowhere", "No data at that path."),
        ("interpolate nowhere --between 3", "--between is for two test images"),
        ("reconstruct nowhere no.png", "No image at that path."),
        (f"sample nowhere --out {folder}", "is not empty."),
        ("sample nowhere --out a.txt", "--out is not the name of a picture."),
    ]
    code = (
        "import sys, contextlib, io\nfrom keras_gen.cli.main import main\n"
        f"for words, message in {commands}:\n"
        "    sys.argv, err = ['keras-gen', *words.split()], io.StringIO()\n"
        "    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(err): main()\n"
        "    assert message in err.getvalue() and err.getvalue().count('\\n') == 1, (words, err.getvalue())\n"
        "    assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules, words\n"
        "print('done')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = f"import sys; sys.argv = ['keras-gen']\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout == "done\n", done.stderr
