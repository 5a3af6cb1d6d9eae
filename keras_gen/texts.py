"""Texts of others, such as names of files and cells of tables, in messages."""

import unicodedata

_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # change the order of what follows


def has_controls(text):
    """Whether a text holds signs that could steer a terminal."""
    return any(map(_is_control, text))


def printable(text):
    """A text with the signs that could steer a terminal as Python shows them.

    Example:

    >>> printable("a\\x1b[2J")
    'a\\\\x1b[2J'
    """
    return "".join(repr(sign)[1:-1] if _is_control(sign) else sign for sign in text)


def on_one_line(message):
    """A message, or another object's text, on one line and without signs that could steer a terminal."""
    return printable(" ".join(str(message).split()))


def _is_control(sign):
    return unicodedata.category(sign) in ("Cc", "Cs") or sign in _DIRECTIONS
