"""Apply the operations of a file dataset: take, skip, sample and filter (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.data import DatasetDefinition
from ..model.transforms import (
    DropColumns,
    Filter,
    KeepColumns,
    Sample,
    Skip,
    Take,
    TimestampColumns,
    Transform,
    operation_of,
)
from .conditions import fields_of, holds
from .partitions import partition_columns, partition_values

METADATA = "metadata:"
"""The prefix of a file's own metadata in a condition (v1's ``file_metadata``)."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file of a dataset."""

    relative: str
    """Its path below what all the dataset's paths have in common."""
    key: str
    size: int
    """Bytes."""
    etag: str = ""
    modified: float = 0.0
    """Seconds since the epoch; 0: unknown."""


def chosen(files: Sequence[Found], definition: DatasetDefinition, *, skipped: int = 0) -> list[Found]:
    """Return the files that the operations of a file dataset select; those of a tabular one select rows.

    The first `skipped` operations have been done already. Raises BadInput for a condition that cannot be met.
    """
    kept = list(files)
    if definition.kind == "file":
        for transform in definition.transforms[skipped:]:
            kept = list(_left(kept, transform, definition))
    return kept


def possible(files: Sequence[Found], definition: DatasetDefinition) -> Sequence[Found]:
    """Return the files that may have rows of a tabular dataset: its first filters may leave out whole partitions.

    Only conditions on partition keys tell that. At least the first file is kept, for its columns; so it is if it alone
    has the header.
    """
    options = definition.options
    columns = set(partition_columns(options.get("partition_format"))) - set(_chosen_columns(options))
    kept = list(files)
    for transform in definition.transforms:
        if isinstance(transform, Filter) and columns.issuperset(fields_of(transform.expression)):
            try:
                kept = list(_left(kept, transform, definition))
            except BadInput:  # the rows have their own words for it
                return files
        elif not isinstance(transform, (KeepColumns, DropColumns, TimestampColumns)):
            break
    return kept if kept[:1] == list(files[:1]) else [*files[:1], *kept]


def rows_needed(definition: DatasetDefinition) -> int | None:
    """Return how many rows of the files' first ones a tabular dataset has; None: any row may be needed."""
    for transform in definition.transforms:
        if isinstance(transform, Take):
            return transform.count
        if not isinstance(transform, (KeepColumns, DropColumns, TimestampColumns)):
            return None
    return None


def _chosen_columns(options: Mapping[str, object]) -> Iterable[str]:
    types = options.get("set_column_types")
    return types if isinstance(types, Mapping) else ()


def _left(files: Iterable[Found], transform: Transform, definition: DatasetDefinition) -> Iterator[Found]:
    for index, file in enumerate(files):
        if isinstance(transform, Filter):
            keep = holds(transform.expression, _facts(file, definition))
        elif isinstance(transform, (Take, Skip, Sample)):
            keep = transform.keeps(index)
        else:
            raise BadInput(f"{operation_of(transform)} is an operation on rows, and a file dataset has none")
        if keep:
            yield file


def _facts(file: Found, definition: DatasetDefinition) -> dict[str, object]:
    modified = datetime.fromtimestamp(file.modified, timezone.utc).replace(tzinfo=None) if file.modified else None
    return {
        **partition_values(definition.options.get("partition_format"), f"/{file.key}"),
        f"{METADATA}Size": file.size,
        f"{METADATA}LastModifiedTime": modified,
    }
