"""The filters of a list of runs, as calls give them."""

from __future__ import annotations

from datetime import datetime, timezone

from ..errors import BadInput
from ..model.status import RunStatus
from ..model.times import is_date, parse_time
from ..operations.run_pages import RunFilter
from .operation import Call, Parameter

STATES = (*(status.value for status in RunStatus), "starting", "stopped")
_TIME = "An RFC 3339 time such as 2026-01-31T12:00:00Z, or a date (in UTC)."
FILTERS = (
    Parameter(name="experiment", about="Only runs of this experiment."),
    Parameter(
        name="status",
        about="Only runs in this state. `starting`: submitted, and no controller has shown itself; `stopped`: its "
        "controller is gone.",
        schema={"type": "string", "enum": list(STATES)},
    ),
    Parameter(name="tag", about="Only runs with this tag: `NAME`, or `NAME=VALUE`."),
    Parameter(name="user", about="Only runs of this user."),
    Parameter(name="since", about=f"Only runs that were created then or later. {_TIME}"),
    Parameter(name="until", about=f"Only runs that were created earlier. {_TIME}"),
    Parameter(
        name="text", about="Only runs with this text in their id, experiment, description, user or tags, in any case."
    ),
    Parameter(name="cursor", about="The `cursor` of the page before."),
    Parameter(
        name="limit",
        about="The most runs of a page. Default: 50.",
        schema={"type": "integer", "minimum": 1, "maximum": 200},
    ),
)
"""The parameters of a list of runs."""


def run_filter(call: Call) -> RunFilter:
    """Return the filter of a call. Raise BadInput for a time that is none."""
    return RunFilter(
        experiment=call.text("experiment"),
        status=call.text("status"),
        tag=call.text("tag"),
        user=call.text("user"),
        since=_moment(call, "since"),
        until=_moment(call, "until"),
        text=call.text("text"),
    )


def _moment(call: Call, name: str) -> datetime | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return parse_time(f"{text}T00:00:00Z" if is_date(text) else text).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        where = f"query parameter {name!r}"
        raise BadInput(f"{text[:40]!r} is no time", where, "write 2026-01-31T12:00:00Z, or 2026-01-31") from None
