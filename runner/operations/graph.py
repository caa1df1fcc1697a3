"""The graph of a plan or of a run: the document of ``runner graph --format json`` (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from ..dataclass import dataclass
from ..model.plan import Plan
from ..model.state import RunState
from ..model.step import OutputOf, StepSpec
from .report import display_names


@dataclass(frozen=True)
class GraphStep:
    """One step. `status` is empty unless it is a run's."""

    key: str
    name: str
    script: str
    status: str = ""


@dataclass(frozen=True)
class Link:
    """What one step waits for: another one's outputs, or (no `data`) its end."""

    before: str
    after: str
    data: tuple[str, ...]
    """Names of the producer's outputs; none: the order alone was asked for (``run_after``)."""


@dataclass(frozen=True)
class Graph:
    """Steps in the order of the plan, and links in the order of the steps that wait."""

    steps: tuple[GraphStep, ...]
    links: tuple[Link, ...]


def graph_of(plan: Plan, state: RunState | None = None) -> Graph:
    """The graph of a plan; with the states of its steps where there is a run. The plan has passed `validate`."""
    names = display_names(plan)
    known = {key: step.status.value for key, step in state.steps.items()} if state else {}
    steps = tuple(GraphStep(step.key, names[step.key], step.script, known.get(step.key, "")) for step in plan.steps)
    return Graph(steps, tuple(link for step in plan.steps for link in _links(step)))


def _links(step: StepSpec) -> Iterator[Link]:
    made: dict[str, list[str]] = {key: [] for key in step.after}
    for given in step.inputs:
        if isinstance(given.source, OutputOf):
            made.setdefault(given.source.step, []).append(given.source.output)
    for before, data in made.items():
        yield Link(before, step.key, tuple(dict.fromkeys(data)))
