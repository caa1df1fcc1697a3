"""Column types and header rules of tabular datasets (``azureml.data.dataset_factory``)."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from enum import IntEnum

from ..base.exceptions import UserErrorException

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
    """The files whose first line has column names."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


class DataType:
    """The type of a column, for ``set_column_types``. Its static methods return one.

    Args:
        kind: The kind, such as ``"long"``.
        formats: Formats of times, or the decimal mark. Default: none.

    """

    def __init__(self, kind: str, formats: Sequence[str] = ()) -> None:
        self.kind = kind
        self.formats = tuple(formats)

    @staticmethod
    def to_bool() -> DataType:
        """Return the type of True and False."""
        return DataType("bool")

    @staticmethod
    def to_long() -> DataType:
        """Return the type of 64-bit integers."""
        return DataType("long")

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        """Return the type of 64-bit floats.

        Args:
            decimal_mark: ``"."`` or ``","``. Default: a dot.

        """
        return DataType("float", (decimal_mark,))

    @staticmethod
    def to_string() -> DataType:
        """Return the type of text, as it is in the file."""
        return DataType("string")

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> DataType:
        """Return the type of times.

        Args:
            formats: One or several formats of ``strptime``. None: the format is recognised.

        """
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
    """Return the rule of a stored `header`.

    Args:
        document: The stored value.

    """
    if document is True:
        return PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return PromoteHeadersBehavior(document) if isinstance(document, int) else PromoteHeadersBehavior.NO_HEADERS


def separator_checked(separator: object) -> str:
    """Return the separator.

    Args:
        separator: The separator as given.

    Raises:
        UserErrorException: It is not one character, as in v1.

    """
    if isinstance(separator, str) and len(separator) == 1 and separator not in '"\r\n\0':
        return separator
    raise UserErrorException(
        f"separator is {separator!r}", remedy="it is a single character other than a quote or a line break"
    )


def encoding_checked(encoding: object) -> str:
    """Return the encoding's name.

    Args:
        encoding: The encoding as given.

    Raises:
        UserErrorException: Neither v1 nor Python knows it.

    """
    try:
        codecs.lookup(codec(encoding))
    except LookupError as error:
        raise UserErrorException(
            f"encoding is {encoding!r}", error, remedy=f"it is one of {', '.join(_CODECS)}"
        ) from error
    return str(encoding)


def codec(encoding: object) -> str:
    """Return Python's name of one of v1's encodings.

    Args:
        encoding: v1's name.

    """
    return _CODECS.get(str(encoding).lower(), str(encoding))


def types_document(types: Mapping[str, DataType] | None) -> dict[str, list[str]]:
    """Return column types as a definition has them: the kind, then its formats.

    Args:
        types: Types by column. None: none.

    """
    return {column: [wanted.kind, *wanted.formats] for column, wanted in (types or {}).items()}


def listed_columns(columns: str | Sequence[str]) -> tuple[str, ...]:
    """Return columns as a list of names.

    Args:
        columns: A name, or several.

    """
    return (columns,) if isinstance(columns, str) else tuple(str(column) for column in columns)


def drawn_seed(seed: int | None) -> int:
    """Return the seed, or a random one.

    Args:
        seed: The seed. None: draw one.

    """
    if seed is not None:
        return int(seed)
    import secrets

    return secrets.randbits(31)
