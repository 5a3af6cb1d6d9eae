"""The options of `keras-gen train MODEL`, read off the signatures and docstrings of what they are handed to."""

import dataclasses
import inspect
from typing import Annotated

import typer

from keras_gen.arguments import REQUIRED, arguments_of


@dataclasses.dataclass(frozen=True)
class Option:
    """One option: its name in Python, its default, and what the docstring says of it."""

    name: str
    default: object
    help: str

    @property
    def parameter(self):
        """The option as a parameter of a function that typer makes a command of."""
        kind, default = type(self.default), self.default
        if kind is tuple:  # given as 400,100
            kind, default = str, ",".join(map(str, default))
        annotation = Annotated[kind, typer.Option(help=self.help)]
        return inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    def value(self, given):
        """What the command line gave, in the kind of the default."""
        if not isinstance(self.default, tuple):
            return given
        try:
            return tuple(int(part) for part in given.split(",") if part)
        except ValueError:
            raise ValueError(
                f"--{self.name.replace('_', '-')} must be whole numbers with commas between. "
                f"Expected: such as {','.join(map(str, self.default))}. Received: {given!r}"
            ) from None


def options_of(function):
    """The options that a function takes: its parameters that have defaults.

    Args:
        function: A function whose docstring has an `Args` part.

    Returns:
        List of `Option`.

    Example:

    >>> from keras_gen import presets
    >>> [option.name for option in options_of(presets.burda_vae)][:2]
    ['latent_dim', 'width']
    """
    return [
        Option(one.name, one.default, one.help)
        for one in arguments_of(function).values()
        if one.default is not REQUIRED and one.default is not None
    ]
