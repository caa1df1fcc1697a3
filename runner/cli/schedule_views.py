"""Schedules for people, and their documents for ``--json`` (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..dataclass import dataclass
from ..model.document import to_document
from ..model.firing import Firing, FiringState
from ..model.occurrences import zone_of
from ..model.schedule import ScheduleRecord
from ..operations.published.due_texts import coming, when
from .formatting import clip, day, many
from .paint import Paint
from .table import Cell, Row, table

_WIDTH = 120
_STYLES = {
    FiringState.CLAIMED: "yellow",
    FiringState.SUBMITTED: "green",
    FiringState.MISSED: "yellow",
    FiringState.REFUSED: "red",
}


@dataclass(frozen=True)
class Shown:
    """A schedule, and what it runs."""

    record: ScheduleRecord
    runs: str
    """The name of the published pipeline or endpoint; its id if it is gone."""
    next: datetime | None
    """The next due time; None: none, or it watches files."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        stored = to_document(self.record)
        return {**stored, "status": self.record.status.value, "runs": self.runs, "next": self.next}


def next_of(record: ScheduleRecord, now: datetime) -> datetime | None:
    """Return the next due time of an active schedule with a recurrence; None: it has none."""
    return next(iter(coming(record, now)), None)


def list_view(found: Sequence[Shown], paint: Paint, *, every: bool) -> list[str]:
    """Return the heading and a line per schedule."""
    head = ["schedule", "runs", "status" if every else "", "next", "target", "id", ""]
    rows: list[Row] = [[Cell(text, "dim") for text in head]]
    for each in found:
        record = each.record
        status = Cell(record.status.value.lower() if every else "")
        at = Cell(day(each.next) if each.next else "")
        cells = [Cell(record.name), Cell(each.runs), status, at, Cell(record.target), Cell(record.id[:8], "dim")]
        rows.append([*cells, Cell(clip(when(record), _WIDTH), "dim")])
    return table(rows, paint, indent=0, width=_WIDTH)


def show_view(found: Shown, paint: Paint) -> list[str]:
    """Return the facts of a schedule."""
    record = found.record
    facts = {
        "id": record.id,
        "runs": f"{'endpoint' if record.endpoint else 'pipeline'} {found.runs}",
        "experiment": record.experiment,
        "due": when(record),
        "next": day(found.next) if found.next else "",
        "description": record.description,
        "parameters": ", ".join(f"{name}={value}" for name, value in to_document(record.values.scalars).items()),
        "data": ", ".join(sorted(record.values.data)),
        "the file goes to": record.trigger.parameter if record.trigger else "",
        "target": record.target,
        "created": f"{day(record.created)}{f' by {record.user}' if record.user else ''}",
    }
    rows: list[Row] = [[Cell(name, "dim"), Cell(text)] for name, text in facts.items() if text]
    return [f"{paint(record.name, 'bold')}  {record.status.value.lower()}", *table(rows, paint)]


def next_view(record: ScheduleRecord, times: Sequence[datetime]) -> list[str]:
    """Return a line per due time: in the schedule's time zone, and in UTC."""
    zone = zone_of(record.recurrence.time_zone) if record.recurrence else None
    form = "%a %Y-%m-%d %H:%M"
    lines = [(at.astimezone(zone).strftime(f"{form} %Z"), at.strftime("%Y-%m-%d %H:%M UTC")) for at in times]
    return [here if here.endswith("UTC") else f"{here}  ({there})" for here, there in lines]


def history_view(firings: Sequence[Firing], paint: Paint) -> list[str]:
    """Return the heading and a line per due time."""
    rows: list[Row] = [[Cell(text, "dim") for text in ("due", "", "run", "")]]
    for each in firings:
        state = Cell(f"{each.state.value}{' by hand' if each.manual else ''}", _STYLES[each.state])
        run = each.run if each.state in (FiringState.SUBMITTED, FiringState.CLAIMED) else ""
        notes = [each.why.splitlines()[0] if each.why else "", ", ".join(each.changed)]
        if each.missed and each.missed_since:
            notes.append(f"{many(each.missed, 'older due time')} missed since {day(each.missed_since)}")
        rows.append([Cell(day(each.due)), state, Cell(run), Cell("; ".join(filter(None, notes)), "dim")])
    return table(rows, paint, indent=0, width=_WIDTH)
