"""Column names of delimited files by v1's rules (pure).

The rules were observed by running azureml-dataprep 5.5.
"""

from __future__ import annotations

from collections.abc import Sequence


def column_names(header: Sequence[str], width: int) -> list[str]:
    """Return the names of a file's columns.

    Spaces around a name are removed. A column without a name is called ``Column<n>``, n counted from 1. A name that
    is taken already gets the number of duplicates so far as a suffix: ``a,a,b,b`` becomes ``a, a_1, b, b_2``.

    Args:
        header: The fields of the header row; empty for a file without one.
        width: The number of fields of the widest row.

    """
    names: list[str] = []
    taken: set[str] = set()
    duplicates = 0
    for number in range(max(width, len(header))):
        name = header[number].strip() if number < len(header) else ""
        name = name or f"Column{number + 1}"
        while name in taken:
            duplicates += 1
            name = f"{name}_{duplicates}"
        names.append(name)
        taken.add(name)
    return names


def fits_by_name(header: Sequence[str], first: Sequence[str]) -> bool:
    """Return True if a later file's header has the first file's names: all of them or some, in any order.

    v1 takes the first file's names by position, which exchanges the columns of such a file when their order differs.

    Args:
        header: The later file's header.
        first: The first file's header.

    """
    return set(column_names(header, 0)) <= set(column_names(first, 0))
