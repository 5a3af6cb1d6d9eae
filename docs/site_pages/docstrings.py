"""Docstrings as the site shows them: a griffe extension, which mkdocstrings loads."""

import importlib
import inspect

import griffe

from site_pages.links import docstring_linked
from site_pages.public import packages, public_names, public_object
from site_pages.texts import google_style


class Docstrings(griffe.Extension):
    """Give public names their docstrings at run time, in which presets and estimators complete their own."""

    def on_package(self, *, pkg, **kwargs):
        modules = {package: pkg[package] for package in packages()}
        things = {
            (package, name): public_object(module, name)
            for package, module in modules.items()
            for name in public_names(module)
        }
        for (package, name), thing in things.items():
            _complete(thing, getattr(importlib.import_module(f"keras_gen.{package}"), name), package)
            if modules[package][name].is_module:  # a file of that name would be shown in its place
                modules[package].members[name] = griffe.Alias(name, thing, parent=modules[package])
        for package, module in modules.items():
            _rewrite(module, package)
        _rewrite(pkg["saving.load_model"], "saving")


def _complete(thing, runtime, package):
    """Replace the docstring of a griffe object, and its signature if that is made at run time."""
    text = _about(thing, runtime) if thing.is_attribute else inspect.getdoc(runtime)
    if thing.docstring is None:
        like = thing.package["models"].docstring
        thing.docstring = griffe.Docstring("", parent=thing, parser=like.parser, parser_options=like.parser_options)
    thing.docstring.value = text
    if hasattr(runtime, "__signature__"):
        thing.parameters = griffe.Parameters(*map(_parameter, inspect.signature(runtime).parameters.values()))
    _rewrite(thing, package)
    for member in thing.members.values() if thing.is_class else ():
        _rewrite(member, package)


def _about(attribute, runtime):
    """What a name says that has no docstring of its own: another name of a function, or a value with a comment."""
    if inspect.isfunction(runtime):
        return f"The same function as `{runtime.__name__}`."
    comment = attribute.lines[0].partition("  # ")[2]
    return f"{comment[:1].upper()}{comment[1:]}."


def _parameter(parameter):
    default = None if parameter.default is parameter.empty else repr(parameter.default)
    return griffe.Parameter(parameter.name, kind=griffe.ParameterKind(parameter.kind.description), default=default)


def _rewrite(thing, package):
    if thing.docstring:
        thing.docstring.value = docstring_linked(google_style(thing.docstring.value), package, besides=thing.name)
