"""Published pipelines and endpoints for people (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..model.published import EndpointRecord, PublishedRecord, Status
from ..operations.differences import Difference
from ..operations.published.comparison import Change, PublishedComparison
from ..operations.run_words import value_text
from .formatting import clip, day, many
from .paint import Paint
from .published_documents import ParameterDocument, PublishedDocument
from .table import Cell, Row, table

_WIDTH = 120
"""Columns of a list; descriptions are cut there."""
_DEFAULT = 80
_STEPS = 40
_LINES = 20
"""Differences of one thing that are shown; ``--json`` has all."""


def name_of(record: PublishedRecord | PublishedDocument) -> str:
    """Return ``NAME`` or ``NAME@VERSION``."""
    return f"{record.name}@{record.version}" if record.version else record.name


def published_view(found: PublishedDocument, paint: Paint, where: str) -> list[str]:
    """Return the lines about a pipeline that was just published.

    Args:
        found: The pipeline.
        paint: The colours.
        where: The options that reach the same store, with a leading space; empty: none are needed.
    """
    named = name_of(found)
    rows = [("id", found.id), ("endpoint", found.endpoint), ("run it", f"runner run {_quoted(named)}{where}")]
    head = f"published {paint(named, 'bold')}  {many(len(found.steps), 'step')}"
    return [head, *table([[Cell(name, "dim"), Cell(text)] for name, text in rows], paint)]


def list_view(records: Sequence[PublishedRecord], paint: Paint, *, every: bool) -> list[str]:
    """Return the heading and a line per published pipeline."""
    head = ["pipeline", "version", "status" if every else "", "published", "by", "id", ""]
    rows: list[Row] = [[Cell(text, "dim") for text in head]]
    for each in records:
        status = Cell(each.status.value.lower(), _style(each.status)) if every else Cell("")
        cells = [Cell(each.name), Cell(each.version), status, Cell(day(each.created), "dim"), Cell(each.user, "dim")]
        rows.append([*cells, Cell(each.id, "dim"), Cell(clip(each.description, _WIDTH), "dim")])
    return table(rows, paint, indent=0, width=_WIDTH)


def show_view(found: PublishedDocument, paint: Paint) -> list[str]:
    """Return facts, parameters, steps and environments of a published pipeline."""
    status = Status(found.status)
    out = [f"{paint(name_of(found), 'bold')}  {paint(found.status.lower(), _style(status))}"]
    out += [f"  {line}" for line in found.description.splitlines()]
    by = f" by {found.user}" if found.user else ""
    facts = [
        ("id", found.id),
        ("published", f"{day(found.created)}{by}{f', from run {found.origin}' if found.origin else ''}"),
        ("endpoint", found.endpoint),
        ("after a failure", "steps that do not need the failed one still run" * found.continue_on_step_failure),
    ]
    out += table([[Cell(name, "dim"), Cell(text)] for name, text in facts if text], paint)
    if found.parameters:
        out += ["", paint("parameters", "bold"), *table([_parameter(each) for each in found.parameters], paint)]
    out += ["", paint(many(len(found.steps), "step"), "bold"), *table(list(_steps(found)), paint)]
    if found.environments:
        out += ["", paint("environments", "bold"), *(f"  {name}" for name in found.environments)]
    return out


def comparison_view(found: PublishedComparison, names: tuple[str, str], paint: Paint) -> list[str]:
    """Return how two published pipelines differ.

    Args:
        found: The comparison.
        names: The two pipelines for people.
        paint: The colours.
    """
    if found.empty:
        return [f"{names[0]} and {names[1]} run the same"]
    out = [f"{paint(names[1], 'bold')} differs from {names[0]}"]
    for title, plain in (("pipeline", found.pipeline), ("parameters", found.parameters)):
        if plain:
            out += ["", paint(title, "bold"), *_differences(plain, paint)]
    for title, changes in (("steps", found.steps), ("code", found.code), ("environments", found.environments)):
        if changes:
            out += ["", paint(title, "bold"), *(line for each in changes for line in _change(each, paint))]
    return out


def endpoints_view(records: Sequence[EndpointRecord], paint: Paint, *, every: bool) -> list[str]:
    """Return the heading and a line per pipeline endpoint."""
    head = ["endpoint", "default", "versions", "status" if every else "", "id", ""]
    rows: list[Row] = [[Cell(text, "dim") for text in head]]
    for each in records:
        status = Cell(each.status.value.lower(), _style(each.status)) if every else Cell("")
        cells = [Cell(each.name), Cell(each.default), Cell(str(len(each.versions)), right=True), status]
        rows.append([*cells, Cell(each.id, "dim"), Cell(clip(each.description, _WIDTH), "dim")])
    return table(rows, paint, indent=0, width=_WIDTH)


def endpoint_view(
    record: EndpointRecord, pipelines: Mapping[str, PublishedRecord], url: str, paint: Paint
) -> list[str]:
    """Return the versions of a pipeline endpoint.

    Args:
        record: The endpoint.
        pipelines: The published pipelines by id.
        url: The URL that submits its default version.
        paint: The colours.
    """
    out = [f"{paint(record.name, 'bold')}  {paint(record.status.value.lower(), _style(record.status))}"]
    out += [f"  {line}" for line in record.description.splitlines()]
    out += table([[Cell("id", "dim"), Cell(record.id)], [Cell("endpoint", "dim"), Cell(url)]], paint)
    rows: list[Row] = []
    for each in record.versions:
        known = pipelines.get(each.pipeline)
        mark = Cell("default", "green") if each.version == record.default else Cell("")
        status = Cell(known.status.value.lower(), _style(known.status)) if known else Cell("gone", "red")
        rows.append(
            [Cell(each.version), mark, Cell(name_of(known) if known else ""), status, Cell(each.pipeline, "dim")]
        )
    return [*out, "", paint("versions", "bold"), *table(rows, paint)]


def _parameter(each: ParameterDocument) -> Row:
    kind = "" if each.kind == "null" else each.kind
    return [Cell(each.name), Cell(kind, "dim"), Cell(clip(value_text(each.default), _DEFAULT), "bold")]


def _steps(found: PublishedDocument) -> Iterator[Row]:
    names = {step.key: step.name for step in found.steps}
    for at, step in enumerate(found.steps[:_STEPS], 1):
        waits = ", ".join(names[key] for key in step.waits_for)
        after = Cell(f"after {waits}" if waits else "at once", "" if waits else "green")
        cells = [Cell(str(at), "dim", right=True), Cell(step.name), Cell(step.script), Cell(step.compute, "dim")]
        yield [*cells, Cell(step.environment, "dim"), after]
    if len(found.steps) > _STEPS:
        yield [Cell(""), Cell(f"and {len(found.steps) - _STEPS} more", "dim")]


def _change(change: Change, paint: Paint) -> Iterator[str]:
    style = {"added": "green", "removed": "red"}.get(change.kind, "yellow")
    yield f"  {change.name}  {paint(change.kind, style)}"
    yield from _differences(change.differences, paint, indent=4)


def _differences(found: Iterable[Difference], paint: Paint, indent: int = 2) -> Iterator[str]:
    every = tuple(found)
    rows = [[Cell(each.field), Cell(_arrow(each))] for each in every[:_LINES]]
    yield from table(rows, paint, indent=indent, width=_WIDTH)
    if len(every) > _LINES:
        yield " " * indent + paint(f"and {len(every) - _LINES} more; --json has all", "dim")


def _arrow(each: Difference) -> str:
    return f"{each.before} → {each.after}" if each.after else each.before


def _style(status: Status) -> str:
    return {Status.ACTIVE: "green", Status.DISABLED: "yellow"}.get(status, "dim")


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(name)
