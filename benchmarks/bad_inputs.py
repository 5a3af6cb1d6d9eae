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
import gzip
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
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


def write_data(folder):
    """Write files of data that cannot be used; return their names."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((40, 8, 8, 1)).astype("float32"), np.arange(40) % 3
    arrays = {
        "scalar.npz": {"x": np.array(3.0)},
        "vector.npz": {"x": np.arange(5.0)},
        "one.npz": {"x": images[:1]},
        "none.npz": {"x": images[:0]},
        "nan.npz": {"x": np.where(images > 0.9, np.nan, images)},
        "infinite.npz": {"x": np.where(images > 0.9, np.inf, images)},
        "bright.npz": {"x": 300 * images},
        "negative.npz": {"x": images - 2},
        "huge.npz": {"x": 1e30 * images},
        "complex.npz": {"x": images.astype("complex64")},
        "text.npz": {"x": np.array(["a", "b"])},
        "objects.npz": {"x": np.array([{}], object)},
        "five_axes.npz": {"x": images[..., None]},
        "two_channels.npz": {"x": np.repeat(images, 2, axis=-1)},
        "no_key.npz": {"pictures": images},
        "empty.npz": {},
        "few_labels.npz": {"x": images, "y": labels[:5]},
        "int64.npz": {"x": (1000 * images).astype("int64")},
        "booleans_of_text.npz": {"x": np.array([["True"]])},
        "zero_height.npz": {"x": images[:, :0]},
        "test_of_other_shape.npz": {"x_train": images, "x_test": images[:, :4]},
        "test_missing_pixels.npz": {"x_train": images, "x_test": np.full_like(images, np.nan)},
    }
    for name, parts in arrays.items():
        np.savez(folder / name, **parts)
    np.save(folder / "scalar.npy", 3.0)
    np.save(folder / "objects.npy", np.array([{}], object))
    whole = (folder / "few_labels.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "zero_bytes.npz").write_bytes(b"")
    (folder / "zero_bytes.npy").write_bytes(b"")
    (folder / "flipped.npz").write_bytes(whole[:200] + bytes([255 - byte for byte in whole[200:400]]) + whole[400:])
    (folder / "random.npz").write_bytes(rng.bytes(5000))
    (folder / "random.npy").write_bytes(rng.bytes(5000))
    (folder / "text.csv").write_text("a,b\n1,2\n")
    for name, shape in (("promises.npy", (10**13, 8, 8)), ("negative.npy", (-4, 8, 8))):
        with (folder / name).open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with (
        zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (2**38 // 64, 8, 8)}
        )
        for _ in range(16):
            file.write(bytes(2**26))
    os.mkfifo(folder / "pipe.npz")
    os.mkfifo(folder / "pipe.npy")
    (folder / "link.npz").symlink_to("nowhere.npz")
    (folder / "folder.npz").mkdir()
    for name, content in {
        "no_images": {"a.txt": b"text"},
        "empty_folder": {},
        "damaged_pictures": {f"{n}.png": rng.bytes(200) for n in range(3)},
        "empty_pictures": {f"{n}.png": b"" for n in range(3)},
        "postscript": {f"{n}.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" for n in range(3)},
        "one_picture": {"a.png": png(np.zeros((8, 8), "uint8"))},
        "bad_idx": {f"{start}-ubyte": b"\0\0\x08\x03" for start in ("train-images", "train-labels", "t10k-images")},
        "idx_bomb": {f"{s}-ubyte.gz": gzip.compress(bytes(4)) for s in ("train-images", "t10k-images")},
        "only_test/test": {"a.png": png(np.zeros((8, 8), "uint8"))},
    }.items():
        (folder / name).mkdir(parents=True)
        for file, data in content.items():
            (folder / name / file).write_bytes(data)
    return sorted(path.name for path in folder.iterdir())


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def data_inputs(folder):
    """Pairs (name, words): files and folders of data that a training cannot use."""
    for name in write_data(folder):
        for preset in ("vae", "lenet5"):
            yield f"{preset} --data {name}", ["train", preset, "--data", str(folder / name), *SHORT, "--out", "new"]
        yield f"cyclegan --x {name}", ["train", "cyclegan", "--x", str(folder / name), "--y", "photos", *SHORT,
                                       "--out", "new"]  # fmt: skip


def write_pictures(folder):
    """Write files that are no pictures, or too small ones; return their names."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    whole = png(rng.integers(0, 255, (40, 40, 3), dtype="uint8"))
    for name, content in {
        "cut.png": whole[:200],
        "random.png": rng.bytes(300),
        "empty.png": b"",
        "text.jpg": b"no picture",
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "two_pixels.png": png(rng.integers(0, 255, (1, 2, 3), dtype="uint8")),
    }.items():
        (folder / name).write_bytes(content)
    bomb = Image.new("1", (30_000, 30_000))
    bomb.save(folder / "bomb.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    return [*sorted(path.name for path in folder.iterdir()), "absent.png"]


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
        yield f"sample --out {out}", ["sample", str(runs_folder / "vae"), "--out", out]


def damaged_runs(folder, good):
    """Pairs (name, path): runs, each of which lacks something or holds something damaged."""

    def copy(name, kind="vae"):
        return shutil.copytree(good / kind, folder / name.replace("/", "-"))

    for file in ("model.keras", "settings.json"):
        content = (good / "vae" / file).read_bytes()
        for name, damage in {
            "empty": b"",
            "cut": content[: len(content) // 2],
            "random": np.random.default_rng(0).bytes(2000),
            "flipped": content[:100] + bytes(255 - byte for byte in content[100:400]) + content[400:],
        }.items():
            run = copy(f"{name} {file}")
            (run / file).write_bytes(damage)
            yield f"{name} {file}", run
        run = copy(f"missing {file}")
        (run / file).unlink()
        yield f"missing {file}", run
        run = copy(f"pipe {file}")
        (run / file).unlink()
        os.mkfifo(run / file)
        yield f"pipe {file}", run
        run = copy(f"folder {file}")
        (run / file).unlink()
        (run / file).mkdir()
        yield f"folder {file}", run
    for name, document in {
        "null arguments": {"arguments": None},
        "list": [],
        "number": 3,
        "no model": {"arguments": {"data": "digits"}},
        "unknown model": {"arguments": {"model": "vea"}},
        "model of another kind": {"arguments": {"model": ["vae"]}},
        "escape sequences": {"arguments": {"model": "vae", "data": "\x1b[2J\x1b[31mred"}},
    }.items():
        run = copy(f"settings {name}")
        (run / "settings.json").write_text(json.dumps(document))
        yield f"settings: {name}", run
    run = copy("another model")
    shutil.copy(good / "lenet5" / "model.keras", run / "model.keras")
    yield "model of another kind", run
    run = copy("plain model")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(run / "model.keras")
    yield "plain Keras model", run
    run = copy("bomb")
    with zipfile.ZipFile(run / "model.keras", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/bomb", bytes(2**28))
        archive.writestr("more.json", bytes(2**28))
    yield "model that unpacks to a large one", run
    yield "no folder", folder / "absent"
    yield "empty folder", Path(tempfile.mkdtemp(dir=folder))
    yield "a file", good / "vae" / "history.csv"


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
            if command == "describe" and name.startswith(("settings", "missing settings", "empty settings")):
                continue  # reads the model alone
            out = run if command == "resume" else "new.png"
            yield f"{command}, {name}", [*words, *([] if command in ("evaluate", "describe") else ["--out", out])]
    for name, content in {
        "binary": np.random.default_rng(0).bytes(300),
        "no epochs": b"loss,val_loss\n1,2\n",
        "words": b"epoch,loss\none,two\n",
        "cut": b'epoch,loss\n1,"2',
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
        ["compare", vae], ["compare", vae, "absent"], ["compare"], ["describe"], ["describe", "absent.keras"],
        ["describe", "vea"], ["frobnicate"], ["train"], ["train", "vea"], ["tune"], ["tune", "gan"],
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
    folder.mkdir()
    for name, content in {
        "empty.csv": b"",
        "header.csv": b"a,b\n",
        "ragged.csv": b"a,b\n1,2\n3,4,5\n",
        "binary.csv": b"\xff\xfe\x00\x01",
        "zeros.csv": b"a,b\n1,\0\n",
        "twice.csv": b"a,a\n1,2\n3,4\n",
        "one_row.csv": b"a,b\n1,2\n",
        "unnamed.csv": b",\n1,2\n3,4\n",
        "no.parquet": b"PAR1",
        "other.xlsx": b"PK",
    }.items():
        (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    for path in sorted(folder.iterdir()):
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
    left = [str(path) for path in Path().glob("new*")]
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
