"""What to do about a failure, in words (pure). What only a target can know, it says itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.memory import OR_GROW, more_memory
from ..model.names import retry_command
from ..model.observation import Observation
from ..model.record import Failure
from ..model.step import StepSpec
from .complaints import complaint
from .policy import Endings, resources_for

_TAKEN = {
    Failure.LOST: ("infrastructure_retries", "its nodes stay up and nobody deletes its pods"),
    Failure.DISRUPTED: ("disruption_retries", "the cluster lets it finish (spot nodes, priorities, evictions)"),
    Failure.STORE: ("infrastructure_retries", "the store answers where the step runs"),
}
"""By the failure that is tried again of itself: what bounds it, and what stands behind it."""
_DISK_FULL = re.compile(r"\[Errno (?:28|122)\]|No space left on device")
_TOO_LONG = "[Errno 7]"


def remedy_for(step: StepSpec, failure: Failure, seen: Observation, *, endings: Endings, run: str) -> str:
    """What the user of `run` may do now; empty where the reason says it all."""
    remedy = seen.remedy or next(_remedies(step, failure, seen, endings=endings, retry=retry_command(run)), "")
    return remedy.removesuffix(OR_GROW) if step.policy.oom_factor else remedy


def _remedies(step: StepSpec, failure: Failure, seen: Observation, *, endings: Endings, retry: str) -> Iterator[str]:
    if failure is Failure.USER:
        yield from filter(None, [complaint(step, seen.tail, seen.exit_code)])
    elif _DISK_FULL.search(seen.reason):
        yield f"make room on the disk of the machine or node where the step ran, then: {retry}"
    if failure is Failure.INPUT and "by another program while" in seen.reason:
        yield f"see that nothing writes to its inputs while steps read them, then: {retry}"
    if failure is Failure.REFUSED and _TOO_LONG in seen.reason:
        yield "hand long arguments over in a file: a system takes 128 KiB of one, and 2 MiB of all"
    if failure is Failure.OOM:
        asked = resources_for(step.resources, step.policy, endings)
        yield more_memory(asked.memory_limit or asked.memory)
    if failure is Failure.TIMEOUT:
        yield _more_time(step, seen.reason, retry)
    if failure in _TAKEN:
        option, place = _TAKEN[failure]
        many = sum(endings.values()) + 1
        yield f"{many} attempts were made: see that {place}, then: {retry}; or set {option} higher"


def _more_time(step: StepSpec, reason: str, retry: str) -> str:
    """Which limit it was, the reason says."""
    for limit in ("queue_timeout", "start_timeout", "run_timeout"):
        if f"({limit})" in reason:
            return f"set {limit} of step '{step.name}' higher (--{limit.replace('_', '-')}), or retries for another try"
    return f"give it more time: {retry} --deadline TIME; or run it again with a longer deadline"
