"""Column types and header rules of tabular datasets (``azureml.data.dataset_factory``)."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from enum import IntEnum

from .exceptions import UserErrorException

_CODECS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "iso88591": "iso-8859-1",
    "latin1": "iso-8859-1",
    "ascii": "ascii",
    "windows1252": "cp1252",
    "utf16": "utf-16",
    "utf32": "utf-32",
}
"""v1's names of encodings, and Python's."""


class PromoteHeadersBehavior(IntEnum):
    """Which files' first line holds the column names."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


class DataType:
    """A column's type, for ``set_column_types``."""

    def __init__(self, kind: str, formats: Sequence[str] = ()) -> None:
        self.kind = kind
        self.formats = tuple(formats)

    @staticmethod
    def to_bool() -> DataType:
        """True and False."""
        return DataType("bool")

    @staticmethod
    def to_long() -> DataType:
        """64-bit integers."""
        return DataType("long")

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        """64-bit floats; `decimal_mark` is ``.`` or ``,``."""
        return DataType("float", (decimal_mark,))

    @staticmethod
    def to_string() -> DataType:
        """Text, as it is in the file."""
        return DataType("string")

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> DataType:
        """Times, in one of the strptime `formats`; None: as they look."""
        listed = (formats,) if isinstance(formats, str) else tuple(formats or ())
        return DataType("datetime", listed)


def header_document(header: object) -> bool | int:
    """Return v1's `header` argument as a definition stores it.

    Args:
        header: True (all files have the same header), False (none has one), a PromoteHeadersBehavior or its name.

    Raises:
        UserErrorException: It is none of these.

    """
    if isinstance(header, bool):
        return header
    try:
        if isinstance(header, str):
            return int(PromoteHeadersBehavior[header])
        return int(PromoteHeadersBehavior(header))  # type: ignore[arg-type]  # a wrong type is a ValueError
    except (KeyError, ValueError) as error:
        known = ", ".join(behavior.name for behavior in PromoteHeadersBehavior)
        raise UserErrorException(
            f"header is {header!r}", error, remedy=f"it is True, False or one of {known}"
        ) from error


def header_mode(document: object) -> PromoteHeadersBehavior:
    """Return the rule that a stored `header` stands for."""
    if document is True:
        return PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return PromoteHeadersBehavior(document) if isinstance(document, int) else PromoteHeadersBehavior.NO_HEADERS


def separator_checked(separator: object) -> str:
    """Return the separator. Raises UserErrorException unless it is one character, as in v1."""
    if isinstance(separator, str) and len(separator) == 1 and separator not in '"\r\n\0':
        return separator
    raise UserErrorException(
        f"separator is {separator!r}", remedy="it is a single character other than a quote or a line break"
    )


def encoding_checked(encoding: object) -> str:
    """Return the encoding's name. Raises UserErrorException for one that neither v1 nor Python knows."""
    try:
        codecs.lookup(codec(encoding))
    except LookupError as error:
        raise UserErrorException(
            f"encoding is {encoding!r}", error, remedy=f"it is one of {', '.join(_CODECS)}"
        ) from error
    return str(encoding)


def codec(encoding: object) -> str:
    """Return Python's name of one of v1's encodings."""
    return _CODECS.get(str(encoding).lower(), str(encoding))


def types_document(types: Mapping[str, DataType] | None) -> dict[str, list[str]]:
    """Column types as a definition stores them: the kind, then its formats."""
    return {column: [wanted.kind, *wanted.formats] for column, wanted in (types or {}).items()}
