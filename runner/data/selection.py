"""Which files a file dataset's operations leave: take, skip, sample and filter (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone

from ..dataclass import dataclass
from ..model.data import DatasetDefinition, Transform
from .conditions import holds
from .partitions import partition_values

METADATA = "metadata:"
"""What begins the name of a file's own fact in a condition (v1's ``file_metadata``)."""


@dataclass(frozen=True)
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
    """What a file dataset's operations leave of its files; a tabular one's work on rows.

    The first `skipped` operations have been done already. Raises BadInput for a condition that cannot be met.
    """
    kept = list(files)
    if definition.kind == "file":
        for transform in definition.transforms[skipped:]:
            kept = list(_left(kept, transform, definition))
    return kept


def _left(files: Iterable[Found], transform: Transform, definition: DatasetDefinition) -> Iterator[Found]:
    for index, file in enumerate(files):
        if transform.operation == "filter":
            keep = holds(transform.arguments["expression"], _facts(file, definition))
        else:
            keep = keeps(transform.operation, transform.arguments, index)
        if keep:
            yield file


def _facts(file: Found, definition: DatasetDefinition) -> dict[str, object]:
    modified = datetime.fromtimestamp(file.modified, timezone.utc).replace(tzinfo=None) if file.modified else None
    return {
        **partition_values(definition.options.get("partition_format"), f"/{file.key}"),
        f"{METADATA}Size": file.size,
        f"{METADATA}LastModifiedTime": modified,
    }


def keeps(operation: str, arguments: Mapping[str, object], index: int) -> bool:
    """Whether ``take``, ``skip`` or ``sample`` leaves the row or file of that index."""
    match operation:
        case "take":
            return index < int(str(arguments["count"]))
        case "skip":
            return index >= int(str(arguments["count"]))
        case _:
            drawn = chance(int(str(arguments["seed"])), index)
            return float(str(arguments["low"])) <= drawn < float(str(arguments["high"]))


def chance(seed: int, index: int) -> float:
    """The same number in [0, 1) for a row or file wherever it is asked for."""
    drawn = hashlib.sha256(f"{seed}:{index}".encode()).digest()
    return int.from_bytes(drawn[:7], "big") / (1 << 56)
