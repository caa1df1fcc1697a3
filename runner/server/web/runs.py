"""The page of the runs."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from starlette.responses import Response

from ...errors import BadInput, Problem
from ...model.status import RUN_ENDS
from ...operations.listing import STATES
from ...operations.run_pages import RunFilter, RunPage
from ...operations.run_pages import page as runs_page
from ..operation import Call, Operation
from ..run_filters import FILTERS, run_filter
from .page import etag, page, unchanged
from .routes import shown_page

_PER_PAGE = 50
_KEPT_SECONDS = 0.9
"""Live pages ask every second: those who look at the same runs share what was read."""
_MOST_KEPT = 100
_SHOWN_STATES = ("running", "succeeded", "failed", "canceled")
"""The states of the tabs."""


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    kept = KeptPages()
    # A form sends its empty fields too: here they mean that there is no such filter.
    parameters = tuple(
        dataclasses.replace(one, schema={"type": "string", "maxLength": 400}) for one in FILTERS if one.name != "limit"
    )
    return (shown_page("/runs", "page_runs", "The runs, newest first", partial(_runs, kept), *parameters),)


class KeptPages:
    """Pages of runs that were read a moment ago. They may be used by several threads at once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[RunFilter, str], _Kept] = OrderedDict()

    def get(self, wanted: RunFilter, cursor: str, now: float, read: Callable[[], RunPage]) -> RunPage:
        """Return a page, read now or a moment ago. Those who want the same one at the same time wait for one read.

        Args:
            wanted: The filter.
            cursor: The cursor of the page.
            now: Seconds that never go back.
            read: Reads the page.

        """
        with self._lock:
            kept = self._pages.setdefault((wanted, cursor), _Kept())
            self._pages.move_to_end((wanted, cursor))
            if len(self._pages) > _MOST_KEPT:
                self._pages.popitem(last=False)
        with kept.lock:
            if kept.page is None or now - kept.at >= _KEPT_SECONDS:
                kept.page, kept.at = read(), now
            return kept.page


class _Kept:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.page: RunPage | None = None
        self.at = 0.0


def _runs(kept: KeptPages, call: Call) -> Response:
    given = {name: str(value) for name, value in call.query.items() if value != "" and name != "cursor"}
    cursor = call.text("cursor")
    try:
        wanted = _wanted(call)
        found = kept.get(wanted, cursor, call.context.clock.monotonic(), partial(_read, call, wanted, cursor))
    except BadInput as error:
        return _page(call, RunPage((), ""), given, error.problems, status=400)
    tag = etag(call, [dataclasses.astuple(run) for run in found.runs], found.cursor)
    return unchanged(call, tag) or _page(call, found, given, (), tag=tag)


def _wanted(call: Call) -> RunFilter:
    wanted = run_filter(call)
    if wanted.status and wanted.status not in STATES:
        known = ", ".join(STATES)
        raise BadInput(f"{wanted.status[:40]!r} is no state of a run", "query parameter 'status'", f"write {known}")
    return wanted


def _read(call: Call, wanted: RunFilter, cursor: str) -> RunPage:
    with call.context.workspaces.borrow() as workspace:
        return runs_page(workspace.store, wanted, cursor=cursor, limit=_PER_PAGE)


def _page(
    call: Call,
    found: RunPage,
    given: dict[str, str],
    problems: tuple[Problem, ...],
    *,
    tag: str = "",
    status: int = 200,
) -> Response:
    cursor = call.text("cursor")
    without = {name: value for name, value in given.items() if name != "status"}
    tabs = [("", "All", _address(without))]
    tabs += [(state, state.capitalize(), _address({**without, "status": state})) for state in _SHOWN_STATES]
    return page(
        call,
        "runs.html",
        title="Runs",
        section="Runs",
        live=bool(tag),
        tag=tag,
        status=status,
        runs=found.runs,
        ends={one.value for one in RUN_ENDS},
        given={name: given.get(name, "") for name in (each.name for each in FILTERS)},
        is_filtered=bool(given),
        states=STATES,
        tabs=tabs,
        problems=problems,
        first=_address(given) if cursor else "",
        next=_address({**given, "cursor": found.cursor}) if found.cursor else "",
        more=sum(name in given for name in ("tag", "user", "since", "until")),
        tag_search=f"{_address({name: value for name, value in given.items() if name != 'tag'}, always=True)}tag=",
    )


def _address(query: dict[str, str], *, always: bool = False) -> str:
    """Return the address of the page with a query; with `always`, further fields may follow it."""
    text = urlencode(query)
    if always:
        return f"/runs?{text}&" if text else "/runs?"
    return f"/runs?{text}" if text else "/runs"
