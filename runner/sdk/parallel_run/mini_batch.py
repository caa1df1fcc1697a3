"""One mini-batch, as all workers know it."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass

UNKNOWN = -1
"""The number of items where it is known only after the batch was read."""


@dataclass(frozen=True)
class MiniBatch:
    """A part of one input; it is given to one call of ``run()``."""

    spec: Mapping[str, object]
    """The description by which a process opens it: JSON values, the same on every worker."""
    items: int
    """The number of its files or rows; `UNKNOWN`: the process that opens it counts them."""
    label: str
    """Its name for people: ``images: a.png … c.png (3 files)``."""
    partition: Mapping[str, str] | None = None
    """The value of each partition key, times as ISO 8601; None: it was cut by size."""
