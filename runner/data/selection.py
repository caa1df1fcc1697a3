"""Apply the operations of a file dataset: take, skip, sample and filter (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.data import DatasetDefinition
from ..model.transforms import Filter, Sample, Skip, Take, Transform, operation_of
from .conditions import holds
from .partitions import partition_values

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
