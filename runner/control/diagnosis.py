"""Choose the remedy for a failure (pure). The target itself supplies remedies that only it can know."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.memory import OR_GROW, more_memory
from ..model.names import retry_command
from ..model.observation import Observation
from ..model.record import Failure
from ..model.step import StepSpec
from .error_hints import complaint
from .policy import Endings, resources_for

_TAKEN = {
    Failure.LOST: ("infrastructure_retries", "its nodes stay up and nobody deletes its pods"),
    Failure.DISRUPTED: ("disruption_retries", "the cluster lets it finish (spot nodes, priorities, evictions)"),
    Failure.STORE: ("infrastructure_retries", "the store answers where the step runs"),
}
"""For each failure that is retried automatically: the policy that limits it, and the advice."""
_DISK_FULL = re.compile(r"\[Errno (?:28|122)\]|no space left on device", re.IGNORECASE)
_TOO_LONG = "[Errno 7]"


def remedy_for(step: StepSpec, failure: Failure, seen: Observation, *, endings: Endings, run: str) -> str:
    """Return the remedy that the user of `run` sees; empty if the reason already states it.

    Every remedy of a failed step is decided here. The target's own remedy takes precedence, because only the target
    knows the cluster or machine. Else the class of the failure decides, and for a script's own failure `error_hints`
    reads its last lines.
    """
    remedy = seen.remedy or next(_remedies(step, failure, seen, endings=endings, retry=retry_command(run)), "")
    return remedy.removesuffix(OR_GROW) if step.policy.retry_oom else remedy


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
    """Return the remedy for a time limit; the reason names the limit."""
    for limit in ("queue_timeout", "start_timeout", "run_timeout"):
        if f"({limit})" in reason:
            return f"set {limit} of step '{step.name}' higher (--{limit.replace('_', '-')}), or retries for another try"
    return f"give it more time: {retry} --deadline TIME; or run it again with a longer deadline"
