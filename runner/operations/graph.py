"""The graph of a plan or of a run: the document of ``runner graph --format json`` (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..dataclass import dataclass
from ..model.plan import Plan
from ..model.state import RunState
from ..model.step import OutputOf, StepSpec
from .report import display_names


@dataclass(frozen=True, kw_only=True)
class GraphStep:
    """One step. `status` is empty for a plan without a run."""

    key: str
    name: str
    script: str
    status: str = ""
    trial_of: str
    """The key of the search whose trial it is; empty: it is no trial."""


@dataclass(frozen=True)
class Link:
    """A dependency of a step: outputs of another one, or (no `data`) its end."""

    before: str
    after: str
    data: tuple[str, ...]
    """Names of the producer's outputs; none: only the order was requested (``run_after``)."""


@dataclass(frozen=True)
class Graph:
    """Steps in the order of the plan, and links in the order of the dependent steps."""

    steps: tuple[GraphStep, ...]
    links: tuple[Link, ...]


def graph_of(plan: Plan, state: RunState | None = None) -> Graph:
    """Return the graph of a valid plan, with the status of each step if there is a run."""
    names = display_names(plan)
    known = {key: step.status.value for key, step in state.steps.items()} if state else {}
    steps = tuple(
        GraphStep(
            key=step.key,
            name=names[step.key],
            script=step.script,
            status=known.get(step.key, ""),
            trial_of=step.trial_of,
        )
        for step in plan.steps
    )
    return Graph(steps, tuple(link for step in plan.steps for link in _links(step)))


def without_trials(graph: Graph) -> Graph:
    """Return the graph with the trials of each search in the search's own step.

    Args:
        graph: The graph.
    """
    searches = {step.key: step.trial_of for step in graph.steps if step.trial_of}
    if not searches:
        return graph
    links = (
        Link(searches.get(link.before, link.before), searches.get(link.after, link.after), link.data)
        for link in graph.links
    )
    kept = dict.fromkeys(link for link in links if link.before != link.after)
    began = {step.trial_of for step in graph.steps if step.trial_of and step.status not in ("", "waiting")}
    steps = (
        replace(step, status="running") if step.key in began and step.status == "waiting" else step
        for step in graph.steps
        if not step.trial_of
    )
    return Graph(tuple(steps), tuple(kept))


def _links(step: StepSpec) -> Iterator[Link]:
    trials = step.search.trials if step.search else ()
    made: dict[str, list[str]] = {key: [] for key in (*step.after, *trials)}
    for given in step.inputs:
        if isinstance(given.source, OutputOf):
            made.setdefault(given.source.step, []).append(given.source.output)
    for before, data in made.items():
        yield Link(before, step.key, tuple(dict.fromkeys(data)))
