"""The page that compares runs."""

from __future__ import annotations

from starlette.responses import Response

from ...errors import BadInput
from ...model.names import is_run_id, short
from ...operations.comparison import MOST, CodeChange, PairComparison, compare
from ...operations.metric_history import note_of, of_runs
from ...operations.run_pages import RunFilter
from ...operations.run_pages import page as runs_page
from ...pages.comparison_page import diff_lines, metric_charts, sections
from ...pages.shell import Link
from ...runs import index
from ..context import Workspace
from ..operation import Call, Operation, Parameter
from ..run_access import run_now
from .page import page
from .routes import shown_page

_OFFERED = 30
"""Runs to choose from."""
_RUN = Parameter(
    name="run", about="The id of a run; several times.", several=True, schema={"type": "string", "maxLength": 40}
)


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (shown_page("/compare", "page_compare", "Runs side by side", _compare, _RUN),)


def _compare(call: Call) -> Response:
    named = tuple(name for name in call.text("run").split(",") if name)
    with call.context.workspaces.borrow() as workspace:
        if len(named) < 2:
            return _pick(call, workspace, named)
        if len(named) > MOST:
            raise BadInput(
                f"{len(named)} runs are too many to compare", "query parameter 'run'", f"name at most {MOST}"
            )
        views = [run_now(workspace, _whole(workspace, name)) for name in named]
        found = compare(workspace.store, views, metrics_in_part=True)
        metrics = of_runs(workspace.store, views)
    return page(
        call,
        "compare.html",
        title="Compare runs",
        section="Compare",
        crumbs=(Link("Compare", "/compare"), Link(" and ".join(short(run.run) for run in found.runs))),
        found=found,
        parts=sections(found),
        charts=metric_charts(metrics),
        note=note_of(step for run in metrics for step in run.in_part),
        pairs=[_shown(pair) for pair in found.pairs],
        terminal=f"runner compare {' '.join(short(run.run) for run in found.runs)}",
    )


def _pick(call: Call, workspace: Workspace, chosen: tuple[str, ...]) -> Response:
    runs = runs_page(workspace.store, RunFilter(), limit=_OFFERED).runs
    return page(call, "compare_pick.html", title="Compare runs", section="Compare", runs=runs, chosen=chosen)


def _whole(workspace: Workspace, name: str) -> str:
    return name if is_run_id(name) else index.find(workspace.store, name)


def _shown(pair: PairComparison) -> dict[str, object]:
    return {
        "before": pair.before,
        "after": pair.after,
        "steps": pair.steps,
        "environments": pair.environments,
        "code": [_code(each) for each in pair.code],
    }


def _code(change: CodeChange) -> dict[str, object]:
    files = [
        {"path": file.path, "kind": file.kind, "note": file.note, "lines": diff_lines(file.diff)}
        for file in change.files
    ]
    return {"steps": change.steps, "note": change.note, "files": files}
