from typing import Literal

import pytest
import typer

from keras_gen.arguments import Argument
from keras_gen.cli.options import command, elements, errors_on_one_line, stated
from keras_gen.texts import on_one_line


@pytest.fixture
def got():
    return {}


@pytest.fixture
def tool(got):
    """A command with an option of every kind."""

    def function(context: typer.Context, epochs: int = 5, data: str = "digits", **options):
        """A command."""
        got.update(epochs=epochs, data=data, stated=stated(context), **options)

    arguments = [
        Argument("width", 1.0, "How wide."),
        Argument("units", (400, 100), "Hidden widths."),
        Argument("tied", False, "Whether tied."),
        Argument("kind", "slow", "How.", Literal["slow", "fast"]),
        Argument("parts", None, "How many.", int | None),
        Argument("penalty", None, "An object."),
    ]
    return command(function, {one.name: one for one in arguments}, "Do it.", without=("data",), defaults={"epochs": 7})


def call(tool, *words):
    with pytest.raises(SystemExit) as stop:
        tool(list(words))
    return stop.value.code


def test_defaults_and_stated_options(tool, got):
    assert call(tool) == 0
    assert got == {"epochs": 7, "data": "digits", "width": 1.0, "units": (400, 100), "tied": False, "kind": "slow",
                   "parts": None, "stated": set()}  # fmt: skip
    assert (
        call(tool, "--units", "30, 20,10", "--tied", "--kind", "fast", "--width", ".5", "--epochs", "7", "--parts", "0")
        == 0
    )
    assert (
        got["units"] == (30, 20, 10)
        and got["tied"]
        and got["kind"] == "fast"
        and got["width"] == 0.5
        and got["parts"] == 0
    )
    assert got["stated"] == {"units", "tied", "kind", "width", "epochs", "parts"}


def test_help_shows_choices_defaults_and_texts(tool, capsys):
    assert call(tool, "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "Do it.",
        "slow|fast",
        "How. [default: slow]",
        "[default: 400,100]",
        "--tied",
        "[default: 7]",
        "--parts <int>",
    ):
        assert part in text
    assert "--penalty" not in text and "--data" not in text


def test_values_that_are_none_of_the_choices_are_refused(tool, capsys):
    assert call(tool, "--kind", "fst") == 2
    assert "'slow', 'fast'" in capsys.readouterr().err
    with pytest.raises(ValueError, match="--units must be whole numbers separated by commas. .* Received: '4,b'"):
        tool(["--units", "4,b"])
    assert elements("--labels", "3") == (3,) and elements("--kinds", "a, b", str) == ("a", "b")


def test_texts_are_plain_and_long_choices_stand_in_them(capsys):
    long = tuple(f"choice_number_{number}" for number in range(6))
    arguments = {"kind": Argument("kind", long[0], 'Which: `"a"` or `None`.', Literal[long])}
    tool = command(lambda **options: None, arguments, "Do it.", name="tool", epilog="\b\nBelow:\n  it=1:2")
    assert call(tool, "--help") == 0
    out = capsys.readouterr().out
    text = " ".join(out.split())
    assert f"--kind <name> Which: a or None. One of {', '.join(long)}." in text
    assert max(map(len, out.splitlines())) <= 80 and "\n  Below:\n    it=1:2\n" in out


def test_messages_are_of_one_line_without_control_characters():
    assert on_one_line("a é\x1b[2J\n\x07b") == "a é\\x1b[2J \\x07b"


def test_too_little_memory_is_one_line(capsys):
    with pytest.raises(SystemExit) as end, errors_on_one_line():
        raise MemoryError("Unable to allocate 8 TiB")
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(
        "Error: There is not enough memory. Expected: less data, or smaller sizes."
    )


def test_errors_of_the_system_are_one_line_in_three_parts(capsys, tmp_path):
    with pytest.raises(SystemExit) as end, errors_on_one_line():
        (tmp_path / "nothing" / "here").mkdir()
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "Error: No such file or directory. Expected: a path where the system can read, or write with enough space. "
        f"Received: '{tmp_path / 'nothing' / 'here'}'\n"
    )
    with pytest.raises(SystemExit), errors_on_one_line():
        raise OSError("No port is free")
    assert capsys.readouterr().err == "Error: No port is free\n"
