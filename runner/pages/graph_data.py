"""The graph of a run for its drawing by ``graph.js`` (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from ..model.batch_words import progress_words
from ..model.plan import Plan
from ..operations.graph import Graph, GraphStep, graph_of, without_trials
from ..operations.search_progress import progress_text
from ..operations.step_status import why
from ..operations.values import RunView
from ..operations.workers import count_in
from .texts import sign

GRAPH_STYLES = ("graph.css",)
"""The style sheets of a drawn graph, beside ``style.css``."""
GRAPH_SCRIPTS = ("viewport.js", "graph.js")
"""The scripts of a drawn graph whose layout a worker makes."""
LAYOUT_SCRIPTS = ("vendor/dagre.js", "graph_layout.js")
"""The scripts of the layout: those of the worker, or the first ones of a page that has none."""
_ABOUT = 300
"""Characters of a reason in a tooltip."""


def graph_document(view: RunView, now: datetime) -> dict[str, object]:
    """Return the graph of a run as ``runnerPages.drawGraph`` takes it. The trials of a search are in the search's step.

    Args:
        view: The run.
        now: The time.

    """
    return document(without_trials(graph_of(view.plan, view.state)), view, now)


def plan_document(plan: Plan) -> dict[str, object]:
    """Return the graph of a plan without a run.

    Args:
        plan: The plan.

    """
    graph = without_trials(graph_of(plan))
    steps = []
    for step in graph.steps:
        search = plan.by_key[step.key].search
        note = f"{len(search.trials)} trials" if search else PurePosixPath(step.script).name
        about = f"{step.name}\n{step.script}" if step.script else step.name
        kind = "search" if search else ""
        shown = {
            "key": step.key,
            "name": step.name,
            "state": "",
            "sign": "",
            "kind": kind,
            "note": note,
            "about": about,
        }
        steps.append(shown)
    return {"steps": steps, "links": _links(graph)}


def _links(graph: Graph) -> list[dict[str, object]]:
    return [{"before": link.before, "after": link.after, "data": list(link.data)} for link in graph.links]


def document(graph: Graph, view: RunView, now: datetime) -> dict[str, object]:
    """Return the document of a graph.

    Args:
        graph: The graph.
        view: Its run.
        now: The time.

    """
    return {
        "steps": [_step(step, view, now) for step in graph.steps],
        "links": _links(graph),
    }


def _step(step: GraphStep, view: RunView, now: datetime) -> dict[str, str]:
    search = view.plan.by_key[step.key].search
    workers = count_in(view, step.key)
    return {
        "key": step.key,
        "name": step.name,
        "state": step.status,
        "sign": sign(step.status),
        "kind": "search" if search else "workers" if workers > 1 else "",
        "note": ", ".join(_note(step, view, workers)),
        "about": "\n".join(_about(step, view, now)),
    }


def _note(step: GraphStep, view: RunView, workers: int) -> Iterator[str]:
    """Yield what the second line of a step says."""
    if view.plan.by_key[step.key].search:
        yield progress_text(view, step.key)
        return
    if workers > 1:
        yield f"{workers} workers"
    if step.key in view.batches:
        yield progress_words(view.batches[step.key])
    elif workers == 1 and step.script:
        yield PurePosixPath(step.script).name


def _about(step: GraphStep, view: RunView, now: datetime) -> Iterator[str]:
    yield f"{step.name}: {step.status}" if step.status else step.name
    reason = " ".join(why(view, step.key, now).split())
    if reason:
        yield reason if len(reason) <= _ABOUT else f"{reason[:_ABOUT]}…"
    if step.script:
        yield step.script
