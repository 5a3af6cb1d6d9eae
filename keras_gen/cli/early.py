"""Checks of `keras-gen train` and `tune` before they import TensorFlow, which takes many seconds."""

from keras_gen.data_paths import require_data
from keras_gen.files import require_no_other_run


def check_early(words):
    """Raise a `ValueError` if the words of a command line name data or a folder that the command will refuse.

    The commands repeat these checks later, when more is known.
    """
    if words[:1] not in (["train"], ["tune"]) or {"--help", "-h"}.intersection(words):
        return
    if data := value_of(words, "--data"):
        require_data(data)
    if words[0] == "train" and (out := value_of(words, "--out")):
        require_no_other_run(out, "--resume" in words)


def value_of(words, option):
    """The value given for an option, as `--option value` or `--option=value`; `None` without it."""
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
