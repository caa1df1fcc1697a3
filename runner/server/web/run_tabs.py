"""The values of the tabs of a run's page. Each is read only if somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ObjectMissing
from ...operations import run_metrics
from ...operations.lineage import plan_facts, run_facts
from ...operations.lineage_products import ModelMemory, datasets_of_run, models_of_run
from ...operations.metric_history import note_of
from ...operations.metrics import MetricLines, gather, metric_lines
from ...operations.parallel_reads import read_each
from ...operations.search_progress import progress_text
from ...operations.timeline import timeline
from ...operations.trials import search_of, trials_of
from ...operations.values import RunView
from ...operations.why import Explanation, explain
from ...pages.gantt import gantt
from ...pages.output_rows import output_rows
from ...pages.policy_rows import run_policy_rows, step_policy_rows
from ...pages.reuse_rows import reuse_rows
from ...pages.step_list import PAGE, shown_keys, step_address
from ...pages.trial_data import trial_table
from ...ports import ObjectStore
from ...runs.records import shown_attempt
from ..context import Workspace
from ..operation import Call
from ..run_access import step_key

_METERED = 300
"""The most steps whose metrics are read at once."""
_MODELS = ModelMemory()


def timeline_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the timeline's tab.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    found = timeline(workspace.store, view, call.context.clock.now())
    return {"chart": gantt(found, _page(call))}


def trials_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the trials' tab: those of one search.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    searches = tuple(
        (step.key, view.plan.names[step.key], progress_text(view, step.key)) for step in view.plan.searches
    )
    keys = [key for key, _, _ in searches]
    wanted = call.text("search") or (keys[0] if keys else "")
    key = step_key(view, wanted) if wanted else ""
    if key not in keys:
        return {"searches": (), "search": "", "trials": {"rows": ()}}
    trials = trials_of(workspace.store, view, key)
    return {
        "searches": searches,
        "search": key,
        "trials": trial_table(view.state.run, search_of(view, key), trials),
        "scripts": ("parallel.js",),
        "styles": ("parallel.css",),
    }


def metrics_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the metrics' tab: the newest value of each.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    del call
    begun = [key for key in shown_keys(view) if view.state.steps[key].attempt or view.state.steps[key].origin]
    found = tuple(_logged(workspace.store, view, begun[:_METERED]))
    names = view.plan.names
    note = note_of(names[key] for key, lines in found if lines.skipped)
    if len(begun) > _METERED:
        first = f"Metrics of the first {_METERED} steps are shown; the others have theirs on their pages."
        note = f"{first} {note}".strip()
    return {
        "own": run_metrics.of_run(workspace.store, view.state.run),
        "logged": [
            (names[key], step_address(view.state.run, key), metric)
            for key, lines in found
            for metric in gather(lines.lines)
        ],
        "note": note,
    }


def _logged(store: ObjectStore, view: RunView, keys: list[str]) -> Iterator[tuple[str, MetricLines]]:
    def one(key: str) -> MetricLines:
        task = shown_attempt(store, view.state, key)
        return metric_lines(store, task) if task else MetricLines([], 0, 0)

    return zip(keys, read_each(store, one, keys), strict=True)


def data_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the data's tab: registrations that the run reads or has made, and the outputs of its steps.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    plan, said, store = plan_facts(view.plan), view.state.submission, workspace.store
    outputs = output_rows(view)
    last = max(1, -(-len(outputs) // PAGE))
    number = min(_page(call), last)
    return {
        "reads": plan.reads[:_METERED],
        "datasets": datasets_of_run(store, run_facts(view.state.run, said, plan)) if said else (),
        "models": models_of_run(store, view.state.run, _MODELS).models,
        "outputs": outputs[(number - 1) * PAGE : number * PAGE],
        "output_page": number,
        "output_pages": last,
    }


def reuse_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the reuse's tab: what was reused, and for one step why it was not.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    wanted = call.text("step")
    key = step_key(view, wanted) if wanted else ""
    rows = reuse_rows(view)
    last = max(1, -(-len(rows) // PAGE))
    number = min(_page(call), last)
    return {
        "reuse": rows[(number - 1) * PAGE : number * PAGE],
        "reuse_page": number,
        "reuse_pages": last,
        "explained_key": key,
        "explained": _explained(workspace, view, key) if key else None,
    }


def _explained(workspace: Workspace, view: RunView, key: str) -> Explanation:
    try:
        return explain(workspace.store, workspace.datastore, view, key)
    except ObjectMissing:
        gone = "the store does not know what it read any more"
        return Explanation(key=key, verdict=view.state.steps[key].status.value, reason=gone, compared_with="")


def settings_tab(call: Call, workspace: Workspace, view: RunView) -> dict[str, object]:
    """Return the values of the settings' tab.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    """
    del call, workspace
    said = view.state.submission
    return {
        "run_policies": run_policy_rows(view),
        "step_policies": step_policy_rows(view.plan),
        "plan": said.plan if said else "",
    }


def _page(call: Call) -> int:
    return int(call.query.get("page", 1))
