"""The graph of a submitted pipeline: the result of ``PipelineRun.get_graph``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...model.step import OutputOf
from ...override import override

if TYPE_CHECKING:
    from ...model.plan import Plan, Scalar
    from ...model.step import StepSpec


@dataclass(frozen=True)
class Node:
    """A step."""

    node_id: str
    """The step's key; its run's id is ``<run id>.<key>``."""
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Edge:
    """Data from one step to another; without an output, only an order."""

    source_node_id: str
    source_output: str
    dest_node_id: str
    dest_input: str


class RunGraph:
    """The steps of a run and their dependencies.

    Args:
        plan: The plan of the run.

    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @property
    def nodes(self) -> list[Node]:
        """The steps in the order of the plan."""
        return [_node(step) for step in self._plan.steps]

    @property
    def node_dict(self) -> dict[str, Node]:
        """The steps by id."""
        return {node.node_id: node for node in self.nodes}

    @property
    def node_name_dict(self) -> dict[str, list[Node]]:
        """The steps by name."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.name, []).append(node)
        return found

    @property
    def edges(self) -> list[Edge]:
        """The dependencies of the steps."""
        return [edge for step in self._plan.steps for edge in _edges(step)]

    @property
    def params(self) -> Mapping[str, Scalar]:
        """The pipeline's parameters and their defaults."""
        return dict(self._plan.parameters)

    @override
    def __repr__(self) -> str:
        return f"RunGraph({', '.join(node.node_id for node in self.nodes)})"


def _node(step: StepSpec) -> Node:
    inputs = tuple(spec.name for spec in step.inputs)
    return Node(step.key, step.name, inputs, tuple(spec.name for spec in step.outputs))


def _edges(step: StepSpec) -> Iterator[Edge]:
    for spec in step.inputs:
        if isinstance(spec.source, OutputOf):
            yield Edge(spec.source.step, spec.source.output, step.key, spec.name)
    for key in step.after:
        yield Edge(key, "", step.key, "")
