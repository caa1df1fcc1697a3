"""The pages of experiments."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from ...errors import BadInput
from ...operations import watch
from ...operations.experiments import experiment_runs, experiments
from ...operations.metric_history import note_of, of_runs
from ...operations.parallel_reads import read_each
from ...operations.trials import search_of, trials_of
from ...operations.values import RunView
from ...pages.experiment_page import ExperimentPage, experiment_page
from ...pages.shell import Link
from ...pages.trial_data import trial_table
from ...ports import ObjectStore
from ..operation import Call, Operation, Parameter
from ..problems import not_found
from .page import page
from .routes import shown_page

RUNS = 50
"""The newest runs of an experiment that its page shows."""
_NAME = Parameter(name="name", about="The name of the experiment.", in_path=True)
_METRIC = Parameter(name="metric", about="The metric, as STEP: METRIC.", schema={"type": "string", "maxLength": 600})


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        shown_page("/experiments", "page_experiments", "The experiments", _list),
        shown_page(
            "/experiments/{name:path}", "page_experiment", "The runs of an experiment by a metric", _one, _NAME, _METRIC
        ),
    )


def _list(call: Call) -> Response:
    with call.context.workspaces.borrow() as workspace:
        found = experiments(workspace.store)
    return page(call, "experiments.html", title="Experiments", section="Experiments", found=found)


def _one(call: Call) -> Response:
    name = call.text("name")
    with call.context.workspaces.borrow() as workspace:
        store = workspace.store
        runs, more = experiment_runs(store, name, RUNS)
        if not runs and not more:
            raise not_found(f"There is no experiment '{name[:100]}' here.", "see: /experiments")
        views = [view for view in read_each(store, lambda run: _view(store, run), runs) if view is not None]
        metrics = of_runs(store, views)
        shown = experiment_page(name, views, metrics, call.text("metric"))
        trials = _trials(store, shown, views)
    return page(
        call,
        "experiment.html",
        title=name,
        section="Experiments",
        crumbs=(Link("Experiments", "/experiments"), Link(name)),
        shown=shown,
        more=more,
        trials=trials,
        note=note_of(step for run in metrics for step in run.in_part),
    )


def _view(store: ObjectStore, run: str) -> RunView | None:
    try:
        return watch.view(store, run)
    except BadInput:  # never begun, or deleted meanwhile
        return None


def _trials(store: ObjectStore, shown: ExperimentPage, views: Sequence[RunView]) -> dict[str, object] | None:
    """Return the trials of the newest search."""
    if not shown.searches:
        return None
    run, key, name = shown.searches[0]
    view = next(view for view in views if view.state.run == run)
    table = trial_table(run, search_of(view, key), trials_of(store, view, key))
    return {"run": run, "key": key, "name": name, "table": table} if table.rows else None
