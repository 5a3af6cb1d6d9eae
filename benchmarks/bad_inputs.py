"""Bad inputs to the command line: each must be refused early, on one line, and leave nothing behind.

    python benchmarks/bad_inputs.py [--only PART_OF_A_NAME] [--list]

The inputs are options of every model with values that cannot be, damaged or hostile files of data and pictures, and
damaged runs. An input is right if the command ends with an exit code that is not 0 and a single line `Error: ...` on
standard error, in less than a minute, without a new folder or file in `--out`. It prints what is wrong of each of the
others, and the share of those that are right.
"""

import argparse
import contextlib
import csv
import io
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from bad_files import damaged_runs, write_data, write_pictures, write_tables
from PIL import Image

from keras_gen import presets, runs
from keras_gen.arguments import REQUIRED
from keras_gen.cli import main as command_line
from keras_gen.runs.training_options import options_of

SECONDS = 60
SHORT = ["--epochs", "1", "--minutes", "0.001"]
NUMBERS = ("abc", "", "-1", "nan", "-inf", "1e400")  # that no numeric option of a model takes
WHOLE = ("1.5", "99999999999999999999")
RATES = ("corruption", "dropout", "label_smoothing", "ema", "pretrain_corruption")  # numbers that end at 1


def option_inputs():
    """Pairs (name, words): every option of every model with values that it cannot have."""
    for preset in sorted(presets.PRESETS):
        translates = "translate" in presets.PRESETS[preset].model.tasks
        base = ["train", preset, *(["--x", "photos", "--y", "photos"] if translates else []), *SHORT]
        for name, argument in {**options_of(preset), **shared_options(translates)}.items():
            for value in bad_values(name, argument):
                option = f"--{name.replace('_', '-')}"
                yield f"{preset} {option}={value}", [*base, f"{option}={value}", "--out", "new"]


def shared_options(translates):
    """Options of every training, by name, with what a bad value of them is."""
    whole = dict.fromkeys(("epochs", "batch_size", "seed"), WHOLE + NUMBERS)
    others = {
        "precision": ("float64", ""),
        "binarization": ("both",),
        "data": ("absent", "absent.npz", "", "./absent/"),
    }
    return whole | ({"precision": others["precision"]} if translates else others)


def bad_values(name, argument):
    if isinstance(argument, tuple):
        return argument
    default = argument.default
    if argument.choices:
        return ("nonsense", "")
    if isinstance(default, bool):
        return ("maybe",)
    if isinstance(default, tuple):
        return ("a,b", "0", "-3", "1.5,2")
    if isinstance(default, str) or default is REQUIRED:
        return ("nonsense",) if name not in ("x", "y") else ("absent",)
    values = NUMBERS + (WHOLE[:1] if isinstance(default, int) or argument.annotation == int | None else ())
    return values + (("2",) if name in RATES else ())


def data_inputs(folder):
    """Pairs (name, words): files and folders of data that a training cannot use."""
    for name in write_data(folder):
        for preset in ("vae", "lenet5"):
            yield f"{preset} --data {name}", ["train", preset, "--data", str(folder / name), *SHORT, "--out", "new"]
        yield f"cyclegan --x {name}", ["train", "cyclegan", "--x", str(folder / name), "--y", "photos", *SHORT,
                                       "--out", "new"]  # fmt: skip


def picture_inputs(folder, runs_folder):
    """Pairs (name, words): pictures that the commands on pictures cannot use."""
    good = str(folder.parent / "good.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype="uint8")).save(good)
    classifier = str(runs_folder / "lenet5")
    for name in write_pictures(folder):
        path = str(folder / name)
        for command, words in {
            "dream": ["dream", path, "--run", classifier, "--steps", "1"],
            "texture": ["texture", path, "--steps", "1", "--size", "8"],
            "style content": ["style", path, good, "--steps", "1"],
            "style style": ["style", good, path, "--steps", "1"],
            "translate": ["translate", str(runs_folder / "vae"), path],
        }.items():
            yield f"{command} {name}", [*words, "--out", "new" if command == "translate" else "new.png"]
    for out in ("noext", "a.txt", "a.png/", "folder.d", "/proc/a.png", "/dev/null/a.png"):
        yield f"texture --out {out}", ["texture", good, "--steps", "1", "--size", "8", "--out", out]
        if out not in ("noext", "a.png/"):  # which are folders for samples
            yield f"sample --out {out}", ["sample", str(runs_folder / "vae"), "--out", out]


def run_inputs(folder, good):
    """Pairs (name, words): commands on damaged runs, and bad options of commands on whole ones."""
    for name, run in damaged_runs(folder, good):
        run = str(run)
        for command, words in {
            "sample": ["sample", run],
            "evaluate": ["evaluate", run],
            "reconstruct": ["reconstruct", run],
            "describe": ["describe", run],
            "resume": ["train", "vae", "--resume", "--epochs", "9", "--minutes", "0.001"],
        }.items():
            if command == "resume" and name in ("missing model.keras", "no folder", "empty folder"):
                continue  # begins anew
            if command == "describe" and ("settings" in name or name in ("model of another kind", "plain Keras model")):
                continue  # reads the model alone, of any kind
            out = run if command == "resume" else "new.png"
            yield f"{command}, {name}", [*words, *([] if command in ("evaluate", "describe") else ["--out", out])]
    for name, content in {
        "binary": np.random.default_rng(0).bytes(300),
        "no epochs": b"loss,val_loss\n1,2\n",
        "words": b"epoch,loss\none,two\n",
    }.items():
        run = shutil.copytree(good / "vae", folder / f"history {name}")
        (run / "history.csv").write_bytes(content)
        yield f"resume, history: {name}", ["train", "vae", "--resume", "--epochs", "9", "--out", str(run), *SHORT[2:]]
    vae, lenet = str(good / "vae"), str(good / "lenet5")
    for words in (
        ["sample", vae, "--n", "0"], ["sample", vae, "--n", "-1"], ["sample", vae, "--n", "100000000000"],
        ["sample", vae, "--seed", "-1"], ["sample", vae, "--labels", "3"], ["sample", lenet], ["sample"],
        ["sample", vae, "--n", "many"], ["interpolate", lenet], ["reconstruct", lenet], ["plane", lenet],
        ["evaluate", vae, "--nll-samples", "-1"], ["evaluate", vae, "--metrics", "beauty"],
        ["evaluate", vae, "--data", "absent.npz"], ["evaluate", lenet, "--nll-samples", "3"],
        ["evaluate", lenet, "--metrics", "frechet"], ["translate", vae, "photos"], ["attack", vae],
        ["attack", lenet, "--method", "magic"], ["attack", lenet, "--epsilon", "-1"],
        ["attack", lenet, "--epsilon", "2"], ["attack", lenet, "--epsilon", "nan"], ["attack", lenet, "--n", "0"],
        ["visualize", vae], ["visualize", lenet, "--layer", "conv9"], ["visualize", lenet, "--n", "0"],
        ["compare", vae, "absent"], ["compare"], ["describe"], ["describe", "absent.keras"],
        ["describe", "vea"], ["frobnicate"], ["train", "vea"], ["tune", "gan"],
        ["tune", "vae"], ["tune", "vae", "--search", ""], ["tune", "vae", "--search", "beauty=1:2"],
        ["tune", "vae", "--search", "latent_dim=5:2"], ["tune", "vae", "--search", "latent_dim=a:b"],
        ["tune", "vae", "--search", "latent_dim=2:5", "--trials", "0"],
        ["tune", "vae", "--search", "latent_dim=2:5", "--objective", "beauty"],
        ["tune", "vae", "--search", "latent_dim=2:5", "--out", vae],
        ["train", "vae", "--out", vae], ["train", "gan", "--resume", "--out", vae, *SHORT],
        ["train", "vae", "--resume", "--latent-dim", "7", "--out", vae, *SHORT],
        ["train", "vae", "--out", str(good / "vae" / "history.csv")], ["train", "vae", "--out", "/proc/run", *SHORT],
        ["outliers", "absent.csv"], ["impute", "absent.csv"], ["outliers", vae], ["impute", str(good)],
        ["train", "vae", "--size", "100000", *SHORT, "--out", "new"],
        ["train", "vae", "--learning-rate", "1e20", "--epochs", "2", "--out", "new"],
    ):  # fmt: skip
        yield " ".join(words).replace(str(good), ""), words


def table_inputs(folder):
    """Pairs (name, words): tables that cannot be searched for outliers or filled."""
    for path in write_tables(folder):
        for command in ("outliers", "impute"):
            yield f"{command} {path.name}", [command, str(path), "--out", "new.csv"]


class _TooLong(BaseException):
    pass


def called(words):
    """What a command line does: the exit code, its output, its errors, and the traceback of an unexpected error."""

    def late(*_):
        raise _TooLong

    out, err = io.StringIO(), io.StringIO()
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    argv, sys.argv = sys.argv, ["keras-gen", *words]
    code, trace = 0, ""
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            command_line.main()
    except SystemExit as done:
        code = done.code
    except _TooLong:
        trace = f"more than {SECONDS} s"
    except BaseException:
        trace = traceback.format_exc().splitlines()[-1]
    finally:
        signal.alarm(0)
        sys.argv = argv
    return code, out.getvalue(), err.getvalue(), trace


def fault(words):
    """Why a bad input was not refused as it should be, or an empty text."""
    code, _, err, trace = called(words)
    lines = [line for line in err.splitlines() if line.strip()]
    if trace:
        return f"traceback: {trace}"
    if not code:
        return "accepted"
    errors = [line for line in lines if line.startswith("Error: ")]
    if len(errors) != 1 or any(not line.startswith(("Error: ", "Warning: ")) for line in lines):
        return f"not one line: {' | '.join(lines)[:300]}"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", errors[0]):
        return "control characters in the message"
    left = [str(path) for path in Path().glob("new*") if "diverged" not in errors[0]]  # found late, in the training
    return f"leaves {left}" if left else ""


def inputs(folder):
    good = folder / "good"
    for preset in ("vae", "lenet5"):
        options = {"doctor": False, "width": 0.1}
        runs.train(runs.Settings(preset, epochs=1, batch_size=500, options=options), good / preset, verbose=0)
    (folder / "photos").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    for part in ("data", "runs"):
        (folder / part).mkdir()
    yield from option_inputs()
    yield from data_inputs(folder / "data")
    yield from picture_inputs(folder / "pictures", good)
    yield from run_inputs(folder / "runs", good)
    yield from table_inputs(folder / "tables")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of the names of the inputs to try")
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("--out", default="", help="a .csv file for the results")
    given = parser.parse_args()
    out = Path(given.out).resolve() if given.out else None
    keras.config.disable_interactive_logging()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, words in inputs(Path(folder)):
            if given.only not in name:
                continue
            if given.list:
                print(name)
                continue
            found = fault(words)
            results.append((name, found))
            if found:
                print(f"{name}: {found}", flush=True)
            for path in Path().glob("new*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        os.chdir("/")
    right = sum(not found for _, found in results)
    print(f"{right} of {len(results)} refused as they should be ({100 * right / max(1, len(results)):.1f} %)")
    if out:
        with out.open("w", newline="") as file:
            csv.writer(file).writerows([("input", "fault"), *results])


if __name__ == "__main__":
    main()
