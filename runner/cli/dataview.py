"""Files, sizes and differences of data as lines (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.names import short
from ..operations.files.comparison import DataDifference, FileDifference
from ..operations.files.copied import Copied
from ..operations.files.selection import FoundFiles
from ..operations.files.usage import Usage
from ..operations.files.verification import Verification
from .formatting import many, size
from .paint import Paint
from .table import Cell, table

_MOST = 10
"""The most files of one input or output that are shown."""


def file_lines(found: FoundFiles, paint: Paint) -> list[str]:
    """Return a line with size and path for each file.

    Args:
        found: The files.
        paint: The colours.

    """
    return table([[Cell(size(file.size), "dim", right=True), Cell(file.path)] for file in found.files], paint, indent=0)


def usage_lines(used: Sequence[Usage], paint: Paint) -> list[str]:
    """Return a line with size, number of files and path for each folder.

    Args:
        used: The folders.
        paint: The colours.

    """
    rows = [
        [Cell(size(each.bytes), right=True), Cell(many(each.files, "file"), "dim", right=True), Cell(each.path)]
        for each in used
    ]
    return table(rows, paint, indent=0)


def copied_lines(copied: Copied, where: str) -> Iterator[str]:
    """Yield the result of a copy.

    Args:
        copied: The numbers.
        where: The destination as the user wrote it.

    """
    unchanged = f"; {many(copied.unchanged, 'file')} unchanged" if copied.unchanged else ""
    yield f"{many(copied.files, 'file')}, {size(copied.bytes)} → {where}{unchanged}"


def difference_lines(found: Sequence[DataDifference], paint: Paint) -> Iterator[str]:
    """Yield a line for each input and output, and below it the files that differ.

    Args:
        found: The comparison.
        paint: The colours.

    """
    names = [f"{each.step}: {each.kind} {each.name}" for each in found]
    width = max(map(len, names), default=0)
    for name, each in zip(names, found, strict=True):
        verdict = paint("same", "dim") if each.same else each.note or f"differs in {many(len(each.files), 'file')}"
        yield f"{name:<{width}}  {verdict if each.same else paint(verdict, 'yellow')}"
        yield from (f"    {_file(file)}" for file in each.files[:_MOST])
        if len(each.files) > _MOST:
            yield f"    and {len(each.files) - _MOST} more; all: --json"


def _file(file: FileDifference) -> str:
    path = file.path or "its content"
    if file.before is None:
        return f"+ {path}  {size(file.after or 0)}"
    if file.after is None:
        return f"- {path}  {size(file.before)}"
    sizes = size(file.before) if file.before == file.after else f"{size(file.before)} → {size(file.after)}"
    return f"~ {path}  {sizes}"


def finding_lines(found: Verification, paint: Paint, *, quick: bool) -> Iterator[str]:
    """Yield a line for each finding, and the total.

    Args:
        found: The result of a check.
        paint: The colours.
        quick: True if no file was read.

    """
    yield from (f"{paint(each.what, 'bold')} {each.problem}" for each in found.findings)
    files = f"{many(found.files, 'file')} of {many(found.outputs, 'output')} of run {short(found.run)}"
    how = "presence and size" if quick else f"{size(found.bytes)} read"
    verdict = f"{many(len(found.findings), 'problem')}" if found.findings else "all as committed"
    yield f"{files} ({how}): {paint(verdict, 'red' if found.findings else 'green')}"
