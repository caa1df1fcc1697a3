"""The plan of a run, an immutable DAG, and its submission."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Union

from ..dataclass import dataclass, field
from .digest import digest_of
from .environment import NamedEnvironment
from .policy import RunPolicy
from .step import StepSpec

Scalar = Union[str, int, float, bool, None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps, environments and parameter defaults; parameters are not bound.

    *Draft*: steps name folders (``source``). *Locked*: they name snapshots. Only locked plans are stored.
    """

    steps: tuple[StepSpec, ...]
    environments: Mapping[str, NamedEnvironment] = field(default_factory=dict)
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    description: str = ""
    policy: RunPolicy = field(default_factory=RunPolicy)
    node_parameters: tuple[str, ...] = ()
    """The names of parameters that set a number of nodes or processes: they can only be 1."""

    @cached_property
    def digest(self) -> str:
        """The hex SHA-256 of the canonical JSON; a locked plan is stored at ``plans/<digest>.json``."""
        return digest_of(self)

    def step(self, key: str) -> StepSpec:
        """Return the step of that key. Raises KeyError."""
        return self.by_key[key]

    @cached_property
    def by_key(self) -> Mapping[str, StepSpec]:
        """Steps by key."""
        return {step.key: step for step in self.steps}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Each step's position in the plan's order, from 0, by its key."""
        return {step.key: at for at, step in enumerate(self.steps)}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Each step's name for people, by its key: its own name if no other step has it, else the key."""
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
        """Return the keys of the steps that use an environment on a target, by both; `targets` is by step key."""
        out: dict[tuple[str, str], list[str]] = {}
        for step in self.steps:
            out.setdefault((step.environment, targets[step.key]), []).append(step.key)
        return {pair: tuple(keys) for pair, keys in out.items()}

    @cached_property
    def decisive(self) -> tuple[str, ...]:
        """The keys of the steps whose failure is the run's: all but the trials of searches."""
        return tuple(step.key for step in self.steps if not step.trial_of)

    @cached_property
    def searches(self) -> tuple[StepSpec, ...]:
        """The steps that are searches."""
        return tuple(step for step in self.steps if step.search is not None)

    @cached_property
    def unreusable(self) -> tuple[str, ...]:
        """The keys of the steps that no equal step may replace."""
        return tuple(step.key for step in self.steps if not step.reuse)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The submission of a plan: the first event of every run."""

    plan: str
    """The locked plan's digest."""
    experiment: str
    targets: Mapping[str, str] = field(default_factory=dict)
    """The configured target of each step, by the step's key."""
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
    """The most nodes in use by compute name (v1's ``max_nodes``); absent: the target's own limit.

    A step takes one, or one for each of its workers.
    """
    origin: str = ""
    """The run that this one retries, in whole or in part."""
    continued: Mapping[str, str] = field(default_factory=dict)
    """The run with which each pool goes on, by its key: batches that have succeeded there are not run again.

    It is `origin`, or an earlier one if the step was not started there. Absent: all of its batches run.
    """
    forced: tuple[str, ...] = ()
    """Keys of steps that run even if an equal step can replace them."""
    left_out: tuple[str, ...] = ()
    """Keys of steps that were not requested: skipping them is no failure."""
    samples: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """The values of trials that this retry runs again, by the key of the trial; others are drawn."""
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    published: str = ""
    """The id of the published pipeline; empty: the plan is that of a pipeline object or file."""
    schedule: str = ""
    """The id of the schedule that was due."""
    source: str = ""
    """v1's RunSource: ``REST``, ``Schedule`` …; empty: ``SDK``."""

    @cached_property
    def forced_keys(self) -> frozenset[str]:
        """`forced` as a set."""
        return frozenset(self.forced)
