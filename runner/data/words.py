"""Format the names of files for people."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 3


def listed(names: Sequence[str]) -> str:
    """Return ``a.csv``, or ``5 files (a.csv, b.csv, c.csv …)``."""
    if len(names) == 1:
        return names[0]
    more = " …" if len(names) > _SHOWN else ""
    return f"{len(names)} files ({', '.join(names[:_SHOWN])}{more})"
