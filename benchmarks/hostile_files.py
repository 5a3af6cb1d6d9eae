"""Models, arrays, pictures and folders that try to run code, to read or write elsewhere, or to exhaust the machine."""

import copy
import io
import json
import os
import pickle
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

ESCAPES = "\x1b[2J\x1b]0;owned\x07"


class Payload:
    """What runs a command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def pickled_arrays(folder, command):
    """Write arrays with a pickle in them; return their names."""
    images, payload = (
        np.random.default_rng(0).random((40, 8, 8, 1)).astype("float32"),
        np.array([Payload(command)], object),
    )
    for name, parts in {
        "pickle_x.npz": {"x": payload},
        "pickle_y.npz": {"x": images, "y": payload},
        "pickle_x_train.npz": {"x_train": payload, "x_test": images},
        "pickle_x_test.npz": {"x_train": images, "x_test": payload},
        "pickle_y_test.npz": {"x_train": images, "y_train": np.zeros(40, int), "x_test": images, "y_test": payload},
        "pickle_extra.npz": {"x": images, "extra": payload},
    }.items():
        np.savez(folder / name, **parts)
    np.save(folder / "pickle.npy", payload)
    for name in ("pickle_file.npz", "pickle_file.npy"):
        (folder / name).write_bytes(pickle.dumps(Payload(command)))
    with (folder / "header.npy").open("wb") as file:
        header = f"{{'descr': __import__('os').system('{command}'), 'fortran_order': False, 'shape': (2,)}}"
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def data_folders(folder, elsewhere):
    """Write folders of pictures with links, devices and names that are not what they seem; return their names."""
    pixels = Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8), dtype="uint8"))

    def pictures(name, classes=("a", "b")):
        for part in classes:
            (folder / name / part).mkdir(parents=True)
            for number in range(4):
                pixels.save(folder / name / part / f"{number}.png")
        return folder / name

    pictures("escapes", (ESCAPES, "b"))
    (pictures("device") / "a" / "9.png").symlink_to("/dev/zero")
    (pictures("link") / "a" / "9.png").symlink_to(elsewhere)
    (pictures("loop") / "a" / "loop").symlink_to(folder / "loop")
    pixels.save(pictures("newline") / "a" / f"x\n{ESCAPES}.png")
    os.mkfifo(pictures("pipe") / "a" / "9.png")
    for name, content in hostile_pictures().items():
        (pictures(f"with_{name}") / "a" / f"9_{name}").write_bytes(content)
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def hostile_pictures():
    """The contents of files that are named as pictures, by their names."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def png_of(width, height, *more):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        return (
            b"\x89PNG\r\n\x1a\n"
            + head
            + b"".join(more)
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )

    tiff = io.BytesIO()
    Image.new("1", (60_000, 60_000)).save(tiff, "TIFF", compression="group4")
    webp, gif = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16_383, 16_383)).save(webp, "WEBP", lossless=True)
    Image.new("1", (60_000, 60_000)).save(gif, "GIF")
    text = zlib.compress(bytes(2**28))
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/owned) (w) file closefile showpage\n"
    return {
        "postscript.png": script,
        "postscript.jpg": script,
        "pdf.png": b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n",
        "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "wide.png": png_of(2**31 - 1, 2**31 - 1),
        "tall.png": png_of(1, 2**31 - 1),
        "text_bomb.png": png_of(8, 8, chunk(b"zTXt", b"a\0\0" + text)),
        "profile_bomb.png": png_of(8, 8, chunk(b"iCCP", b"a\0\0" + text)),
        "bomb.tiff": tiff.getvalue(),
        "bomb.png": tiff.getvalue(),
        "bomb.webp": webp.getvalue(),
        "bomb.gif": gif.getvalue(),
    }


def hostile_models(folder, good, command, elsewhere):
    """Pairs (name, folder of a run) whose models try to run code, or to read or write elsewhere."""
    with zipfile.ZipFile(good / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])

    def run(name, changed=None, weights=None, more=()):
        copied = shutil.copytree(good, folder / name.replace(" ", "-"))
        contents = {
            **parts,
            "config.json": json.dumps(changed).encode() if changed is not None else parts["config.json"],
        }
        if weights is not None:
            contents["model.weights.h5"] = weights
        with zipfile.ZipFile(copied / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in [*contents.items(), *more]:
                archive.writestr(file, content)
        return name, copied

    def with_layer(layer):
        """The configuration with another layer in place of the encoder's second."""
        changed = copy.deepcopy(config)
        layers = changed["config"]["encoder"]["config"]["layers"]
        layers[1] = {**layers[1], **layer, "config": {"name": layers[1]["name"], **layer.get("config", {})}}
        return changed

    def with_activation(activation):
        changed = copy.deepcopy(config)
        layers = changed["config"]["encoder"]["config"]["layers"]
        next(layer for layer in layers if "activation" in layer["config"])["config"]["activation"] = activation
        return changed

    def function(module, name):
        return {"module": module, "class_name": "function", "config": name, "registered_name": name}

    code = {
        "class_name": "__lambda__",
        "config": {"value": "4wAAAAAAAAAAAAAAAAAAAAA=", "defaults": None, "closure": None},
    }
    yield run("lambda", with_layer({"module": "keras.layers", "class_name": "Lambda", "config": {"function": code}}))
    yield run("lambda by name", with_layer({"module": "keras.layers", "class_name": "Lambda",
                                            "config": {"function": function("os", "system")}}))  # fmt: skip
    yield run("lambda activation", with_activation(code))
    for module, name in (
        ("os", "system"), ("subprocess", "run"), ("builtins", "eval"), ("builtins", "exec"), ("pickle", "loads"),
        ("keras.config", "enable_unsafe_deserialization"), ("keras.utils", "get_file"), ("keras.saving", "load_model"),
        ("keras_gen.cli.main", "main"), ("shutil", "rmtree"),
    ):  # fmt: skip
        yield run(f"function {module} {name}", with_activation(function(module, name)))
    for module, name, settings in (
        ("subprocess", "Popen", {"args": command, "shell": True}),
        ("os", "system", {"command": command}),
        ("builtins", "open", {"file": str(elsewhere), "mode": "w"}),
        ("keras_gen.benchmarks", "Absent", {}),
        ("zipfile", "ZipFile", {"file": str(elsewhere), "mode": "w"}),
        ("logging", "FileHandler", {"filename": str(elsewhere), "mode": "w"}),
        ("keras.layers", "TFSMLayer", {"filepath": str(elsewhere.parent)}),
        ("keras.layers", "TorchModuleWrapper", {"module": "gASV"}),
        ("keras.layers", "StringLookup", {"vocabulary": str(elsewhere)}),
        ("keras.layers", "TextVectorization", {"vocabulary": str(elsewhere)}),
        ("keras.layers", "Dense", {"units": 2**40}),
        ("keras.layers", "Dense", {"units": 10**9}),
    ):
        layer = {"module": module, "class_name": name, "registered_name": None, "config": settings}
        yield run(f"class {module} {name} {len(str(settings))}", with_layer(layer))
    of_model = {**config, "module": "subprocess", "class_name": "Popen", "config": {"args": command, "shell": True}}
    yield run("class of the model", of_model)
    compiled = copy.deepcopy(config)
    compiled["compile_config"] = {"optimizer": function("os", "system"), "metrics": [function("os", "system")]}
    yield run("compiled with", compiled)
    compiled["compile_config"] = {
        "optimizer": {"module": "subprocess", "class_name": "Popen", "config": {"args": command}}
    }
    yield run("compiled with a class", compiled)
    yield run("escapes", {**config, "class_name": ESCAPES, "module": ESCAPES, "registered_name": ESCAPES})
    yield run("deep", None, more=[("config.json", b"[" * 200_000 + b"]" * 200_000)])
    yield run("long number", None, more=[("config.json", b'{"a": ' + b"9" * 5_000_000 + b"}")])
    for name in ("../escaped", "/tmp/escaped", "assets/../../../escaped", "assets/a/../../../../escaped"):
        yield run(f"member {name}".replace("/", "_"), None, more=[(name, b"escaped")])
    link = zipfile.ZipInfo("assets/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    yield run("link member", None, more=[(link, str(elsewhere)), ("assets/link/under", b"escaped")])
    yield run("weights elsewhere", None, _weights(parts, lambda file, name: file.__setitem__(
        name, h5py.ExternalLink(str(elsewhere), "/secret"))))  # fmt: skip
    yield run("weights in a raw file", None, _weights(parts, lambda file, name: file.create_dataset(
        name, (8,), "uint8", external=[(str(elsewhere), 0, 8)])))  # fmt: skip
    yield run("weights of terabytes", None, _weights(parts, lambda file, name: file.create_dataset(
        name, (2**40,), "float32", chunks=(2**20,), compression="gzip")))  # fmt: skip


def _weights(parts, replace):
    """The weights' file, in which the first array is replaced by `replace(file, name)`."""
    content = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(content, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        del file[names[0]]
        replace(file, names[0])
    return content.getvalue()


def hostile_settings(folder, good, elsewhere):
    """Pairs (name, folder of a run) with hostile settings and histories."""
    document = json.loads((good / "settings.json").read_text())

    def run(name, file, content):
        copied = shutil.copytree(good, folder / name.replace(" ", "-"))
        (copied / file).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return name, copied

    def with_arguments(**changes):
        return {**document, "arguments": {**document["arguments"], **changes}}

    yield run("escapes in the data's name", "settings.json", with_arguments(data=ESCAPES))
    yield run("escapes in a class", "settings.json", with_arguments(class_names=[ESCAPES, "b"], data=ESCAPES))
    yield run("endless data", "settings.json", with_arguments(data="/dev/zero"))
    yield run("foreign data", "settings.json", with_arguments(data=str(elsewhere)))
    yield run("deep settings", "settings.json", b"[" * 200_000 + b"]" * 200_000)
    yield run("unknown options", "settings.json", with_arguments(options={"__class__": "os.system"}))
    yield run(
        "escapes in versions", "settings.json", {**document, "versions": {ESCAPES: ESCAPES}, "arguments": ESCAPES}
    )
    yield run("escapes in the history", "history.csv", f"epoch,{ESCAPES}\nx,{ESCAPES}\n".encode())
    yield run("long history", "history.csv", b"epoch,loss\n" + b"1," + b"9" * 200_000_000 + b"\n")


def planted_links(folder, good, elsewhere):
    """Pairs (name, folder of a run) in which a link to a foreign file stands where a command writes."""
    for name in (
        ".lock", ".writer", ".model.unfinished-trial.keras", "history.csv", "settings.json", "history.png",
        "samples.png", "latent.png", "reconstructions.png",
    ):  # fmt: skip
        copied = Path(shutil.copytree(good, folder / f"link-{name}"))
        if name in ("history.csv", "settings.json"):  # of the whole content that it had
            content = (copied / name).read_bytes()
            (copied / name).unlink()
            target = elsewhere.with_name(f"{elsewhere.name}-{name}")
            target.write_bytes(content)
        else:
            (copied / name).unlink(missing_ok=True)
            target = elsewhere
        (copied / name).symlink_to(target)
        yield f"link {name}", copied


def tables(folder):
    """Write tables with hostile cells; return their paths."""
    folder.mkdir()
    rows = "\n".join(f"{n},{n * n % 7}" for n in range(40))
    for name, content in {
        "escapes.csv": f"{ESCAPES},b\n{rows}\n",
        "escapes_in_cells.csv": f"a,b\n{rows}\n{ESCAPES},{ESCAPES}\n" * 2,
        "formula.csv": f"=cmd|' /C calc'!A0,b\n{rows}\n",
        "wide.csv": ",".join(f"c{n}" for n in range(300_000)) + "\n" + ",".join("1" * 300_000) + "\n",
    }.items():
        (folder / name).write_text(content)
    (folder / "pickle.parquet").write_bytes(pickle.dumps(Payload("true")))
    (folder / "pickle.csv").write_bytes(pickle.dumps(Payload("true")))
    (folder / "endless.csv").symlink_to("/dev/zero")
    return sorted(folder.iterdir())
