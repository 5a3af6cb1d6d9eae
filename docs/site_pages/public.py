"""The public packages of keras_gen and their names, read from the source without importing it."""

import ast
import functools
from pathlib import Path

import griffe

ROOT = Path(__file__).parents[2]


@functools.cache
def packages():
    """Dict from the name of a public package, without `keras_gen.`, to its `griffe.Module`.

    They are the submodules of `keras_gen`, and those of their own packages that have public names of their own.
    """
    root = griffe.load("keras_gen", search_paths=[ROOT])
    found = {}
    for name in ast.literal_eval(str(root["_SUBMODULES"].value)):
        found[name] = root[name]
        for inner in root[name].modules.values():
            if inner.exports and not set(public_names(inner)) <= set(public_names(root[name])):
                found[f"{name}.{inner.name}"] = inner
    return found


def public_names(module):
    """The names in `__all__` of a `griffe.Module`; without it, those of its functions and classes, but private ones."""
    if module.exports is not None:
        return [str(getattr(name, "name", name)) for name in module.exports]
    return [name for kind in (module.functions, module.classes) for name in kind if not name.startswith("_")]


def public_object(module, name):
    """The `griffe` object of a public name, which a file of the same name, as `lenet5` has, does not hide."""
    found = module[name][name] if module[name].is_module else module[name]
    return found.final_target if found.is_alias else found


@functools.cache
def public_objects():
    """Dict from `package.name` of every public name to its `griffe` object."""
    return {
        f"{package}.{name}": public_object(module, name)
        for package, module in packages().items()
        for name in public_names(module)
    }


def summary(thing):
    """The first paragraph of a docstring, on one line."""
    return " ".join(thing.docstring.value.partition("\n\n")[0].split()) if thing.docstring else ""
