"""The reason why a step ran or was reused, by comparison with the newest earlier step of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from ..control.assign import outputs_of
from ..control.fingerprint import Bound, Pins, bind, trials_of
from ..control.pinning import pins_of
from ..data import integrity
from ..data.dataset import Datastores
from ..dataclass import dataclass
from ..errors import BadInput, StoreError
from ..model.data import DataRef
from ..model.names import step_run_id
from ..model.plan import Submission
from ..model.state import StepState
from ..model.status import DELIVERED, StepStatus
from ..model.step import OutputOf, StepSpec
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import index, records
from . import watch
from .differences import Difference, differences
from .environment_comparison import locked_differences
from .values import RunView

_FAR = 200
"""The most earlier runs that are searched."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The reason why a step ran or was reused. Every field is always written."""

    key: str
    verdict: str
    """One of ``reused``, ``ran``, or the status of a step that never started."""
    reason: str
    """The reason in one line."""
    compared_with: str
    """The step run of the comparison; empty: none."""
    differences: tuple[Difference, ...] = ()


def explain(store: ObjectStore, datastores: Datastores, view: RunView, key: str) -> Explanation:
    """Return the reason why the step ran, was reused, or has not started. Raise StoreError."""
    step, spec = view.state.steps[key], view.plan.by_key[key]
    submission = view.state.submission
    if step.status is StepStatus.REUSED:
        return Explanation(
            key=key,
            verdict="reused",
            reason=f"nothing differs from {step.origin}: its outputs stand in",
            compared_with=step.origin,
        )
    verdict = "ran" if step.attempt else step.status.value
    if step.status is StepStatus.SKIPPED:
        return Explanation(key=key, verdict=verdict, reason=step.reason, compared_with="")
    if spec.always:
        return Explanation(key=key, verdict=verdict, reason="it always runs", compared_with="")
    if submission is not None and key in submission.forced_keys:
        return Explanation(
            key=key, verdict=verdict, reason=f"this run retries {submission.origin} from here on", compared_with=""
        )
    if not spec.reuse:
        return Explanation(
            key=key, verdict=verdict, reason="it may not be reused (allow_reuse=False)", compared_with=""
        )
    if submission is not None and submission.regenerate_outputs:
        return Explanation(
            key=key, verdict=verdict, reason="the run was submitted with regenerate_outputs=True", compared_with=""
        )
    mine = _bound(store, datastores, view, key)
    if mine is None:
        return Explanation(key=key, verdict=verdict, reason="what it reads is not there yet", compared_with="")
    return _compared(store, datastores, view, Explanation(key=key, verdict=verdict, reason="", compared_with=""), mine)


def _compared(store: ObjectStore, datastores: Datastores, view: RunView, told: Explanation, mine: Bound) -> Explanation:
    earlier = _earlier(store, datastores, view, mine.step.name)
    if earlier is None:
        return replace(told, reason=f"no earlier run has finished a step '{mine.step.name}'")
    origin, theirs, outputs, lock = earlier
    told = replace(told, compared_with=origin)
    if not theirs.step.reuse:
        return replace(told, reason=f"{origin} may not be reused (allow_reuse=False)")
    found = tuple(differences(store, theirs, mine))
    if found and theirs.environment != mine.environment:
        old, new = (theirs.environment.digest, lock), (mine.environment.digest, _lock_of(view, told.key))
        found += locked_differences(store, old, new)
    if found:
        return replace(told, reason=f"it differs from {origin}", differences=found)
    lost = [name for name, ref in outputs.items() if not integrity.is_intact(store, datastores(ref.datastore), ref)]
    if lost:
        return replace(told, reason=f"nothing differs from {origin}, but its output '{lost[0]}' is gone or was changed")
    return replace(told, reason=f"nothing differs from {origin}, which had not finished when this one started")


def _earlier(
    store: ObjectStore, datastores: Datastores, view: RunView, name: str
) -> tuple[str, Bound, Mapping[str, DataRef], str] | None:
    """Return the newest finished step of that name in an earlier run: step run, fingerprint data, outputs, lock."""
    for other in _runs_before(store, view):
        for step in other.plan.steps:
            known = other.state.steps[step.key]
            if step.name != name or known.status not in DELIVERED:
                continue
            bound = _bound(store, datastores, other, step.key)
            if bound is not None:
                origin = known.origin or step_run_id(other.state.run, step.key)
                return origin, bound, known.outputs, _lock_of(other, step.key)
    return None


def _lock_of(view: RunView, key: str) -> str:
    """Return the digest of the lock in which a step ran or will run; empty: it is not known."""
    submission = view.state.submission
    target = submission.targets.get(key, "") if submission else ""
    return view.state.locks.get((view.plan.by_key[key].environment, target), "")


def _runs_before(store: ObjectStore, view: RunView) -> Iterator[RunView]:
    earlier = (run for run in index.run_ids(store) if run < view.state.run)
    for run in islice(earlier, _FAR):
        try:
            yield watch.view(store, run)
        except (BadInput, StoreError):
            continue  # one that was never begun, or is damaged, explains nothing


def _bound(store: ObjectStore, datastores: Datastores, view: RunView, key: str) -> Bound | None:
    """Return the fingerprint data of the step at its start, or now; None while it waits for outputs."""
    submission, step, spec = view.state.submission, view.state.steps[key], view.plan.by_key[key]
    made = outputs_of(view.state)
    if submission is None or not spec.required <= made.keys() or not _is_drawn(spec, step):
        return None
    if step.attempt:
        return _started(store, view, submission, key)
    if step.origin:
        run, _, origin = step.origin.partition(".")
        return _bound(store, datastores, watch.view(store, run), origin)
    try:
        pins = pins_of(store, datastores, spec)
        return _bind(view, submission, key, pins)
    except BadInput:
        return None


def _started(store: ObjectStore, view: RunView, submission: Submission, key: str) -> Bound:
    task = records.assignment(store, TaskId(view.state.run, key, view.state.steps[key].attempt).assignment)
    spec = view.plan.by_key[key]
    given = {binding.name: binding.ref for binding in task.inputs}
    pins = {one.name: given[one.name] for one in spec.inputs if not isinstance(one.source, OutputOf)}
    return _bind(view, submission, key, pins)


def _bind(view: RunView, submission: Submission, key: str, pins: Pins) -> Bound:
    spec, made = view.plan.by_key[key], outputs_of(view.state)
    sampled, trials = view.state.steps[key].sampled, trials_of(spec, view.state)
    return bind(view.plan, submission, spec, made, pins, sampled=sampled, trials=trials)


def _is_drawn(spec: StepSpec, step: StepState) -> bool:
    """Return False for a trial whose values are not drawn yet."""
    return not spec.trial_of or bool(step.sampled)
