"""The page of a run, and the graph that its script draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from ...dataclass import dataclass
from ...model.names import short
from ...operations import after_run, run_tags
from ...operations.batch_progress import with_progress
from ...operations.listing import disk_is_full, status
from ...operations.report import StepReport, step_report, submitted_by
from ...operations.values import RunView
from ...pages.graph_data import GRAPH_SCRIPTS, GRAPH_STYLES, graph_document
from ...pages.run_page import TABS, RunPage, crumbs, run_page, trouble_keys
from ...pages.step_list import STATES, StepFilter, step_address, step_list
from ...ports import ObjectStore
from ...runs import head
from ...runs.tags import mark_key
from ..context import Workspace
from ..operation import Call, Operation, Parameter
from ..run_access import RUN, opened_run
from . import run_tabs
from .kept import Kept
from .page import etag, page, unchanged
from .routes import shown_page

_SLOT = 10
"""Seconds after which the page of a running run is made anew without a journal entry: progress that the journal does
not tell, such as that of batches, is at most so old."""
_AT_ONCE = ("steps", "settings")
"""The tabs that show each journal entry at once. The others read much, and show it within `_SLOT`."""
ANY_TEXT: Mapping[str, object] = {"type": "string", "maxLength": 255}
PAGE_NUMBER: Mapping[str, object] = {"type": "integer", "minimum": 1, "maximum": 100000}
_PARAMETERS = (
    RUN,
    Parameter(name="tab", about="The part of the page.", schema={"type": "string", "enum": list(TABS)}),
    Parameter(name="state", about="Only steps in this state.", schema={"type": "string", "enum": ["", *STATES]}),
    Parameter(name="text", about="Only steps with this text in their name.", schema=ANY_TEXT),
    Parameter(name="page", about="The page of the list.", schema=PAGE_NUMBER),
    Parameter(name="search", about="The key of the search whose trials are shown.", schema=ANY_TEXT),
    Parameter(name="step", about="The key of the step whose reason is shown.", schema=ANY_TEXT),
)
_TABS: Mapping[str, Callable[[Call, Workspace, RunView], dict[str, object]]] = {
    "timeline": run_tabs.timeline_tab,
    "trials": run_tabs.trials_tab,
    "metrics": run_tabs.metrics_tab,
    "data": run_tabs.data_tab,
    "reuse": run_tabs.reuse_tab,
    "settings": run_tabs.settings_tab,
}


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    kept: Kept[_Beside] = Kept()
    return (
        shown_page(f"/runs/{{{RUN.name}}}", "page_run", "A run", partial(_run, kept), *_PARAMETERS),
        shown_page(
            f"/runs/{{{RUN.name}}}/graph.json", "page_run_graph", "The graph of a run for its drawing", _graph, RUN
        ),
    )


@dataclass(frozen=True)
class _Beside:
    """The facts about a run that its journal does not tell."""

    status: str
    stopped: str
    after: tuple[after_run.Outcome, ...]
    tags: tuple[tuple[str, str], ...]


def _beside(store: ObjectStore, view: RunView) -> _Beside:
    known, stopped = run_status(store, view)
    after = after_run.outcomes(store, view.state) if view.state.over else ()
    return _Beside(known, stopped, after, tuple(run_tags.tags_of(store, view).items()))


def _run(kept: Kept[_Beside], call: Call) -> Response:
    with opened_run(call) as (workspace, known):
        tab = call.text("tab", "steps")
        marked = workspace.store.stat(mark_key(known.state.run))  # who has just changed a tag sees it
        name = f"{known.state.run} {known.state.number} {marked.etag if marked else ''}"
        now = call.context.clock.monotonic()
        beside = kept.get(name, now, lambda: _beside(workspace.store, known))
        number = known.state.number if tab in _AT_ONCE or known.state.over else 0
        tag = etag(call, known.state.run, number, known.state.status.value, beside, _slot(call, known))
        same = unchanged(call, tag)
        if same is not None:
            return same
        view = with_progress(workspace.store, known)
        report = reporter(call, workspace.store, view)
        shown = run_page(
            view,
            status=beside.status,
            stopped=beside.stopped,
            tags=dict(beside.tags),
            submitted=submitted_by(workspace.store, view),
            after=beside.after,
            trouble=[report(key) for key in trouble_keys(view)],
        )
        values: dict[str, Any] = {"styles": (), "scripts": ()}
        values |= _TABS[tab](call, workspace, view) if tab in _TABS else _steps(call, view, shown, report)
    title = f"{shown.experiment} {short(shown.run)}".strip()
    return page(
        call,
        "run.html",
        title=title,
        section="Runs",
        crumbs=crumbs(shown),
        live=True,
        tag=tag,
        run=shown,
        tab=tab,
        **values,
    )


def _steps(call: Call, view: RunView, shown: RunPage, report: Callable[[str], StepReport]) -> dict[str, object]:
    wanted = StepFilter(call.text("state"), call.text("text").strip(), int(call.query.get("page", 1)))
    return {
        "steps": step_list(view, wanted, report),
        "addresses": {step.key: step_address(shown.run, step.key) for step in shown.troubled},
        "styles": GRAPH_STYLES,
        "scripts": (*GRAPH_SCRIPTS, "run.js"),
    }


def _graph(call: Call) -> Response:
    with opened_run(call) as (workspace, known):
        tag = etag(call, "graph", known.state.run, known.state.number, _slot(call, known))
        same = unchanged(call, tag)
        if same is not None:
            return same
        view = with_progress(workspace.store, known)
        made = graph_document(view, call.context.clock.now())
    return JSONResponse(made, headers={"ETag": tag})


def run_status(store: ObjectStore, view: RunView) -> tuple[str, str]:
    """Return the status of a run, with ``stopped``, and the reason why it is stopped.

    Args:
        store: The workspace store.
        view: The run.

    """
    if view.state.over:
        return view.state.status.value, ""
    seen = head.read(store, view.state.run)
    if seen is None:
        return "starting", ""
    if seen.ended is not None:
        return view.state.status.value, ""
    known = status(seen, store.now(), full=disk_is_full(store))
    if known != "stopped":
        return view.state.status.value, ""
    return known, f"No controller drives this run: {seen.error or 'the last one gives no sign of life'}."


def reporter(call: Call, store: ObjectStore, view: RunView) -> Callable[[str], StepReport]:
    """Return a function that returns the report of a step by its key. It reads nothing.

    Args:
        call: The call.
        store: The workspace store.
        view: The run.

    """
    now = call.context.clock.now()

    def report(key: str) -> StepReport:
        return step_report(store, view, key, locate=lambda _: "", now=now, metrics=False)

    return report


def _slot(call: Call, view: RunView) -> int:
    return 0 if view.state.over else int(call.context.clock.now().timestamp() // _SLOT)
