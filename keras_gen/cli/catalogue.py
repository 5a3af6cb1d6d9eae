"""The presets, read from the source files of presets and models: help and lists import no Keras."""

import ast
import functools
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@functools.cache
def presets(without=None):
    """The presets, all or those whose models have not declared a task: a dict from a name to one line of text."""
    found = {}
    for function in _definitions("presets", ast.FunctionDef):
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "preset":
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in decorator.keywords}
                if without is None or without not in _tasks(keywords["model"].removeprefix("models.")):
                    found[ast.literal_eval(decorator.args[0])] = ast.get_docstring(function).splitlines()[0]
    return found


def lines():
    """Lines of text that name the presets and the data."""
    data = {
        "digits": "scikit-learn's 1,797 scanned 8x8 digits; no download needed",
        "mnist, cifar10, ...": "any image set of tensorflow-datasets",
        "PATH": "a folder of images, .npz or .npy",
    }
    for title, entries in (("Models", presets()), ("Data", data)):
        yield f"{title}:"
        yield from (f"  {name:26} {text}" for name, text in entries.items())


def _tasks(name):
    """The tasks that a model's class declares, or the first of its bases that does."""
    definition = _classes().get(name)
    if definition is None:
        return set()
    for statement in definition.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "tasks":
            return set().union(*(ast.literal_eval(argument) for argument in statement.value.args))
    return next(filter(None, (_tasks(ast.unparse(base).split(".")[-1]) for base in definition.bases)), set())


@functools.cache
def _classes():
    return {node.name: node for folder in ("training", "models") for node in _definitions(folder, ast.ClassDef)}


def _definitions(folder, kind):
    """The functions or classes that the files of a folder of the package define."""
    for path in sorted((_PACKAGE / folder).glob("*.py")):
        yield from (node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, kind))
