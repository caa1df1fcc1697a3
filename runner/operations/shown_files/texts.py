"""Pages of texts, and JSON in its pretty form (pure)."""

from __future__ import annotations

import json
import re

from .reading import encoding_of, whole_characters
from .values import FileKind, Place, Preview

PAGE = 1 << 16
"""The most bytes of a page of a text: 64 KiB."""
_DEEP = 100
"""The most levels of a JSON document that is laid out: each adds two spaces to each line."""
_PRETTY = 1 << 18
"""The most characters of a document that is laid out."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def page(name: str, size: int, data: bytes, place: Place, head: bytes) -> Preview:
    """Return a page of a text. It ends with a line, if one ends in it, and never inside of a character.

    Args:
        name: The file's name.
        size: Bytes of the file.
        data: The bytes from the place on, at most `PAGE`.
        place: The place at which the page begins.
        head: The first bytes of the file, which may state its encoding.

    """
    encoding, mark = encoding_of(head)
    used = data[:PAGE]
    if place.at + len(used) < size:
        used = used[: _end_of_page(used, encoding)]
    end = place.at + len(used)
    notes = []
    text = used[mark if not place.at else 0 :].decode(encoding, errors="replace")
    if "\ufffd" in text:
        notes.append(f"Bytes that are no {encoding[:6].upper().rstrip('-')} text are shown as \ufffd.")
    return Preview(
        kind=FileKind.TEXT,
        name=name,
        bytes=size,
        text=text,
        notes=tuple(notes),
        place=place,
        following=Place(end) if end < size else None,
    )


def pretty(text: str) -> tuple[str, str]:
    """Return a JSON document with a value on each line, and what is wrong or cut in words.

    Args:
        text: The whole document.

    Returns:
        The text, empty if it cannot be laid out; and a note, empty if there is nothing to say.

    """
    if depth(text) > _DEEP:
        return "", f"The document is nested deeper than {_DEEP} levels: it is shown as it is."
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "", "The file is no JSON: it is shown as it is."
    pieces, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(document):
        pieces.append(piece)
        length += len(piece)
        if length > _PRETTY:
            return "".join(pieces)[:_PRETTY], f"The first {_PRETTY >> 10} Ki characters are shown."
    return "".join(pieces), ""


def depth(text: str) -> int:
    """Return the number of levels of brackets of a JSON text, without parsing it.

    Args:
        text: The text.

    """
    most = level = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        level += 1 if bracket in "[{" else -1
        most = max(most, level)
    return most


def _end_of_page(data: bytes, encoding: str) -> int:
    if encoding != "utf-8":
        return len(data) - len(data) % 2 or len(data)
    line = data.rfind(b"\n") + 1
    return line or whole_characters(data) or len(data)
