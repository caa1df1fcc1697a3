"""The environments of a pipeline file, for people (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from ..operations.differences import Difference
from ..operations.environment_comparison import Comparison
from ..operations.environment_details import EnvironmentDetail, LockDetail
from .formatting import many
from .paint import Paint
from .table import Cell, Row, table

_SHOWN = 12
"""Hex digits of a digest that are shown."""


def detail_view(found: EnvironmentDetail, paint: Paint) -> list[str]:
    """Return what was written, what becomes of it, the lock and the image or virtual environment."""
    out = [f"{paint(found.name, 'bold')}  on {found.target}"]
    rows: list[Row] = []
    for field, written in found.written.items():
        rows.extend([Cell("" if at else field, "dim"), Cell(line)] for at, line in enumerate(written))
    out += [*table(rows, paint)] if rows else [paint("  nothing is written: the target's own Python", "dim")]
    prefix = f"environment {found.name!r}: "
    notes = [f"  {paint(note.removeprefix(prefix), 'yellow')}" for note in found.notes]
    out += ["", paint("changed", "bold"), *notes] if notes else []
    date = found.lock.date if found.lock else found.date  # a pin that is newer has moved the date of the lock
    facts = [
        ("python", found.python),
        ("date", f"{date}, no newer package" if date else ""),
        ("lock", lock_text(found.lock) if found.lock else "none yet: a run or `runner environment lock` makes it"),
        ("made", found.reference or "not yet: a run or `runner environment build` makes it"),
    ]
    out += ["", paint("here", "bold"), *table([[Cell(name, "dim"), Cell(text)] for name, text in facts if text], paint)]
    if found.problems:
        lines = [line for problem in found.problems for line in problem.splitlines()]
        out += ["", paint("problems", "bold"), *(f"  {paint(line, 'red')}" for line in lines)]
    return out


def lock_text(lock: LockDetail) -> str:
    """Return a lock in one line."""
    if not lock.packages:
        return "nothing to install"
    return f"{lock.digest[:_SHOWN]}: {many(len(lock.packages), 'package')}, Python {lock.python}, {lock.platform}"


def change_lines(changes: Iterable[Difference], paint: Paint) -> list[str]:
    """Return a line per difference, and one if there is none."""
    rows = [[Cell(each.field, "bold"), Cell(f"{each.before} → {each.after}")] for each in changes]
    return table(rows, paint) or [paint("  nothing has changed", "dim")]


def comparison_view(found: Comparison, paint: Paint) -> list[str]:
    """Return the differences between two environments."""
    if not found.differences:
        return [f"{found.after} and {found.before} do not differ"]
    parts = ", ".join(found.parts)
    return [
        f"{paint(found.after, 'bold')} differs from {found.before} in: {parts}",
        *change_lines(found.differences, paint),
    ]
