"""Which models take the same steps, so that one compiled program serves all of them."""

import json
import re

import keras

from keras_gen.origins import is_of_library, names_only_libraries


def uses_only_libraries(model):
    """Whether the code of a model, of its layers and of their functions is all Keras's and this library's."""
    for part in (model, *model._flatten_layers()):
        used = [part, *(value for value in vars(part).values() if callable(value))]
        if not all(is_of_library(getattr(one, "__module__", None)) for one in used):
            return False
    return True


def variables_of(model):
    """Every variable that a step of a compiled model can use, each once, in the same order for equal models."""
    every = [*model.variables, *model.optimizer.variables]
    every += [variable for metric in model.metrics for variable in metric.variables]
    return list({id(variable): variable for variable in every}.values())


def program_key(model):
    """A text that two compiled models have in common only if they take the same steps, or `None` for a user's own code.

    It holds the arguments of the model and of all that the model consists of. Learning rates are left out, because they
    are variables, and the numbers with which Keras tells the names of layers and optimizers apart.
    """
    if not uses_only_libraries(model):
        return None
    compiled = model.get_compile_config()
    optimizer, architecture = compiled.pop("optimizer"), {**model.get_config(), "name": None}
    if not (names_only_libraries(optimizer) and names_only_libraries(architecture) and names_only_libraries(compiled)):
        return None
    variables = [(tuple(v.shape), str(v.dtype), v.trainable) for v in variables_of(model)]
    settings = keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
    try:
        named = json.dumps([architecture, _without_rates(optimizer)])
        others = json.dumps([type(model).__module__, type(model).__name__, compiled, variables, settings])
    except TypeError:  # something that text cannot hold
        return None
    optimizers = [*model.optimizer.members.values(), *model.optimizer.optimizers]
    return (
        _renumbered(named, {part.name for part in (*model._flatten_layers(include_self=False), *optimizers)}) + others
    )


def _without_rates(config):
    if isinstance(config, (list, tuple)):
        return [_without_rates(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        key: None if key == "learning_rate" and isinstance(value, (int, float)) else _without_rates(value)
        for key, value in config.items()
    }


def _renumbered(text, names):
    """JSON in which the values that are `names` are numbered in the order of their first appearance."""
    numbers = {}

    def replaced(match):
        name, is_key = match.groups()
        if is_key or name not in names:
            return match[0]
        return f'"{re.sub(r"_[0-9]+$", "", name)}#{numbers.setdefault(name, len(numbers))}"'

    return re.sub(r'"((?:[^"\\]|\\.)*)"(:?)', replaced, text)
