"""How an output's files are read as rows: the options of v1's ``read_*`` and ``parse_*`` as a definition (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..dataclass import dataclass
from ..model.data import DatasetDefinition, Transform
from ..model.digest import digest_of, guid
from .dataset_base import drawn_seed
from .dataset_types import DataType, header_document, separator_checked, types_document

_SOFT = {",": ".csv", "\t": ".tsv"}
"""What v1 reads when no extension is said, by the separator."""


@dataclass(frozen=True)
class Reading:
    """The arguments that both forms of rows have."""

    include_path: bool = False
    partition_format: str | None = None
    path_glob: str | None = None
    file_extension: str = ""
    set_column_types: Mapping[str, DataType] | None = None

    def options(self) -> dict[str, object]:
        """Those that were given, as a definition stores them."""
        found: dict[str, object] = {
            "include_path": self.include_path,
            "partition_format": self.partition_format,
            "path_glob": self.path_glob,
            "file_extension": self.file_extension,
            "set_column_types": types_document(self.set_column_types),
        }
        return {name: value for name, value in found.items() if value}


def files_view(partition_format: str | None = None) -> DatasetDefinition:
    """The output's files as they are."""
    return DatasetDefinition("file", (), options={"partition_format": partition_format} if partition_format else {})


def delimited_view(
    reading: Reading, *, separator: str, header: bool | int, multi_line: bool = False
) -> DatasetDefinition:
    """Rows of text."""
    options: dict[str, object] = {
        **reading.options(),
        "separator": separator_checked(separator),
        "header": header_document(header),
    }
    if multi_line:
        options["support_multi_line"] = True
    if separator in _SOFT:
        options["soft_extension"] = _SOFT[separator]
    return DatasetDefinition("tabular", (), "delimited", options)


def parquet_view(reading: Reading) -> DatasetDefinition:
    """Rows of Parquet."""
    return DatasetDefinition("tabular", (), "parquet", {**reading.options(), "soft_extension": ".parquet"})


def with_columns(view: DatasetDefinition, operation: str, columns: str | Sequence[str]) -> DatasetDefinition:
    """The view with ``keep_columns`` or ``drop_columns`` after it."""
    listed = [columns] if isinstance(columns, str) else [str(column) for column in columns]
    return replace(view, transforms=(*view.transforms, Transform(operation, {"columns": listed})))


def split(view: DatasetDefinition, percentage: float, seed: int | None) -> tuple[DatasetDefinition, DatasetDefinition]:
    """Two views that share no row and together are the whole."""
    seeded, part = drawn_seed(seed), float(percentage)
    first, rest = ({"low": low, "high": high, "seed": seeded} for low, high in ((0.0, part), (part, 1.0)))
    return (
        replace(view, transforms=(*view.transforms, Transform("sample", first))),
        replace(view, transforms=(*view.transforms, Transform("sample", rest))),
    )


def part_name(name: str, view: DatasetDefinition) -> str:
    """The name of an output's view as an input: the output's own, unless it is a part of it."""
    parts = [each for each in view.transforms if each.operation == "sample"]
    return f"{name}_{view.bare.identity[:8]}" if parts else name


def identified(view: DatasetDefinition, name: str) -> DatasetDefinition:
    """The view with an id of its own in its step: what stands for a directly read input in the arguments."""
    return replace(view, id=guid(digest_of([view.bare, name])))
