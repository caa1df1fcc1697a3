"""Text of unknown origin, made safe to print on a terminal (pure).

A terminal acts on control characters: they set its title, write its clipboard, move its cursor and overwrite lines.
Bidirectional controls reorder what is read (https://trojansource.codes). Both are shown as escapes, as Python's
`repr` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except tab (Unicode category Cc), line separators, bidirectional controls, lone surrogates."""
_COLOUR = r"(?:0?[0-4]|7|9|2[1-79]|3[0-79]|4[0-79]|9[0-7]|10[0-7]|[34]8;5;\d{1,3}|[34]8;2;\d{1,3};\d{1,3};\d{1,3})"
_COLOURS = re.compile(rf"\x1b\[(?:{_COLOUR}(?:;{_COLOUR})*)?m")
"""Select Graphic Rendition (ECMA-48, 8.3.117): colours, bold, dim, italic, underline, reverse; not concealed."""
_RESET = "\x1b[0m"


def escape(text: str) -> str:
    r"""Return `text` on one line, its control characters shown as escapes such as ``\x1b`` and ``\n``."""
    return _CONTROLS.sub(_escaped, text)


def escape_uncoloured(text: str) -> str:
    """Do the same, but keep colours; they end with the line at the latest."""
    if "\x1b" not in text:
        return escape(text)
    pieces: list[str] = []
    end = 0
    for colour in _COLOURS.finditer(text):
        pieces += (escape(text[end : colour.start()]), colour[0])
        end = colour.end()
    pieces.append(escape(text[end:]))
    line = "".join(pieces)
    return line if not _COLOURS.search(line) or line.endswith(_RESET) else line + _RESET


def last_overwrite(line: str) -> str:
    """Return the part of a line that a terminal shows after carriage returns, which progress bars use."""
    parts = [part for part in line.split("\r") if part]
    return parts[-1] if parts else ""


def log_line(line: str) -> str:
    """Return a line of a step's output as it may stand on a terminal: its colours are kept, progress bars are short."""
    return escape_uncoloured(last_overwrite(line) if "\r" in line else line)


def continued(first: str, text: str, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of `text`: the first after `first`, the others indented, unlike any line of runner's own."""
    head, *rest = text.split("\n")
    yield first + head
    yield from (indent + line for line in rest)


def remedy_lines(remedy: str, label: str = "do:") -> Iterator[str]:
    """Yield the lines of a remedy below the failure that it repairs. `label` may be coloured. Empty: no lines."""
    if remedy:
        yield from continued(f"  {label}    ", remedy, " " * 9)


def escape_json(text: str) -> str:
    r"""Return the JSON document `text` with control characters in strings as ``\u`` escapes: the same document.

    RFC 8259, section 7 demands this for U+0000 to U+001F only; a terminal acts on others as well.
    """
    return "\n".join(_CONTROLS.sub(_json_escaped, line) for line in text.split("\n"))


def escape_lines(lines: Iterable[str], *, colours: bool) -> Iterator[str]:
    """Escape each line; with `colours`, keep its colours."""
    return map(escape_uncoloured if colours else escape, lines)


def _escaped(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _json_escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
