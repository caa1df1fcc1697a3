"""Column types and header rules of tabular datasets (``azureml.data.dataset_factory``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum


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


def types_document(types: Mapping[str, DataType] | None) -> dict[str, list[str]]:
    """Column types as a definition stores them: the kind, then its formats."""
    return {column: [wanted.kind, *wanted.formats] for column, wanted in (types or {}).items()}
