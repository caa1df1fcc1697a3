"""Make an ended run again, in whole or in part: a new run that stands on what the first one committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..data import integrity
from ..data.dataset import Datastores
from ..dataclass import dataclass
from ..errors import BadInput
from ..model import events as e
from ..model.names import new_run_id, short, step_run_id
from ..model.plan import Plan, Submission
from ..model.stated import NOTHING, Stated
from ..model.status import DELIVERED
from ..plan import policies
from ..ports import ObjectStore
from ..runs import head, index, journal, plans, records
from . import damage
from .again import Choice, Part, choose
from .submit import Submitter
from .values import RunView

Standing = Mapping[str, e.StepReused]
"""By key: the steps whose outputs are there, as they are told."""


@dataclass(frozen=True)
class Remake:
    """A run that is to be made of another one; nothing has been written."""

    origin: RunView
    choice: Choice
    standing: Standing
    gone: tuple[str, ...]
    """Keys of the steps that had delivered and whose outputs are no longer there."""

    @property
    def running(self) -> Plan:
        """The plan of what may run."""
        plan = self.origin.plan
        return replace(plan, steps=tuple(plan.by_key[key] for key in self.choice.run))


def remake(store: ObjectStore, datastores: Datastores, origin: RunView, part: Part, *, threads: int = 1) -> Remake:
    """What `part` means for the ended run `origin`. Raises BadInput, StoreError."""
    _refuse_unended(store, origin)
    delivered = [key for key, step in origin.state.steps.items() if step.status in DELIVERED]
    standing = _standing(lambda key: _stands(store, datastores, origin, key), delivered, threads)
    gone = tuple(key for key in delivered if key not in standing)
    choice = choose(origin.plan, origin.state, part, frozenset(gone))
    return Remake(origin, choice, standing, gone)


def resubmit(store: ObjectStore, made: Remake, who: Submitter, words: Stated = NOTHING) -> str:
    """Journal the new run; its id. `words` go before what the plan states: the command line's.

    All that is known of it at its start stands in its first entry: whoever is killed before leaves no run, and after
    it one that `resume` finishes. Raises StoreError.
    """
    run = new_run_id(who.now, who.entropy)
    submission = _submission(made, who.user)
    if words != NOTHING:
        submission = replace(
            submission,
            plan=plans.save(store, policies.said(made.origin.plan, words)),
            continue_on_step_failure=submission.continue_on_step_failure
            if words.continue_on_failure is None
            else words.continue_on_failure,
        )
    entry = index.IndexEntry(
        run,
        submission.experiment,
        who.now,
        who.user,
        len(made.origin.plan.steps),
        dict(submission.tags),
        submission.description,
        submission.origin,
    )
    index.add(store, entry)  # first, as in `submit`
    reused = [made.standing[key] for key in made.choice.stand]
    skipped = [e.StepSkipped(key, reason) for key, reason in made.choice.skipped.items()]
    journal.Writer(store, run, "submit", 0).append([e.RunSubmitted(submission), *reused, *skipped], who.now)
    return run


def _refuse_unended(store: ObjectStore, origin: RunView) -> None:
    """Raise BadInput for a run that may still go on; one whose journal lacks an entry never does."""
    state = origin.state
    if not state.over and not damage.missing_entry(store, state, head.read(store, state.run)):
        remedy = f"drive it on: runner resume {short(state.run)}; or end it first: runner cancel {short(state.run)}"
        raise BadInput(f"run {state.run} has not ended, so it cannot be made again", remedy=remedy)


def _submission(made: Remake, user: str) -> Submission:
    state = made.origin.state
    if state.submission is None:
        raise BadInput(f"run {state.run} has not begun", remedy="give another run")
    return replace(
        state.submission,
        user=user,
        origin=state.run,
        forced=made.choice.forced,
        left_out=tuple(made.choice.skipped),
    )


def _standing(look: Callable[[str], e.StepReused | None], keys: Iterable[str], threads: int) -> Standing:
    if threads == 1:
        found = list(map(look, keys))
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(look, keys))
    return {event.key: event for event in found if event is not None}


def _stands(store: ObjectStore, datastores: Datastores, origin: RunView, key: str) -> e.StepReused | None:
    """The step as reused; None when its commit, a manifest or a file of its outputs is gone or changed."""
    step = origin.state.steps[key]
    maker = step.origin or step_run_id(origin.state.run, key)
    if records.attempt_behind(store, maker) is None:
        return None
    outputs = integrity.all_intact(store, datastores, step.outputs)
    return e.StepReused(key, maker, outputs) if outputs is not None else None
