"""The colours of a log as classes of the style sheet (pure).

A log may have any control character. Colours and weights (ECMA-48, 8.3.117) become classes, never an inline style.
Everything else that a terminal would act on, or that reorders what is read, is shown as an escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..dataclass import dataclass
from ..model.printable import escape, last_overwrite

_SELECT = re.compile("\x1b\\[([0-9;:]{0,60})m")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
"""As in `model.printable`."""
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}
_BASE = (
    (0, 0, 0), (205, 49, 49), (13, 148, 68), (180, 130, 0), (36, 91, 219), (176, 36, 176), (10, 140, 160),
    (190, 190, 190), (110, 110, 110), (241, 76, 76), (35, 209, 139), (230, 200, 30), (59, 142, 234), (214, 112, 214),
    (41, 184, 219), (255, 255, 255),
)  # fmt: skip
"""The sixteen colours, to which all others are rounded: each is legible on light and dark pages."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """The way in which a terminal would show the next character."""

    weights: frozenset[str] = frozenset()
    """Some of ``bold``, ``dim``, ``italic``, ``underline``, ``reverse`` and ``strike``."""
    colour: int = -1
    """One of sixteen colours; -1: the default one."""
    ground: int = -1

    @property
    def classes(self) -> str:
        """The classes of the style sheet, separated by spaces."""
        named = sorted(f"t-{weight}" for weight in self.weights)
        colour = [f"t-f{self.colour}"] if self.colour >= 0 else []
        return " ".join((*named, *colour, *([f"t-g{self.ground}"] if self.ground >= 0 else [])))


PLAIN = Style()
Span = tuple[str, str]
"""Classes, perhaps none, and a text."""


def spans(line: str, style: Style = PLAIN) -> tuple[tuple[Span, ...], Style]:
    """Return a line as spans of text, and the style behind it.

    Args:
        line: The line. Of what carriage returns overwrite, the last is shown.
        style: The style at its start.

    """
    shown = last_overwrite(line) if "\r" in line else line
    if "\x1b" not in shown:
        return tuple(_visible(shown, style.classes)), style
    found: list[Span] = []
    end = 0
    for code in _SELECT.finditer(shown):
        found += _visible(shown[end : code.start()], style.classes)
        style = selected(style, code[1])
        end = code.end()
    found += _visible(shown[end:], style.classes)
    return tuple(found), style


def plain(text: str) -> str:
    """Return a text without its colours and weights. Other controls stay.

    Args:
        text: The text.

    """
    return _SELECT.sub("", text)


def selected(style: Style, codes: str) -> Style:
    """Return a style after a code such as ``1;31``. Unknown codes change nothing.

    Args:
        style: The style before.
        codes: The numbers of the code.

    """
    numbers = [int(part) if part.isdigit() else 0 for part in re.split("[;:]", codes)]
    at = 0
    while at < len(numbers):
        number = numbers[at]
        at += 1
        if number in (38, 48):
            colour, at = _extended(numbers, at)
            style = replace(style, colour=colour) if number == 38 else replace(style, ground=colour)
        else:
            style = _simple(style, number)
    return style


def _simple(style: Style, number: int) -> Style:
    if number == 0:
        return PLAIN
    if number in _ON:
        return replace(style, weights=style.weights | {_ON[number]})
    if number in _OFF:
        return replace(style, weights=style.weights - set(_OFF[number]))
    for first, bright in ((30, 0), (90, 8)):
        if first <= number < first + 8:
            return replace(style, colour=number - first + bright)
        if first + 10 <= number < first + 18:
            return replace(style, ground=number - first - 10 + bright)
    if number in (39, 49):
        return replace(style, colour=-1) if number == 39 else replace(style, ground=-1)
    return style


def _extended(numbers: list[int], at: int) -> tuple[int, int]:
    """Return the colour that ``5;n`` or ``2;r;g;b`` names, rounded, and the place behind it."""
    kind = numbers[at] if at < len(numbers) else 0
    if kind == 5 and at + 1 < len(numbers):
        return _rounded(_of_palette(numbers[at + 1])), at + 2
    if kind == 2 and at + 3 < len(numbers):
        red, green, blue = (min(255, number) for number in numbers[at + 1 : at + 4])
        return _rounded((red, green, blue)), at + 4
    return -1, len(numbers)


def _of_palette(number: int) -> tuple[int, int, int]:
    """Return a colour of the palette of 256 of xterm."""
    if number < 16:
        return _BASE[number]
    if number >= 232:
        grey = 8 + 10 * (min(number, 255) - 232)
        return grey, grey, grey
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    return steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6]


def _rounded(colour: tuple[int, int, int]) -> int:
    return min(range(16), key=lambda at: sum((a - b) ** 2 for a, b in zip(colour, _BASE[at], strict=True)))


def _visible(text: str, classes: str) -> Iterator[Span]:
    """Yield a text with its control characters as escapes, which have a class of their own."""
    end = 0
    for found in _CONTROLS.finditer(text):
        if found.start() > end:
            yield classes, text[end : found.start()]
        yield "t-control", escape(found[0])
        end = found.end()
    if end < len(text):
        yield classes, text[end:]
