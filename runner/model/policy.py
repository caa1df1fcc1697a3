"""What is done when a step does not end well, and how long anything may take; stated in the Plan.

A value of None is not stated: what the command line says goes before the step's word, that before the pipeline's,
that before the target's, and `DEFAULT` is last. A stored Plan states everything that holds.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ..dataclass import dataclass


@dataclass(frozen=True)
class StepPolicy:
    """Further attempts and time limits of one step. Times are seconds; a limit of 0 is none."""

    retries: int | None = None
    """Further attempts after a failure of the script's own, or after it took too long."""
    infrastructure_retries: int | None = None
    """Further attempts after the infrastructure lost one: a node gone, a store that did not answer."""
    disruption_retries: int | None = None
    """Further attempts after the cluster took one away by intent: eviction, preemption, a drained or spot node."""
    oom_factor: float | None = None
    """One further attempt after memory ran out, with so many times the memory; 0: none."""
    backoff: float | None = None
    """The pause before a further attempt; it doubles with each, up to `LONGEST_PAUSE`."""
    queue_timeout: float | None = None
    """From being handed to the target until it has a place there (a node)."""
    start_timeout: float | None = None
    """From having a place until its process runs: volumes, image."""
    run_timeout: float | None = None
    """From its process's start to its end, staging included."""


@dataclass(frozen=True)
class RunPolicy:
    """What holds for a run as a whole. 0: no limit."""

    deadline: float | None = None
    """Seconds from its submission to the end of its last step; time this machine slept does not count."""
    max_parallel: int | None = None
    """The most steps at a time."""


DEFAULT = StepPolicy(
    retries=0,
    infrastructure_retries=3,
    disruption_retries=20,
    oom_factor=0.0,
    backoff=1.0,
    queue_timeout=86400.0,
    start_timeout=3600.0,
    run_timeout=0.0,
)
"""What holds where nothing is stated."""
DEFAULT_RUN = RunPolicy(deadline=0.0, max_parallel=0)
LONGEST_PAUSE = 300.0
"""Seconds."""


def first_stated(*words: StepPolicy) -> StepPolicy:
    """What holds of several words, the first of which goes before the others."""
    return StepPolicy(**_first(words))


def first_stated_for_run(*words: RunPolicy) -> RunPolicy:
    """The same for what holds for a whole run."""
    return RunPolicy(**_first(words))


def _first(words: tuple[Any, ...]) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(words[0])]
    stated = {name: [getattr(word, name) for word in words if getattr(word, name) is not None] for name in names}
    return {name: values[0] if values else None for name, values in stated.items()}
