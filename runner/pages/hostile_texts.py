"""Texts of unknown origin on pages: what a reader would not see, or would see elsewhere, is shown as an escape (pure).

Autoescape keeps a text from being markup. Control characters are no markup: bidirectional ones reorder what is read
(https://trojansource.codes), and others are invisible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..model.printable import escape
from .ansi import Span, spans

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Controls except tab and line ends, separators, characters without a width, bidirectional controls, surrogates."""


def visible(text: str) -> str:
    r"""Return a text with its hidden characters as escapes such as ``\u202e``. Its lines stay.

    Args:
        text: The text.

    """
    return _HIDDEN.sub(lambda found: repr(found[0])[1:-1] if not found[0].isprintable() else _code(found[0]), text)


def visible_value(value: object) -> object:
    """Return what a template writes for a value: texts are made visible, markup of this package stays.

    Args:
        value: Any value.

    """
    return visible(value) if type(value) is str else value


def coloured(text: str) -> list[tuple[Span, ...]]:
    """Return the lines of a part of a log, each as spans of text with classes.

    Args:
        text: The part.

    """
    return [spans(line)[0] for line in text.rstrip("\n").split("\n")]


def controls(text: str) -> str:
    """Return the text of a file with its hidden characters as escapes, and one kind of line end.

    Args:
        text: The text.

    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(escape(visible(part)) for part in line.split("\t")) for line in lines)


def _code(character: str) -> str:
    return f"\\u{ord(character):04x}"


HOSTILE_FILTERS: Mapping[str, Callable[[str], object]] = {"coloured": coloured, "controls": controls}
"""The filters of templates for such texts."""
