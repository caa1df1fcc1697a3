"""The filters of a list of runs, as calls give them."""

from __future__ import annotations

from datetime import datetime

from ..operations.listing import STATES
from ..operations.moments import moment
from ..operations.run_pages import RunFilter
from .operation import Call, Parameter

_TIME = "An RFC 3339 time such as 2026-01-31T12:00:00Z, a date (in UTC), or an age such as 12h."
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
    where = f"query parameter {name!r}"
    return moment(call.text(name), where, now=call.context.clock.now(), local=False)
