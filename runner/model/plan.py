"""The DAG of a run, immutable, and what is said when it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ..dataclass import dataclass, field
from .digest import digest_of
from .environment import NamedEnvironment
from .policy import RunPolicy
from .step import StepSpec

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Plan:
    """Steps, environments and parameter defaults; parameters are not bound.

    *Draft*: steps name folders (``source``). *Locked*: they name snapshots. Only locked plans are stored.
    """

    steps: tuple[StepSpec, ...]
    environments: Mapping[str, NamedEnvironment] = field(default_factory=dict)
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    description: str = ""
    policy: RunPolicy = field(default_factory=RunPolicy)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the written form; a locked plan is stored at ``plans/<digest>.json``."""
        return digest_of(self)

    def step(self, key: str) -> StepSpec:
        """The step of that key. Raises KeyError."""
        return self.by_key[key]

    @cached_property
    def by_key(self) -> Mapping[str, StepSpec]:
        """Steps by key."""
        return {step.key: step for step in self.steps}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Each step's place in the plan's order, from 0, by its key."""
        return {step.key: at for at, step in enumerate(self.steps)}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Each step's name for people by its key: its own where no other step has it, else the key."""
        count: dict[str, int] = {}
        for step in self.steps:
            count[step.name] = count.get(step.name, 0) + 1
        return {step.key: step.name if step.name and count[step.name] == 1 else step.key for step in self.steps}

    @cached_property
    def dependents(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of the steps that wait for each step, by its key."""
        out: dict[str, list[str]] = {step.key: [] for step in self.steps}
        for step in self.steps:
            for need in step.needs:
                out[need].append(step.key)
        return {key: tuple(waiting) for key, waiting in out.items()}

    def users(self, targets: Mapping[str, str]) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The keys of the steps that use an environment on a target, by both; `targets`: each step's, by its key."""
        out: dict[tuple[str, str], list[str]] = {}
        for step in self.steps:
            out.setdefault((step.environment, targets[step.key]), []).append(step.key)
        return {pair: tuple(keys) for pair, keys in out.items()}

    @cached_property
    def unreusable(self) -> tuple[str, ...]:
        """The keys of the steps for which no equal one may stand in."""
        return tuple(step.key for step in self.steps if not step.reuse)


@dataclass(frozen=True)
class Submission:
    """A plan set going: the first event of every run."""

    plan: str
    """The locked plan's digest."""
    experiment: str
    targets: Mapping[str, str] = field(default_factory=dict)
    """Each step's key to the name of the configured target it runs on."""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    parent: str = ""
    """The parent run's id, if any."""
    kind: str = ""
    """``script`` for a lone ScriptRunConfig of v1; empty for a pipeline."""
    user: str = ""
    subscription: str = ""
    """v1's names for the workspace; steps see them in their environment."""
    resource_group: str = ""
    workspace: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    """The most steps at a time by the compute name of the steps (v1's ``max_nodes``); absent: the target's own."""
    origin: str = ""
    """The run of which this one is made again, in whole or in part."""
    forced: tuple[str, ...] = ()
    """Keys of steps that are to run even if an equal one has been done before."""
    left_out: tuple[str, ...] = ()
    """Keys of steps that were not asked for: skipping them is no failure."""
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False

    @cached_property
    def forced_keys(self) -> frozenset[str]:
        """`forced`, to be asked of one step after the other."""
        return frozenset(self.forced)
