"""What makes a search another one: the arguments with which a search is continued must be those that it began with."""

import json

from keras_gen.files import SEARCH
from keras_gen.tuning.storage import damaged

_NAMES = (  # of what the file holds, in its order
    "preset",
    "data",
    "ranges",
    "tuner",
    "epochs",
    "batch_size",
    "objective",
    "seed",
    "repeats",
    "options",
    "folds",
    "features",
    "samples",
)


def require_the_same(folder, identity, defaults):
    """Raise a `ValueError` that names the arguments in which a search differs from the one that a folder holds.

    Args:
        folder: The search's folder.
        identity: List of the values of `_NAMES`, as JSON has them.
        defaults: Dict of the preset's arguments: an option that is given with its default changes nothing.
    """
    path = folder / SEARCH
    if not path.exists():
        return
    defaults = json.loads(json.dumps(defaults))
    try:
        kept, given = (_arguments(one, defaults) for one in (json.loads(path.read_text()), identity))
    except (TypeError, ValueError) as error:
        raise damaged(path, error) from None
    if differing := [name for name in {**given, **kept} if kept.get(name) != given.get(name)]:
        expected, received = (", ".join(f"{name}={_text(name, one)}" for name in differing) for one in (kept, given))
        raise ValueError(
            f"'{folder}' holds another search. Expected: a new folder, or {expected}. Received: {received}"
        )


def _arguments(identity, defaults):
    """The values by their names; the options of the preset are arguments, too."""
    found = dict(zip(_NAMES, identity, strict=True))
    options = found.pop("options")
    return {**found, **defaults, **options}


def _text(name, arguments):
    value = arguments.get(name)
    if name == "ranges":
        return ",".join(map(_range, value))
    return f"those with fingerprint {value}" if name == "data" else repr(value)


def _range(value):
    values = "|".join(map(str, value["choices"])) or f"{value['low']}:{value['high']}"
    return f"{value['name']}={values}{' (log)' if value['log'] else ''}"
