from typing import Literal

from keras_gen.arguments import REQUIRED, argument_texts, arguments_of


class Base:
    """A base.

    Args:
        a, b: What both are, over
            two lines. Defaults to 1.
        kind: One of two. Defaults to
            `"x"`.
    """

    def __init__(self, a, b=1, kind: Literal["x", "y"] | None = "x"):
        pass


class Derived(Base):
    """A derived class.

    Args:
        b: Its own text.
        c: Of no default.

    Returns:
        d: This is no argument.
    """

    def __init__(self, c, *args, b=2, **kwargs):
        pass


def test_arguments_are_collected_along_the_hierarchy_where_the_derived_class_wins():
    arguments = arguments_of(Derived)
    assert list(arguments) == ["c", "b", "a", "kind"]
    assert {name: one.default for name, one in arguments.items()} == {"c": REQUIRED, "b": 2, "a": REQUIRED, "kind": "x"}
    assert arguments["b"].help == "Its own text." and arguments["a"].help == "What both are, over two lines."


def test_a_class_that_passes_nothing_on_hides_its_base():
    class Closed(Base):
        def __init__(self, c):
            super().__init__(c)

    assert list(arguments_of(Closed)) == ["c"]


def test_choices_are_those_of_a_literal_also_in_a_union():
    def function(plain: str, one: Literal["a", "b"], either: Literal["a"] | tuple = "a", free=0):
        pass

    assert [one.choices for one in arguments_of(function).values()] == [(), ("a", "b"), ("a",), ()]
    assert arguments_of(Derived)["kind"].choices == ("x", "y")


def test_described_reads_the_arguments_alone():
    assert argument_texts(Derived) == {
        "b": "Its own text.",
        "c": "Of no default.",
        "a": "What both are, over two lines.",
        "kind": "One of two.",
    }
    assert argument_texts(lambda a: a) == {}
