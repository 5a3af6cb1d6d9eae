"""Arguments of functions and classes, as their signatures and docstrings describe them."""

import dataclasses
import inspect
import re
import types
import typing

REQUIRED = inspect.Parameter.empty  # the default of an argument that has none
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_UNNAMED = (*_VARIADIC, inspect.Parameter.POSITIONAL_ONLY)


@dataclasses.dataclass(frozen=True)
class Argument:
    """One argument."""

    name: str
    default: object  # or `REQUIRED`
    help: str = ""  # the docstring's text, without the default
    annotation: object = inspect.Parameter.empty

    @property
    def choices(self):
        """The values that a `typing.Literal` allows, also where it is a part of a union; () for any value."""
        return _choices(self.annotation)


def init_parameters(cls):
    """Dict from a name to a parameter of a class's `__init__`, and of those that its `**kwargs` lead to.

    The class itself comes first, then its bases in the order of resolution, up to the first `__init__` without
    `**kwargs`. Positional-only parameters are left out: classes pass them to their base, users do not.
    """
    found = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind not in _UNNAMED:
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


def argument_texts(thing):
    """A docstring's text for each argument, in one line without the default; for a class, those of its bases too."""
    texts = {}
    for owner in thing.__mro__ if inspect.isclass(thing) else [thing]:
        docstring = inspect.cleandoc(owner.__doc__ or "")
        part = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", docstring, re.DOTALL | re.MULTILINE)
        entries = re.findall(r"^    ([\w, ]+): (.*?)(?=^    \S|\Z)", part[1] if part else "", re.DOTALL | re.MULTILINE)
        for names, text in entries:
            text = re.sub(r"\s*Defaults\s+to .*", "", " ".join(text.split()))
            for name in names.split(", "):
                texts.setdefault(name, text)
    return texts


def arguments_of(thing):
    """Dict from a name to an `Argument`, of a function, or of a class and the classes it derives from."""
    if inspect.isclass(thing):
        parameters = init_parameters(thing)
    else:
        parameters = {n: p for n, p in inspect.signature(thing).parameters.items() if p.kind not in _VARIADIC}
    texts = argument_texts(thing)
    return {
        name: Argument(name, parameter.default, texts.get(name, ""), parameter.annotation)
        for name, parameter in parameters.items()
    }


def _choices(annotation):
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    parts = typing.get_args(annotation) if typing.get_origin(annotation) in (typing.Union, types.UnionType) else ()
    return tuple(choice for part in parts for choice in _choices(part))
