"""Runs side by side, for people (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from string import ascii_uppercase

from ..model.document import to_document
from ..operations.code_comparison import FileChange
from ..operations.comparison import CodeChange, ComparedRun, Comparison, PairComparison, Row
from ..operations.differences import Difference
from ..operations.published.comparison import Change
from ..operations.run_words import value_text
from .formatting import clip, day, duration, many
from .paint import Paint
from .status_style import style
from .table import Cell, table

_LINES = 20
"""Rows and differences of one kind that are shown; ``--json`` has all."""
_NAME = 30
_LEAST = 10
"""Columns of a value at least."""
_DIGEST = 12
_MARKS = {"added": "+", "removed": "-", "changed": "~"}
_STYLES = {"added": "green", "removed": "red", "changed": "yellow"}
Text = Callable[[object], str]


def comparison_view(
    found: Comparison, paint: Paint, width: int, *, diff: bool = False, every: bool = False
) -> list[str]:
    """Return what differs between runs, which are called A, B, C and so on.

    Args:
        found: The comparison.
        paint: The colours.
        width: The columns of the screen.
        diff: Show the lines of code that differ.
        every: Show what is the same, too.

    """
    out = table([_run(letter, run) for letter, run in _lettered(found)], paint, indent=0, width=width)
    same: list[str] = []
    for title, rows, text in _sections(found):
        shown = [row for row in rows if every or not row.same]
        if shown:
            out += ["", *_rows(title, shown, len(rows) - len(shown), text, _Widths(paint, width, len(found.runs)))]
        elif rows:
            same.append(title)
    for letter, pair in zip(ascii_uppercase[1:], found.pairs, strict=False):
        lines, alike = _pair(pair, letter, paint, width, diff=diff)
        several = len(found.pairs) > 1
        out += ["", paint(f"A → {letter}", "bold"), *lines] if several and lines else ["", *lines] if lines else []
        same += [f"{part}{f' of A and {letter}' if several else ''}" for part in alike]
    return [*out, "", *_sentence(same, width, paint)] if same else out


def _sentence(same: Sequence[str], width: int, paint: Paint) -> list[str]:
    from textwrap import wrap

    return [paint(line, "dim") for line in wrap(f"the same: {', '.join(same)}", max(width, 20), subsequent_indent="  ")]


def _lettered(found: Comparison) -> Iterator[tuple[str, ComparedRun]]:
    return zip(ascii_uppercase, found.runs, strict=False)


def _run(letter: str, run: ComparedRun) -> list[Cell]:
    return [
        Cell(letter, "bold"),
        Cell(run.run),
        Cell(run.status, style(run.status)),
        Cell(day(run.created) if run.created else ""),
        Cell(duration(run.seconds), right=True),
    ]


def _sections(found: Comparison) -> Iterator[tuple[str, Sequence[Row], Text]]:
    facts = {"experiment": "experiment", "user": "user", "description": "description", "origin": "retry of"}
    rows = [Row(title, tuple(getattr(run, name) or None for run in found.runs)) for name, title in facts.items()]
    yield "facts", [row for row in rows if any(row.values)], _value
    yield "parameters", found.parameters, _value
    yield "tags", found.tags, _value
    yield "states", found.states, _value
    yield "times", found.seconds, _time
    yield "metrics", found.metrics, _value
    yield "inputs", found.inputs, _digest
    yield "outputs", found.outputs, _digest


def _value(value: object) -> str:
    return "—" if value is None else value_text(to_document(value))


def _time(value: object) -> str:
    return duration(value) if isinstance(value, float) else "—"


def _digest(value: object) -> str:
    return str(value)[:_DIGEST] if value else "—"


class _Widths:
    """The widths of the columns."""

    def __init__(self, paint: Paint, width: int, runs: int) -> None:
        self.paint = paint
        self.name = _NAME if width >= 70 else max(width // 3, _LEAST)
        self.value = max(_LEAST, (width - 2 - self.name) // runs - 2)


def _rows(title: str, rows: Sequence[Row], others: int, text: Text, widths: _Widths) -> list[str]:
    letters = ascii_uppercase[: len(rows[0].values)]
    head = [Cell(title, "bold"), *(Cell(letter, "dim") for letter in letters)]
    lines = [[Cell(f"  {clip(row.name, widths.name - 2)}"), *_cells(row, text, widths.value)] for row in rows[:_LINES]]
    out = table([head, *lines], widths.paint, indent=0)
    out += [widths.paint(f"  {clip(row.name, widths.name)}: {row.note}", "dim") for row in rows[:_LINES] if row.note]
    if len(rows) > _LINES:
        out.append(widths.paint(f"  and {len(rows) - _LINES} more, see --json", "dim"))
    if others:
        out.append(widths.paint(f"  {many(others, 'other')} {'is' if others == 1 else 'are'} the same", "dim"))
    return out


def _cells(row: Row, text: Text, width: int) -> Iterator[Cell]:
    first = row.values[0]
    for at, value in enumerate(row.values):
        yield Cell(clip(text(value), width), "yellow" if at and value != first else "")


def _pair(pair: PairComparison, letter: str, paint: Paint, width: int, *, diff: bool) -> tuple[list[str], list[str]]:
    """Return what differs between two runs, and the names of what does not."""
    parts = (
        ("steps", [line for each in pair.steps for line in _change(each, letter, paint, width)]),
        ("code", [line for each in pair.code for line in _code(each, paint, width, diff=diff)]),
        ("environments", [line for each in pair.environments for line in _change(each, letter, paint, width)]),
    )
    lines = [line for title, found in parts if found for line in (paint(title, "bold"), *found, "")]
    return lines[:-1], [title for title, found in parts if not found]


def _change(change: Change, letter: str, paint: Paint, width: int) -> Iterator[str]:
    mark = paint(_MARKS[change.kind], _STYLES[change.kind])
    only = {"added": f" (only in {letter})", "removed": " (only in A)"}.get(change.kind, "")
    yield f"  {mark} {change.name}{only}"
    yield from _differences(change.differences[:_LINES], paint, width)
    if len(change.differences) > _LINES:
        yield paint(f"      and {len(change.differences) - _LINES} more, see --json", "dim")


def _differences(found: Sequence[Difference], paint: Paint, width: int) -> Iterator[str]:
    name = max((len(each.field) for each in found), default=0)
    for each in found:
        left = max(width - 6 - min(name, _NAME) - 6, 2 * _LEAST)
        before, after = clip(each.before, left // 2), clip(each.after, left - left // 2)
        yield f"      {clip(each.field, _NAME):<{min(name, _NAME)}}  {before} → {paint(after, 'yellow')}"


def _code(change: CodeChange, paint: Paint, width: int, *, diff: bool) -> Iterator[str]:
    yield f"  {clip(', '.join(change.steps), width - 2)}"
    if change.note:
        yield f"    {change.note}"
    shown = change.files if diff else change.files[:_LINES]
    for file in shown:
        yield f"    {paint(_MARKS[file.kind], _STYLES[file.kind])} {file.path}{_amount(file)}"
        if diff:
            yield from (f"      {_painted(line, paint)}" for line in file.diff)
    if len(change.files) > len(shown):
        yield paint(f"    and {many(len(change.files) - len(shown), 'more file')}, see --diff", "dim")


def _amount(file: FileChange) -> str:
    """Return the number of lines that were added and removed."""
    added = sum(line.startswith("+") for line in file.diff[2:])
    removed = sum(line.startswith("-") for line in file.diff[2:])
    counts = f"  +{added} -{removed}" if file.diff else ""
    return f"{counts}{f'  ({file.note})' if file.note else ''}"


def _painted(line: str, paint: Paint) -> str:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return paint(line, styles.get(line[:1], ""))
