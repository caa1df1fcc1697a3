"""The options of v1's ``read_*`` and ``parse_*`` as a definition: how an output's files are read as rows (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...dataclass import dataclass
from ...model.data import DatasetDefinition
from ...model.digest import digest_of, guid
from ...model.transforms import DropColumns, KeepColumns, Sample
from .types import DataType, drawn_seed, header_document, separator_checked, types_document

_SOFT = {",": ".csv", "\t": ".tsv"}
"""The extensions that v1 reads if none is given, by the separator."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The arguments that text and Parquet have in common."""

    include_path: bool = False
    partition_format: str | None = None
    path_glob: str | None = None
    file_extension: str = ""
    set_column_types: Mapping[str, DataType] | None = None

    def options(self) -> dict[str, object]:
        """Return the given ones as a definition has them."""
        found: dict[str, object] = {
            "include_path": self.include_path,
            "partition_format": self.partition_format,
            "path_glob": self.path_glob,
            "file_extension": self.file_extension,
            "set_column_types": types_document(self.set_column_types),
        }
        return {name: value for name, value in found.items() if value}


def files_view(partition_format: str | None = None) -> DatasetDefinition:
    """Return the definition of an output's files as they are.

    Args:
        partition_format: The columns that the paths give. None: none.

    """
    return DatasetDefinition(
        kind="file", paths=(), options={"partition_format": partition_format} if partition_format else {}
    )


def delimited_view(
    reading: ReadOptions, *, separator: str, header: bool | int, multi_line: bool = False
) -> DatasetDefinition:
    """Return the definition of rows of text.

    Args:
        reading: The common arguments.
        separator: The character between two fields.
        header: The files whose first line has column names.
        multi_line: True: v1's option for line breaks in quotes was given. Default: False.

    Raises:
        UserErrorException: An argument is invalid.

    """
    options: dict[str, object] = {
        **reading.options(),
        "separator": separator_checked(separator),
        "header": header_document(header),
    }
    if multi_line:
        options["support_multi_line"] = True
    if separator in _SOFT:
        options["soft_extension"] = _SOFT[separator]
    return DatasetDefinition(kind="tabular", paths=(), format="delimited", options=options)


def parquet_view(reading: ReadOptions) -> DatasetDefinition:
    """Return the definition of rows of Parquet.

    Args:
        reading: The common arguments.

    """
    return DatasetDefinition(
        kind="tabular", paths=(), format="parquet", options={**reading.options(), "soft_extension": ".parquet"}
    )


def with_columns(view: DatasetDefinition, operation: KeepColumns | DropColumns) -> DatasetDefinition:
    """Return the view with a choice of columns after it.

    Args:
        view: The view.
        operation: The choice.

    """
    return replace(view, transforms=(*view.transforms, operation))


def split(view: DatasetDefinition, percentage: float, seed: int | None) -> tuple[DatasetDefinition, DatasetDefinition]:
    """Return two views that share no row and together are the whole.

    Args:
        view: The view.
        percentage: The share of the first, from 0 to 1.
        seed: The seed of the choice. None: a random one.

    """
    seeded, part = drawn_seed(seed), float(percentage)
    first, rest = Sample(0.0, part, seeded), Sample(part, 1.0, seeded)
    return replace(view, transforms=(*view.transforms, first)), replace(view, transforms=(*view.transforms, rest))


def part_name(name: str, view: DatasetDefinition) -> str:
    """Return the name of an output's view as an input: the output's own, unless it is a part of a split.

    Args:
        name: The output's name.
        view: The view.

    """
    split_off = any(isinstance(each, Sample) for each in view.transforms)
    return f"{name}_{view.bare.identity[:8]}" if split_off else name


def identified(view: DatasetDefinition, name: str) -> DatasetDefinition:
    """Return the view with an id of its own in its step. The id stands for a direct input in the arguments.

    Args:
        view: The view.
        name: The input's name.

    """
    return replace(view, id=guid(digest_of([view.bare, name])))
