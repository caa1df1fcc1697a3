"""Retry of an ended run, in whole or in part: a new run that reuses committed outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from ..data import integrity, retention
from ..data.dataset import Datastores
from ..dataclass import dataclass
from ..errors import BadInput
from ..model import events as e
from ..model.names import new_run_id, short, step_run_id
from ..model.plan import Plan, Submission
from ..model.policy_overrides import NO_OVERRIDES, PolicyOverrides
from ..model.state import RunState
from ..model.status import DELIVERED
from ..model.workers import WorkerKind
from ..plan import policies
from ..ports import ObjectStore
from ..runs import head, index, journal, plans, records
from . import journal_gap
from .retry_selection import Choice, Part, choose
from .submit import Submitter
from .values import RunView

ReusedSteps = Mapping[str, e.StepReused]
"""The steps with existing outputs, as journal events, by key."""


@dataclass(frozen=True)
class PlannedRetry:
    """A retry that is planned; nothing has been written."""

    origin: RunView
    choice: Choice
    standing: ReusedSteps
    gone: tuple[str, ...]
    """Keys of the steps that had succeeded and whose outputs no longer exist."""

    @property
    def running(self) -> Plan:
        """The plan of the steps that may run."""
        plan = self.origin.plan
        return replace(plan, steps=tuple(plan.by_key[key] for key in self.choice.run))


def prepare_retry(
    store: ObjectStore, datastores: Datastores, origin: RunView, part: Part, *, threads: int = 1
) -> PlannedRetry:
    """Return the plan for a retry of `part` of the ended run `origin`. Raise BadInput, StoreError."""
    _refuse_unended(store, origin)
    delivered = [key for key, step in origin.state.steps.items() if step.status in DELIVERED]
    standing = _standing(lambda key: _stands(store, datastores, origin, key), delivered, threads)
    gone = tuple(key for key in delivered if key not in standing)
    choice = choose(origin.plan, origin.state, part, frozenset(gone))
    return PlannedRetry(origin, choice, standing, gone)


def resubmit(
    store: ObjectStore, made: PlannedRetry, who: Submitter, overrides: PolicyOverrides = NO_OVERRIDES, *, run: str = ""
) -> str:
    """Write the first journal entry of the new run and return its id.

    The first entry holds everything about the start. A crash before it leaves no run; after it `resume`
    can finish the run.

    Args:
        store: The workspace store.
        made: The planned retry.
        who: The identity of the caller.
        overrides: The overrides of the command line, which precede the plan's policies.
        run: The id of the new run (see `names.computed_run_id`): made twice, it is one run. Default: empty, a new id.

    Raises:
        StoreError: The store cannot be used.
    """
    run = run or new_run_id(who.now, who.entropy)
    submission = _submission(made, who.user)
    if overrides != NO_OVERRIDES:
        submission = replace(
            submission,
            plan=plans.save(store, policies.with_overrides(made.origin.plan, overrides)),
            continue_on_step_failure=submission.continue_on_step_failure
            if overrides.continue_on_failure is None
            else overrides.continue_on_failure,
        )
    entry = index.IndexEntry(
        run=run,
        experiment=submission.experiment,
        created=who.now,
        user=who.user,
        steps=len(made.origin.plan.steps),
        tags=dict(submission.tags),
        description=submission.description,
        origin=submission.origin,
    )
    index.add(store, entry)  # first, as in `submit`
    makers = [event.origin.partition(".")[0] for event in made.standing.values()]
    with index.entry_removed_on_error(store, run):
        retention.refuse_condemned(store, [submission.origin, *submission.continued.values(), *makers])
        retention.refuse_deleted(store, [submission.origin, *submission.continued.values(), *makers])
    reused = [made.standing[key] for key in made.choice.stand]
    ended = [e.StepCanceled(key, reason) for key, reason in made.choice.ended.items()]
    skipped = [e.StepSkipped(key, reason) for key, reason in made.choice.skipped.items()]
    first: list[e.Event] = [e.RunSubmitted(submission), *_known_values(made), *reused, *ended, *skipped]
    journal.Writer(store, run, "submit", 0).append(first, who.now)
    return run


def _known_values(made: PlannedRetry) -> Iterator[e.TrialSampled]:
    """Yield the values of the trials that do not run again; `Submission.samples` has those of the others."""
    for key in (*made.choice.stand, *made.choice.ended):
        values = made.origin.state.steps[key].sampled
        if values:
            yield e.TrialSampled(key, values)


def _refuse_unended(store: ObjectStore, origin: RunView) -> None:
    """Raise BadInput for a run that may still continue; one whose journal has a gap never does."""
    state = origin.state
    if not state.over and not journal_gap.missing_entry_number(store, state, head.read(store, state.run)):
        remedy = f"drive it on: runner resume {short(state.run)}; or end it first: runner cancel {short(state.run)}"
        raise BadInput(f"run {state.run} has not ended, so it cannot be made again", remedy=remedy)


def _submission(made: PlannedRetry, user: str) -> Submission:
    state = made.origin.state
    if state.submission is None:
        raise BadInput(f"run {state.run} has not begun", remedy="give another run")
    return replace(
        state.submission,
        user=user,
        origin=state.run,
        forced=made.choice.forced,
        left_out=tuple(made.choice.skipped),
        continued=dict(_continued(made)),
        samples={key: values for key in made.choice.run if (values := _values_of(state, key))},
    )


def _continued(made: PlannedRetry) -> Iterator[tuple[str, str]]:
    """Yield the pools that go on with batches of an earlier run: none that succeeded there or that the user chose."""
    state = made.origin.state
    earlier = state.submission.continued if state.submission else {}
    for key in made.choice.run:
        workers, step = made.origin.plan.by_key[key].workers, state.steps[key]
        pool = workers is not None and workers.kind is WorkerKind.POOL
        if pool and key not in made.choice.forced and step.status not in DELIVERED:
            run = state.run if step.attempt else earlier.get(key, "")
            if run:
                yield key, run


def _values_of(state: RunState, key: str) -> Mapping[str, object]:
    """Return the values of a trial; those that an earlier run drew for it, if its turn has not come in this one."""
    earlier = state.submission.samples if state.submission else {}
    return state.steps[key].sampled or earlier.get(key, {})


def _standing(look: Callable[[str], e.StepReused | None], keys: Iterable[str], threads: int) -> ReusedSteps:
    if threads == 1:
        found = list(map(look, keys))
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(look, keys))
    return {event.key: event for event in found if event is not None}


def _stands(store: ObjectStore, datastores: Datastores, origin: RunView, key: str) -> e.StepReused | None:
    """Return the step as reused; None if its commit, a manifest or a file of its outputs is missing or changed."""
    step = origin.state.steps[key]
    maker = step.origin or step_run_id(origin.state.run, key)
    if records.committing_attempt(store, maker) is None:
        return None
    outputs = integrity.all_intact(store, datastores, step.outputs)
    return e.StepReused(key, maker, outputs) if outputs is not None else None
