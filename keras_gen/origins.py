"""Where code comes from: from Keras and this library, or from a user."""

_LIBRARIES = ("builtins", "keras", "keras_gen")


def is_of_library(module):
    """Whether a module, of that name or `None`, is a part of Keras, of this library or of Python's built-ins."""
    return module is not None and module.split(".")[0] in _LIBRARIES


def names_only_libraries(config):
    """Whether all classes and functions that a model's configuration names are Keras's and this library's.

    Example:

    >>> import keras
    >>> names_only_libraries(keras.saving.serialize_keras_object(keras.layers.Dense(2)))
    True
    >>> names_only_libraries({"module": "own", "class_name": "Layer", "config": {}})
    False
    """
    if isinstance(config, (list, tuple)):
        return all(map(names_only_libraries, config))
    if not isinstance(config, dict):
        return True
    if config.get("class_name") in ("function", "__lambda__"):
        return any(str(config.get(key)).startswith("keras_gen>") for key in ("registered_name", "config"))
    return is_of_library(config.get("module", "builtins")) and all(map(names_only_libraries, config.values()))
