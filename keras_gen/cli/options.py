"""Commands made of a function and of arguments of presets, which are options there."""

import inspect
import typing

import typer

SETTINGS = {  # of every typer app and command
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


def command(function, arguments, summary, without=(), defaults=None):
    """A command that calls a function, with options in place of its `**options`.

    Args:
        function: A function whose parameters typer understands, with `**options`, and a `typer.Context` in front.
        arguments: Dict from a name to an `Argument`. Those that the command line cannot express, whose default is
            `None`, are left out; of the others `function` gets the values.
        summary: The command's help.
        without: Names of parameters of the function that the command does not have. Defaults to ().
        defaults: Dict of other defaults of the function's parameters. Defaults to `None`.

    Returns:
        A command of typer.
    """
    arguments = {name: one for name, one in arguments.items() if one.default is not None}
    own = list(inspect.signature(function).parameters.values())[:-1]
    parameters = [
        parameter.replace(kind=parameter.KEYWORD_ONLY, default=(defaults or {}).get(parameter.name, parameter.default))
        for parameter in own
        if parameter.name not in without
    ]
    parameters += [_parameter(one) for one in arguments.values()]

    def call(**values):
        return function(**{n: _value(arguments[n], v) if n in arguments else v for n, v in values.items()})

    call.__signature__ = inspect.Signature(parameters)
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(help=summary, **SETTINGS)(call)
    return typer.main.get_command(app)


def stated(context):
    """The names of the options that the user stated."""
    return {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}


def integers(option, text):
    """A tuple of the integers in a text such as `400,100`.

    Args:
        option: The option's name, for the message.
        text: What was given.

    Returns:
        Tuple of integers.

    Raises:
        ValueError: If the text is something else.

    Example:

    >>> integers("--units", "30, 20,10")
    (30, 20, 10)
    """
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(
            f"{option} must be whole numbers with commas between. Expected: such as 3,1,4. Received: {text!r}"
        ) from None


def _parameter(argument):
    """An argument as a keyword that typer makes an option of; a tuple of integers is given as `400,100`."""
    kind, default, metavar = type(argument.default), argument.default, None
    if kind is tuple:
        kind, default, metavar = str, ",".join(map(str, default)), "INTEGER,..."
    if argument.choices:
        kind = typing.Literal[argument.choices]
    annotation = typing.Annotated[kind, typer.Option(help=argument.help, metavar=metavar)]
    return inspect.Parameter(argument.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _value(argument, given):
    return integers(f"--{argument.name.replace('_', '-')}", given) if isinstance(argument.default, tuple) else given
