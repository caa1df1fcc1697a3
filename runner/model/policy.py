"""Policies: retries and time limits, stated in the plan.

None means "not stated". The command line takes precedence over the step, the step over the pipeline, the pipeline over
the target, and `DEFAULT` is last. A stored plan states every value in force.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class StepPolicy:
    """Retries and time limits of one step. Times are seconds; a limit of 0 means no limit."""

    retries: int | None = None
    """Further attempts after the script fails or exceeds `run_timeout`."""
    infrastructure_retries: int | None = None
    """Further attempts after a node, pod or store is lost."""
    disruption_retries: int | None = None
    """Further attempts after an eviction, a preemption, or a drained or reclaimed node."""
    retry_oom: float | None = None
    """After out-of-memory, one further attempt with this many times the memory. 0: none."""
    backoff: float | None = None
    """The pause before a further attempt. It doubles each time, up to 5 minutes."""
    queue_timeout: float | None = None
    """The longest time from submission to the target until a node is assigned."""
    start_timeout: float | None = None
    """The longest time from the assignment of a node until the process runs: volumes, image."""
    run_timeout: float | None = None
    """The longest run of one attempt, with staging of inputs and outputs."""


@dataclass(frozen=True)
class RunPolicy:
    """Limits of a whole run. 0: no limit."""

    deadline: float | None = None
    """Seconds from submission to the end of the last step. Time in which this machine slept does not count."""
    max_parallel: int | None = None
    """The most steps at the same time."""


DEFAULT = StepPolicy(
    retries=0,
    infrastructure_retries=3,
    disruption_retries=20,
    retry_oom=0.0,
    backoff=1.0,
    queue_timeout=86400.0,
    start_timeout=3600.0,
    run_timeout=0.0,
)
"""The values in force if nothing is stated."""
DEFAULT_RUN = RunPolicy(deadline=0.0, max_parallel=0)
LONGEST_PAUSE = 300.0
"""Seconds."""


def merge_policies(*words: StepPolicy) -> StepPolicy:
    """Merge policies; earlier ones take precedence."""
    return StepPolicy(**_first(words))


def merge_run_policies(*words: RunPolicy) -> RunPolicy:
    """Merge the policies of a whole run; earlier ones take precedence."""
    return RunPolicy(**_first(words))


def _first(words: tuple[Any, ...]) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(words[0])]
    overrides = {name: [getattr(word, name) for word in words if getattr(word, name) is not None] for name in names}
    return {name: values[0] if values else None for name, values in overrides.items()}
