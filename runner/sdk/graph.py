"""The steps of a pipeline and the order among them (pure)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from ..errors import Problem
from ..override import override
from .bindings import Bindings
from .flow import Output
from .steps.base import PipelineStep


class StepSequence:
    """Steps one after another; a list inside runs in parallel."""

    def __init__(self, steps: Sequence[object] | None = None) -> None:
        self.steps = list(steps or ())

    def __iter__(self) -> Iterator[object]:
        return iter(self.steps)

    @override
    def __repr__(self) -> str:
        return f"StepSequence({self.steps!r})"


class Graph:
    """Steps in order of construction, what each binds, and whom each must follow."""

    def __init__(self) -> None:
        self.bindings: dict[PipelineStep, Bindings] = {}
        self.after: dict[PipelineStep, list[PipelineStep]] = {}
        """From `run_after` and StepSequence; data add their own."""
        self.problems: list[Problem] = []

    @override
    def __repr__(self) -> str:
        return f"Graph({', '.join(step.name for step in self.bindings)})"

    def producer(self, output: Output) -> PipelineStep | None:
        """The step of the graph that makes `output`."""
        for step, bound in self.bindings.items():
            if any(output is made for made in bound.outputs.values()):
                return step
        return None

    def add(self, step: PipelineStep) -> None:
        """Make the step part of the graph."""
        if step not in self.bindings:
            self.bindings[step] = Bindings(step)
            self.after[step] = list(step.after)


def gather(steps: object, *, resolve_closure: bool = True) -> Graph:
    """The graph of what a user gave as `steps`, with what those need.

    Raises NotImplementedError for a tuple, ValueError for anything that is no step (as v1).
    """
    graph = Graph()
    _flatten(graph, steps)
    if not graph.bindings:
        raise ValueError("a pipeline needs at least one step")
    _close(graph, resolve=resolve_closure)
    order = sorted(graph.bindings, key=lambda step: step.serial)
    graph.bindings = {step: graph.bindings[step] for step in order}
    graph.problems.extend(_claims(graph))
    return graph


def _flatten(graph: Graph, item: object) -> list[PipelineStep]:
    if isinstance(item, PipelineStep):
        graph.add(item)
        return [item]
    if isinstance(item, tuple):
        raise NotImplementedError("a tuple is not possible in steps: use a list, or StepSequence for an order")
    if isinstance(item, list):
        return [step for part in item for step in _flatten(graph, part)]
    if isinstance(item, StepSequence):
        return _flatten_sequence(graph, item)
    from .flow import Placeholder

    if isinstance(item, Placeholder):  # v1 accepts a PipelineData: the step that makes it
        return _flatten(graph, _makers(item))
    raise ValueError(f"a {type(item).__name__} is no pipeline step")


def _makers(item: object) -> list[object]:
    output = getattr(item, "produced", lambda: None)()
    return list(output.producers[-1:]) if isinstance(output, Output) else []


def _flatten_sequence(graph: Graph, sequence: StepSequence) -> list[PipelineStep]:
    whole: list[PipelineStep] = []
    before: list[PipelineStep] = []
    for part in sequence.steps:
        steps = _flatten(graph, part)
        for step in steps:
            graph.after[step].extend(before)
        before = steps or before
        whole.extend(steps)
    return whole


def _close(graph: Graph, *, resolve: bool) -> None:
    made = {id(output): step for step, bound in graph.bindings.items() for output in bound.outputs.values()}
    waiting = list(graph.bindings)
    while waiting:
        step = waiting.pop()
        for other in _ancestors(graph, step, made):
            if other in graph.bindings:
                continue
            if not resolve:
                raise ValueError(f"step '{other.name}', which '{step.name}' needs, is not in steps")
            graph.add(other)
            made.update({id(output): other for output in graph.bindings[other].outputs.values()})
            waiting.append(other)


def _ancestors(graph: Graph, step: PipelineStep, made: Mapping[int, PipelineStep]) -> list[PipelineStep]:
    found = list(graph.after[step])
    for consumed in graph.bindings[step].inputs.values():
        origin = consumed.origin
        if isinstance(origin, Output) and id(origin) not in made and origin.producers:
            found.append(origin.producers[-1])
    return found


def _claims(graph: Graph) -> list[Problem]:
    """Outputs that two steps claim to make, and names given twice to a pipeline's outputs."""
    makers: dict[int, list[PipelineStep]] = {}
    shown: dict[str, Output] = {}
    outputs: dict[int, Output] = {}
    problems: list[Problem] = []
    for step, bound in graph.bindings.items():
        for output in bound.outputs.values():
            makers.setdefault(id(output), []).append(step)
            outputs[id(output)] = output
            if output.shown_as and shown.setdefault(output.shown_as, output) is not output:
                problems.append(Problem(f"two outputs have the pipeline_output_name '{output.shown_as}'", output.where))
    for identity, steps in makers.items():
        if len(steps) > 1:
            names = " and ".join(f"'{step.name}' ({step.where})" for step in steps)
            problems.append(
                Problem(
                    f"'{outputs[identity].name}' is an output of two steps: {names}",
                    outputs[identity].where,
                    "give each step a PipelineData of its own",
                )
            )
    return problems


def ordered(keys: Sequence[str], needs: Mapping[str, frozenset[str]]) -> tuple[list[str], list[str]]:
    """(keys with every need before its user, in the given order otherwise; the keys of one cycle, if any)."""
    rank = {key: index for index, key in enumerate(keys)}
    missing = {key: len(needs[key]) for key in keys}
    users: dict[str, list[str]] = {key: [] for key in keys}
    for key in keys:
        for need in needs[key]:
            users[need].append(key)
    ready = [rank[key] for key in keys if not missing[key]]
    heapq.heapify(ready)
    done: list[str] = []
    while ready:
        key = keys[heapq.heappop(ready)]
        done.append(key)
        for user in users[key]:
            missing[user] -= 1
            if not missing[user]:
                heapq.heappush(ready, rank[user])
    return done, _cycle({key for key in keys if missing[key]}, needs)


def _cycle(left: set[str], needs: Mapping[str, frozenset[str]]) -> list[str]:
    """Walk needs inside `left` until a key comes back: every such key has a need in it."""
    if not left:
        return []
    walk = [min(left)]
    while True:
        following = min(needs[walk[-1]] & left)
        if following in walk:
            return walk[walk.index(following) :][::-1]
        walk.append(following)
