"""Why a step ran, or did not have to: compared with the newest earlier step of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from ..control.assign import made_in
from ..control.fingerprint import Bound, bind
from ..control.pinning import pins_of
from ..data import integrity
from ..data.dataset import Datastores
from ..dataclass import dataclass
from ..errors import BadInput, StoreError
from ..model.data import DataRef
from ..model.names import step_run_id
from ..model.plan import Submission
from ..model.status import DELIVERED, StepStatus
from ..model.step import OutputOf
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import index, records
from . import watch
from .differences import Difference, differences
from .values import RunView

_FAR = 200
"""Earlier runs that are looked through."""


@dataclass(frozen=True)
class Explanation:
    """Why a step ran or was reused. Every field is always written."""

    key: str
    verdict: str
    """``reused``, ``ran``, or the step's status where it never started."""
    reason: str
    """One line."""
    compared_with: str
    """The step run it is compared with; empty when there is none."""
    differences: tuple[Difference, ...] = ()


def explain(store: ObjectStore, datastores: Datastores, view: RunView, key: str) -> Explanation:
    """Why the step ran, was reused, or has not started. Raises StoreError."""
    step, spec = view.state.steps[key], view.plan.by_key[key]
    submission = view.state.submission
    if step.status is StepStatus.REUSED:
        return Explanation(key, "reused", f"nothing differs from {step.origin}: its outputs stand in", step.origin)
    verdict = "ran" if step.attempt else step.status.value
    if step.status is StepStatus.SKIPPED:
        return Explanation(key, verdict, step.reason, "")
    if spec.always:
        return Explanation(key, verdict, "it always runs", "")
    if submission is not None and key in submission.forced_keys:
        return Explanation(key, verdict, f"{submission.origin} was made again from here on", "")
    if not spec.reuse:
        return Explanation(key, verdict, "it may not be reused (allow_reuse=False)", "")
    if submission is not None and submission.regenerate_outputs:
        return Explanation(key, verdict, "the run was submitted with regenerate_outputs=True", "")
    mine = _bound(store, datastores, view, key)
    if mine is None:
        return Explanation(key, verdict, "what it reads is not there yet", "")
    return _compared(store, datastores, view, Explanation(key, verdict, "", ""), mine)


def _compared(store: ObjectStore, datastores: Datastores, view: RunView, told: Explanation, mine: Bound) -> Explanation:
    earlier = _earlier(store, datastores, view, mine.step.name)
    if earlier is None:
        return replace(told, reason=f"no earlier run has finished a step '{mine.step.name}'")
    origin, theirs, outputs = earlier
    told = replace(told, compared_with=origin)
    if not theirs.step.reuse:
        return replace(told, reason=f"{origin} may not be reused (allow_reuse=False)")
    found = tuple(differences(store, theirs, mine))
    if found:
        return replace(told, reason=f"it differs from {origin}", differences=found)
    lost = [name for name, ref in outputs.items() if not integrity.is_intact(store, datastores(ref.datastore), ref)]
    if lost:
        return replace(told, reason=f"nothing differs from {origin}, but its output '{lost[0]}' is gone or was changed")
    return replace(told, reason=f"nothing differs from {origin}, which had not finished when this one started")


def _earlier(
    store: ObjectStore, datastores: Datastores, view: RunView, name: str
) -> tuple[str, Bound, Mapping[str, DataRef]] | None:
    """The newest step of that name that an earlier run has finished: its step run, what it was, its outputs."""
    for other in _runs_before(store, view):
        for step in other.plan.steps:
            known = other.state.steps[step.key]
            if step.name != name or known.status not in DELIVERED:
                continue
            bound = _bound(store, datastores, other, step.key)
            if bound is not None:
                return known.origin or step_run_id(other.state.run, step.key), bound, known.outputs
    return None


def _runs_before(store: ObjectStore, view: RunView) -> Iterator[RunView]:
    earlier = (run for run in index.run_ids(store) if run < view.state.run)
    for run in islice(earlier, _FAR):
        try:
            yield watch.view(store, run)
        except (BadInput, StoreError):
            continue  # one that was never begun, or is damaged, explains nothing


def _bound(store: ObjectStore, datastores: Datastores, view: RunView, key: str) -> Bound | None:
    """What the step was when it started, or would be now; None while it waits for others' outputs."""
    submission, step, spec = view.state.submission, view.state.steps[key], view.plan.by_key[key]
    made = made_in(view.state)
    if submission is None or not spec.needs <= made.keys():
        return None
    if step.attempt:
        return _started(store, view, submission, key)
    if step.origin:
        run, _, origin = step.origin.partition(".")
        return _bound(store, datastores, watch.view(store, run), origin)
    try:
        return bind(view.plan, submission, spec, made, pins_of(store, datastores, spec))
    except BadInput:
        return None


def _started(store: ObjectStore, view: RunView, submission: Submission, key: str) -> Bound:
    task = records.assignment(store, TaskId(view.state.run, key, view.state.steps[key].attempt).assignment)
    spec = view.plan.by_key[key]
    given = {binding.name: binding.ref for binding in task.inputs}
    pins = {one.name: given[one.name] for one in spec.inputs if not isinstance(one.source, OutputOf)}
    return bind(view.plan, submission, spec, made_in(view.state), pins)
