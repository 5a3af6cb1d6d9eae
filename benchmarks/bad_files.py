"""Files and folders that are damaged, hostile or of the wrong kind, for `bad_inputs.py`."""

import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from PIL import Image


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


def write_tables(folder):
    """Write tables that cannot be read, or have too few cells; return their paths."""
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
    return sorted(folder.iterdir())
