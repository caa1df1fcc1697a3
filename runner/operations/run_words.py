"""The words of a run's summary, in the terminal and on pages (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..model.document import Document
from .report import OriginReport, StepReport

TROUBLED = 10
"""The most steps that are described in full: failed ones, and those that wait for something that can be repaired."""
TAIL = 12
"""Lines of a failed step's output."""
_NAMED = 5
"""Names of steps that failed alike."""


def origin_facts(submitted: OriginReport) -> Iterator[tuple[str, str]]:
    """Yield what is known about the way in which a run was submitted: a name and a text."""
    if submitted.pipeline:
        version = f"@{submitted.pipeline_version}" if submitted.pipeline_version else ""
        named = f"{submitted.pipeline_name}{version}"
        yield "published pipeline", f"{named} ({submitted.pipeline})" if named else submitted.pipeline
    if submitted.schedule:
        yield "schedule", submitted.schedule_name or submitted.schedule
    if submitted.source and not submitted.schedule:
        yield "submitted by", submitted.source
    if submitted.parent:
        yield "child of", submitted.parent


def value_text(value: Document) -> str:
    """Return the value of a parameter in one line: text as it is, data by its places."""
    if isinstance(value, Mapping):
        places = [value] if "path" in value else value.get("paths", ())
        shown = ", ".join(f"{each.get('datastore', '')}/{each.get('path', '')}" for each in places)
        return f"{value['name']}: {shown}" if value.get("name") else shown
    return value if isinstance(value, str) else json.dumps(value)


def troubled(steps: Sequence[StepReport]) -> list[StepReport]:
    """Return the steps to report in full: those that failed, or wait for something that can be mended.

    A failed trial is among them only if its search has failed too, because the search may succeed with the other
    trials. Steps of which the same is to be reported, as those that share a broken environment, are one, with the
    names of all.

    Args:
        steps: All steps of the run, with the trials of searches.

    """
    failed = {step.key for step in steps if step.status == "failed"}
    found = [step for step in steps if step.status == "failed" or step.remedy]
    return _alike([step for step in found if not step.trial_of or step.trial_of in failed or step.status != "failed"])


def _alike(steps: Sequence[StepReport]) -> list[StepReport]:
    names: dict[object, list[str]] = {}
    first: dict[object, StepReport] = {}
    for step in steps:
        same = (step.status, step.reason, step.remedy, step.failure, step.attempt, step.attempts, step.tail)
        first.setdefault(same, step)
        names.setdefault(same, []).append(step.name)
    return [replace(step, name=_listed(names[same])) for same, step in first.items()]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
