"""Commands made from a function, with the arguments of presets or recipes as options."""

import contextlib
import inspect
import re
import sys
import typing

import typer

from keras_gen.arguments import REQUIRED
from keras_gen.cli.early import value_of
from keras_gen.texts import on_one_line

_UsageError = typer.BadParameter.__base__  # Click's, of which newer versions of typer have a copy
_OPTIONAL = (int | None, float | None)  # of options that may be omitted
_COLUMNS = 68  # for an option's name and choices, of the 80 of a line
SETTINGS = {  # of every typer app and command
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


@contextlib.contextmanager
def errors_on_one_line():
    """Print an error that the user can fix on one line, and exit: with code 2 if the command line is wrong, else 1."""
    try:
        yield
    except _UsageError as error:
        if type(error).show is not _UsageError.show:  # a command without arguments, which shows its help
            error.show()
            sys.exit(error.exit_code)
        _exit(f"Error: {_usage(error)}", error.exit_code)
    except typer.Abort:
        _exit("Interrupted.", 130)
    except OSError as error:
        _exit(f"Error: {_of_system(error)}", 1)
    except (ValueError, ImportError) as error:
        _exit(f"Error: {error}", 1)
    except MemoryError as error:
        _exit(f"Error: There is not enough memory. Expected: less data, or smaller sizes. Received: {error}", 1)


def run_app(app):
    """Run a typer app with the words of the command line, and exit; its errors are raised."""
    code = app(standalone_mode=False)
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error):
    """Click's message, where help is found and, for the value of an option, what was given."""
    text, path = error.format_message().replace("Value error, ", ""), f"{error.ctx.command_path} " if error.ctx else ""
    text += f"{'' if text.endswith(('.', '?')) else '.'} Expected: see `{path}--help`"
    options = getattr(getattr(error, "param", None), "opts", ())
    given = [f"{option} {value}" for option in options if (value := value_of(sys.argv, option)) is not None]
    return f"{text}. Received: {given[0]}" if given else text


def _of_system(error):
    """The message of an `OSError`: the system's own, which has a number, with what it misses."""
    if error.errno is None or error.filename is None:
        return error
    return (
        f"{error.strerror}. Expected: a path where the system can read, or write with enough space. "
        f"Received: {str(error.filename)!r}"
    )


def _exit(line, code):
    typer.echo(on_one_line(line), err=True)
    sys.exit(code)


def command(function, arguments, summary, name=None, without=(), defaults=None, epilog=None):
    """A command that calls a function, with options in place of its `**options`.

    Args:
        function: A function whose parameters typer understands, the last of them `**options`.
        arguments: Dict from a name to an `Argument`. Those whose default is `None`, which the command line cannot
            express, are left out unless their annotation is `int | None` or `float | None`, or they have choices;
            `function` gets the values of the others.
        summary: The command's help.
        name: The command's name. Defaults to `None`: that of the function.
        without: Names of parameters of the function that the command does not have. Defaults to ().
        defaults: Dict of other defaults of the function's parameters. Defaults to `None`.
        epilog: Lines of text below the command's help. Defaults to `None`.

    Returns:
        A `typer.Typer`.
    """
    arguments = {
        n: one for n, one in arguments.items() if one.default is not None or one.annotation in _OPTIONAL or one.choices
    }
    own = list(inspect.signature(function).parameters.values())[:-1]
    parameters = [
        parameter.replace(kind=parameter.KEYWORD_ONLY, default=(defaults or {}).get(parameter.name, parameter.default))
        for parameter in own
        if parameter.name not in without
    ]
    parameters += [_parameter(argument) for argument in arguments.values()]

    def call(**values):
        return function(**{n: _value(arguments[n], v) if n in arguments else v for n, v in values.items()})

    call.__signature__ = inspect.Signature(parameters)
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, help=summary, epilog=epilog, **SETTINGS)(call)
    return app


def stated(context):
    """The names of the options that the user stated."""
    return {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}


def elements(option, text, kind=int):
    """The elements of a text such as `400,100`, as a tuple of `kind`; error messages name the option."""
    try:
        return tuple(kind(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(
            f"{option} must be whole numbers separated by commas. Expected: such as 3,1,4. Received: {text!r}"
        ) from None


def _parameter(argument):
    """An argument as a keyword that typer turns into an option; a tuple is given as `400,100`."""
    kind, default, metavar, text = type(argument.default), argument.default, None, _plain(argument.help)
    if kind is tuple:
        metavar = "INTEGER,..." if _kind_of_elements(default) is int else "TEXT,..."
        kind, default = str, ",".join(map(str, default))
    elif argument.choices:
        kind = typing.Literal[argument.choices]
        if len(argument.name) + len("|".join(argument.choices)) > _COLUMNS:
            metavar, text = "<name>", f"{text} One of {', '.join(argument.choices)}."
    elif default is REQUIRED:
        kind = str
    elif default is None:
        kind = argument.annotation
    annotation = typing.Annotated[kind, typer.Option(help=text, metavar=metavar)]
    return inspect.Parameter(argument.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _plain(text):
    """A docstring's text without code marks: `"a"` becomes a, and `name` becomes name."""
    return re.sub(r'`"?([^`"]*)"?`', r"\1", text)


def _value(argument, given):
    if not isinstance(argument.default, tuple):
        return given
    return elements(f"--{argument.name.replace('_', '-')}", given, _kind_of_elements(argument.default))


def _kind_of_elements(default):
    """The type of a tuple's elements; an empty tuple counts as one of numbers."""
    return type(default[0]) if default else int
