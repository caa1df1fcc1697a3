"""What to do about a failure, in words (pure). What only a target can know, it says itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model.observation import Observation
from ..model.record import Failure
from ..model.step import StepSpec
from .policy import Endings, resources_for

_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?")


def remedy_for(step: StepSpec, endings: Endings, failure: Failure, seen: Observation) -> str:
    """What the user may do now; empty where the reason says it all."""
    if seen.remedy:
        return seen.remedy
    return next(_remedies(step, endings, failure, seen), "")


def _remedies(step: StepSpec, endings: Endings, failure: Failure, seen: Observation) -> Iterator[str]:
    missing = _MODULE.search(seen.tail)
    if missing:
        package = missing[1].partition(".")[0]
        yield f"add the package of '{package}' to the environment '{step.environment}', or its file to the folder"
    if failure is Failure.OOM:
        asked = resources_for(step.resources, step.policy, endings)
        yield f"give the step more memory than {asked.memory_limit or asked.memory}, or say --retry-oom 2"
