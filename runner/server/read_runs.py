"""Operations that show runs, their steps and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.responses import JSONResponse, Response

from ..operations import run_metrics, run_tags
from ..operations.detail import detail
from ..operations.report import StepReport, step_metrics, step_report
from ..operations.run_pages import page
from ..operations.values import RunView
from ..ports import ObjectStore
from .operation import Answer, Call, Operation, Parameter
from .plain import plain
from .run_access import RUN, STEP, opened_run, step_key
from .run_filters import FILTERS, run_filter

_OBJECT = {"type": "object"}
_PAGE = {
    "type": "object",
    "properties": {"runs": {"type": "array", "items": _OBJECT}, "cursor": {"type": ["string", "null"]}},
    "required": ["runs", "cursor"],
}
_ITEMS = {"type": "object", "properties": {"items": {"type": "array", "items": _OBJECT}}, "required": ["items"]}
_PAGING = (
    "The answer has `runs` and `cursor`. While `cursor` is a text, there may be more: send it for the next page. "
    "A page may have fewer runs than `limit`, or none, if few fit the filters. Runs that are submitted meanwhile "
    "come before the first page: none is twice in the pages or missing. Times are those in the ids of runs."
)


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    run = f"/api/v1/runs/{{{RUN.name}}}"
    step = f"{run}/steps/{{{STEP.name}}}"
    return (
        _read("/api/v1/runs", "list_runs", "Runs, newest first", _list, _PAGE, FILTERS, about=_PAGING),
        _read(run, "get_run", "One run with the state of its steps", _run, _OBJECT, (RUN,)),
        _read(f"{run}/steps", "list_steps", "The steps of a run", _steps, _ITEMS, (RUN,)),
        _read(step, "get_step", "One step in full", _step, _OBJECT, (RUN, STEP)),
        _read(
            f"{run}/metrics",
            "get_run_metrics",
            "The metrics of a run and of its steps",
            _run_metrics,
            _OBJECT,
            (RUN,),
            about="Of each metric the newest value, and the number of values.",
        ),
        _read(
            f"{step}/metrics",
            "get_step_metrics",
            "The metrics of a step",
            _step_metrics,
            _ITEMS,
            (RUN, STEP, Parameter(name="name", about="Give all values of this metric, at most the last 10,000.")),
            about="Of each metric the newest value, and the number of values; with `name`, the values of one.",
        ),
    )


def _read(
    path: str,
    identity: str,
    summary: str,
    handler: Callable[[Call], Response],
    schema: Mapping[str, object],
    parameters: tuple[Parameter, ...],
    *,
    about: str = "",
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        id=identity,
        summary=summary,
        about=about,
        tag="runs",
        handler=handler,
        parameters=parameters,
        answers={200: Answer(f"{summary}.", schema)},
    )


def _list(call: Call) -> JSONResponse:
    wanted = run_filter(call)
    with call.context.workspaces.borrow() as workspace:
        found = page(workspace.store, wanted, cursor=call.text("cursor"), limit=int(call.query.get("limit", 50)))
    return JSONResponse({"runs": plain(found.runs), "cursor": found.cursor or None})


def _run(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        return JSONResponse(run_document(workspace.store, view, call.context.clock.now()))


def run_document(store: ObjectStore, view: RunView, now: datetime) -> dict[str, object]:
    """Return the document of a run.

    Args:
        store: The workspace store.
        view: The run.
        now: The time.

    """
    state, submission = view.state, view.state.submission
    known = plain(submission) if submission else {}
    assert isinstance(known, dict)
    shown = ("experiment", "parameters", "description", "parent", "kind", "user", "origin", "published",
             "schedule", "source", "continue_on_step_failure", "regenerate_outputs")  # fmt: skip
    return {
        "run": state.run,
        "status": state.status.value,
        "created": plain(state.created),
        "ended": plain(state.ended),
        "seconds": round(((state.ended or now) - state.created).total_seconds(), 3) if state.created else None,
        "overdue": plain(state.overdue),
        **{name: known[name] for name in shown if name in known},
        "tags": run_tags.tags_of(store, view),
        "steps": [_summary(step) for step in _reports(store, view, now)],
    }


def _reports(store: ObjectStore, view: RunView, now: datetime) -> list[StepReport]:
    return [step_report(store, view, key, locate=_nowhere, now=now, metrics=False) for key in view.state.steps]


def _nowhere(_: object) -> str:
    """Return no path: those of the server's machine are nobody's business."""
    return ""


def _summary(step: StepReport) -> dict[str, object]:
    names = ("key", "name", "status", "reason", "target", "attempt", "started", "ended", "seconds", "failure", "origin",
             "trial_of")  # fmt: skip
    return {name: plain(getattr(step, name)) for name in names}


def _shown(step: StepReport) -> dict[str, object]:
    made = plain(step)
    assert isinstance(made, dict)
    del made["metrics"]  # they have an operation of their own
    for output in made["outputs"]:
        del output["path"]
    return made


def _steps(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        found = _reports(workspace.store, view, call.context.clock.now())
    return JSONResponse({"items": [_shown(step) for step in found]})


def _step(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        key = step_key(view, call.text("step"))
        now = call.context.clock.now()
        report = step_report(workspace.store, view, key, locate=_nowhere, now=now, metrics=False)
        known = detail(workspace.store, view, report)
    made = plain(known)
    assert isinstance(made, dict)
    del made["files"]  # they have an operation of their own
    return JSONResponse({**made, "step": _shown(report)})


def _run_metrics(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        own = run_metrics.of_run(workspace.store, view.state.run)
        steps = {key: step_metrics(workspace.store, view, key) for key in view.state.steps}
    return JSONResponse({"run": plain(own), "steps": plain({key: found for key, found in steps.items() if found})})


def _step_metrics(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        key, name = step_key(view, call.text("step")), call.text("name")
        if name:
            values = run_metrics.values(workspace.store, view, key, name)
            return JSONResponse({"items": plain(values)})
        return JSONResponse({"items": plain(step_metrics(workspace.store, view, key))})
