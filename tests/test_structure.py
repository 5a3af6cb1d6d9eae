"""The house: which floor imports which, where TensorFlow is named, what a public name documents."""

import ast
import doctest
import importlib
import inspect
import os
import pkgutil
import runpy
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_gen
from keras_gen.training import GenerativeModel
from tests import changed

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "keras_gen").rglob("*.py"))
FLOORS = {
    0: (
        "backend",
        "arguments",
        "checks",
        "estimates",
        "files",
        "lazy_arrays",
        "policies",
        "quiet",
        "seeds",
        "texts",
        "version",
    ),
    1: ("cache", "data_paths", "latents", "locks", "losses", "reports", "value_ranges"),
    2: ("layers", "data"),
    3: ("networks", "training", "saving"),
    4: ("models", "input_optimization", "metrics", "plots"),
    5: ("callbacks", "presets", "estimators"),
    6: ("runs",),
    7: ("tuning", "explorer"),
    8: ("cli",),
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}


def _rooms(path):
    """(the file's own room, the rooms of keras_gen that it imports)."""
    own = path.relative_to(ROOT / "keras_gen").parts[0].removesuffix(".py")
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "keras_gen":
            inner = node.module.split(".")[1:]
            imported |= {inner[0]} if inner else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("keras_gen.")}
    return own, imported - {own}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_lower_floors(path):
    own, imported = _rooms(path)
    if own != "__init__":
        upper = {room for room in imported if room in FLOOR_OF and FLOOR_OF[room] >= FLOOR_OF[own]}
        assert not upper, f"{own} (floor {FLOOR_OF[own]}) imports {upper}"
        assert own != "models" or "networks" not in imported, "networks are handed to models, already built"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tensorflow_is_named_in_backend_and_data_alone(path):
    own, _ = _rooms(path)
    names = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert own in ("backend", "data") or not any(name.split(".")[0] == "tensorflow" for name in names)


EAGER = {"jit_compile": "auto", "steps_per_execution": "auto", "run_eagerly": True}
MODULES = [name for _, name, _ in pkgutil.walk_packages(keras_gen.__path__, "keras_gen.")]


@pytest.fixture
def _no_progress_bars():
    keras.config.disable_interactive_logging()
    yield
    keras.config.enable_interactive_logging()


@pytest.mark.usefixtures("_no_progress_bars")
@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name, monkeypatch):
    """Models run eagerly: most examples train for a few steps, and the compilers are tested elsewhere."""
    chosen = GenerativeModel.compile
    monkeypatch.setattr(
        GenerativeModel, "compile", lambda self, *args, **options: chosen(self, *args, **{**options, **EAGER})
    )
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def _public():
    for room in (
        "losses",
        "layers",
        "data",
        "networks",
        "models",
        "metrics",
        "callbacks",
        "training",
        "estimators",
        "input_optimization",
        "input_optimization.adversarial",
        "input_optimization.visualization",
        "tuning",
        "plots",
    ):
        module = importlib.import_module(f"keras_gen.{room}")
        yield from ((room, n, getattr(module, n)) for n in module.__all__ if callable(getattr(module, n)))
    for room in (
        "latents",
        "presets.registry",
        "presets.adversarial",
        "presets.autoencoders",
        "presets.classifiers",
        "presets.variational",
        "presets.images",
    ):
        module = importlib.import_module(f"keras_gen.{room}")
        yield from (
            (room, n, f)
            for n, f in vars(module).items()
            if inspect.isfunction(f) and f.__module__ == module.__name__ and n[0] != "_"
        )


@pytest.mark.parametrize(
    ("room", "name", "thing"), list(_public()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_public_names_are_documented_whole(room, name, thing):
    text = inspect.getdoc(thing)
    if name not in ("Split", "GenerativeModel", "AdversarialModel", "EncoderDecoder"):
        assert "Args:" in text and "Example:" in text, f"{room}.{name}"
    if inspect.isfunction(thing):
        assert "Returns:" in text, f"{room}.{name}"
        for parameter in inspect.signature(thing).parameters:
            assert parameter in text, f"{room}.{name} does not tell of {parameter}"


def test_import_is_light():
    heavy = ("keras_tuner", "tensorflow_datasets", "matplotlib", "sklearn", "scipy")
    code = (
        "import sys, keras; before = set(sys.modules); import keras_gen; "
        f"print([name for name in {heavy} if name in set(sys.modules) - before]); "
        "print(*(keras.saving.get_registered_object(f'keras_gen>{name}') for name in ('VAE', 'TiedDense')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    light, registered = done.stdout.splitlines()
    assert light == "[]", done.stderr[-500:]
    assert "vae.VAE" in registered and "tied.TiedDense" in registered, "Keras's own loader finds them"


def test_names_at_the_top():
    assert keras_gen.VAE is keras_gen.models.VAE and keras_gen.load_model is keras_gen.saving.load_model
    assert all(getattr(keras_gen, name) is not None for name in keras_gen.__all__)
    assert dir(keras_gen) == sorted(keras_gen.__all__)
    with pytest.raises(AttributeError, match="module 'keras_gen' has no attribute 'vea'"):
        _ = keras_gen.vea


def test_another_backend_is_refused_with_a_reason(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(ImportError, match="Expected: KERAS_BACKEND=tensorflow. Received: KERAS_BACKEND=jax"):
        runpy.run_path(ROOT / "keras_gen" / "backend" / "__init__.py")


def test_every_test_file_mirrors_a_source_file():
    for path in (ROOT / "tests").rglob("test_*.py"):
        stem = path.relative_to(ROOT / "tests").with_name(path.stem.removeprefix("test_"))
        free = stem.name in (
            "browser",
            "contract",
            "convolution_laws",
            "recipes",
            "structure",
            "cli",
            "distribution",
            "docs",
            "faster",
            "site",
        )
        assert free or (ROOT / "keras_gen" / stem).with_suffix(".py").exists(), path


def test_check_runs_what_belongs_to_what_is_changed(tmp_path):
    names = ["keras_gen/presets/registry.py", "keras_gen/__init__.py", "recipes/vae_digits.py", "tests/contract.py"]
    names += ["docs/images/curve.png", "mkdocs.yml"]
    assert changed.tests_of([*names, "tests/test_files.py", "keras_gen/gone.py", "setup.cfg"]) == [
        "tests/presets/test_registry.py",
        "tests/test_contract.py",
        "tests/test_files.py",
        "tests/test_recipes.py::test_help_describes_the_recipe_and_every_option[vae_digits]",
        "tests/test_recipes.py::test_recipe[vae_digits]",
        "tests/test_site.py",
        "tests/test_structure.py::test_examples_in_docstrings_run[keras_gen.presets.registry]",
    ]
    assert "keras_gen.presets.registry" in MODULES
    for name in ("kept", "edited"):
        (tmp_path / name).write_text("a")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    for name in ("edited", "new"):
        (tmp_path / name).write_text("b")
    assert changed.changed(tmp_path) == ["edited", "new"]
