"""The steps of a pipeline and the order among them (pure)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from ...errors import Problem
from ...override import override
from ..base.placeholders import Output
from ..steps.base import PipelineStep
from ..steps.bindings import Bindings


class StepSequence:
    """Steps that run one after another. Steps of a list inside it run in parallel.

    Args:
        steps: Steps, or lists of steps. None: none.

    """

    def __init__(self, steps: Sequence[object] | None = None) -> None:
        self.steps = list(steps or ())

    def __iter__(self) -> Iterator[object]:
        return iter(self.steps)

    @override
    def __repr__(self) -> str:
        return f"StepSequence({self.steps!r})"


class Graph:
    """The steps of a pipeline in order of construction, with their bindings and the steps that each waits for."""

    def __init__(self) -> None:
        self.bindings: dict[PipelineStep, Bindings] = {}
        self.after: dict[PipelineStep, list[PipelineStep]] = {}
        """Waits of `run_after` and StepSequence; those for data are not in it."""
        self.problems: list[Problem] = []

    @override
    def __repr__(self) -> str:
        return f"Graph({', '.join(step.name for step in self.bindings)})"

    def producer(self, output: Output) -> PipelineStep | None:
        """Return the step of the graph that makes an output, or None.

        Args:
            output: The output.

        """
        for step, bound in self.bindings.items():
            if any(output is made for made in bound.outputs.values()):
                return step
        return None

    def add(self, step: PipelineStep) -> None:
        """Add a step to the graph.

        Args:
            step: The step.

        """
        if step not in self.bindings:
            self.bindings[step] = step.bindings
            self.after[step] = list(step.after)


def gather(steps: object, *, resolve_closure: bool = True) -> Graph:
    """Return the graph of a user's steps and of the steps that they need.

    Args:
        steps: A step, a list, a StepSequence, or PipelineData, which stands for its producer.
        resolve_closure: True: add the steps that the given ones need. Default: True.

    Raises:
        ValueError: Something is no step, there is none, or a needed one is missing (as in v1).
        NotImplementedError: There is a tuple (as in v1).

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
    from ..base.placeholders import Placeholder

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
    """Return the problems of outputs with two producers, and of repeated names among the pipeline's outputs."""
    makers: dict[int, list[PipelineStep]] = {}
    by_name: dict[str, Output] = {}
    outputs: dict[int, Output] = {}
    problems: list[Problem] = []
    for step, bound in graph.bindings.items():
        for output in bound.outputs.values():
            makers.setdefault(id(output), []).append(step)
            outputs[id(output)] = output
            if output.pipeline_output_name and by_name.setdefault(output.pipeline_output_name, output) is not output:
                problems.append(
                    Problem(f"two outputs have the pipeline_output_name '{output.pipeline_output_name}'", output.where)
                )
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
    """Sort keys so that every need comes before its user; otherwise the given order holds.

    Args:
        keys: The keys.
        needs: The keys that each key needs.

    Returns:
        The sorted keys, and the keys of one cycle; without a cycle the second list is empty.

    """
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
    """Return a cycle among the keys `left`, found by walking their needs until a key comes back."""
    if not left:
        return []
    walk = [min(left)]
    while True:
        following = min(needs[walk[-1]] & left)
        if following in walk:
            return walk[walk.index(following) :][::-1]
        walk.append(following)
