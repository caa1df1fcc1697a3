"""The environments that runs use, and those that no run needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..environments import lock_store
from ..errors import BadInput
from ..model.plan import Plan
from ..model.published import DraftRecord, Status
from ..ports import ObjectStore, StoredEnvironment
from ..runs import index, plans
from . import watch
from .published import pipelines
from .published.documents import Documents
from .step_status import environment_name
from .values import RunView

GRACE = timedelta(hours=1)
"""An environment that was made or found less than this ago is not removed: a run may be about to use it."""


@dataclass(frozen=True, kw_only=True)
class RunUse:
    """The environments that one run has used."""

    run: str
    ended: datetime | None
    """The end of the run; None: it is in progress."""
    references: Mapping[str, str]
    """The environment's name by the image or interpreter that the journal names."""
    specs: frozenset[str] = frozenset()
    """Digests of the specifications in its plan."""
    locks: frozenset[str] = frozenset()
    """Digests of the locks that are stored for them; none for a run that has ended."""
    wheels: frozenset[str] = frozenset()
    """Digests of the wheels that accompany them."""
    stored_only: bool = False
    """True: only what lies in the store is kept for it, and nothing on machines."""
    published: str = ""
    """The name of the published pipeline that stands here in place of a run; empty: it is a run."""


NONE: Mapping[str, RunUse] = {}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """An environment, the runs that use it, and the result for ``runner environment gc``."""

    stored: StoredEnvironment
    runs: tuple[str, ...]
    """The kept runs that use it, the newest first."""
    names: tuple[str, ...]
    """The names under which they use it."""
    reason: str
    """The reason why it is kept; empty: no run needs it."""

    @property
    def needed(self) -> bool:
        """Return True if it is kept."""
        return bool(self.reason)


def use_of(view: RunView, locks: Iterable[str] = ()) -> RunUse:
    """Return the environments that a run uses.

    Args:
        view: The run.
        locks: The digests of the locks that are stored for its specifications.

    """
    state, plan = view.state, view.plan
    specs = [each.spec for each in plan.environments.values()]
    return RunUse(
        run=state.run,
        ended=state.ended,
        references={reference: environment_name(plan, key) for (key, _), reference in state.environments.items()},
        specs=frozenset(spec.digest for spec in specs),
        locks=frozenset(locks),
        wheels=frozenset(wheel.digest for spec in specs for wheel in spec.wheels),
    )


def uses(store: ObjectStore, known: Mapping[str, RunUse] = NONE) -> Iterator[RunUse]:
    """Yield the environments of every run of a store, the newest run first.

    Args:
        store: The workspace store.
        known: What is known by run already: ended runs are not read again.

    Raises:
        StoreError: A run cannot be read.

    """
    for run in index.run_ids(store):
        if run in known and known[run].ended is not None:
            yield known[run]
            continue
        try:
            view = watch.view(store, run)
        except BadInput:
            continue  # its submission ended before the journal began
        yield use_of(view, () if view.state.over else _locks(store, view.plan))


def published_uses(store: ObjectStore) -> Iterator[RunUse]:
    """Yield the environments of published pipelines and drafts, which count as runs that have not ended.

    What lies in the store is kept for archived pipelines too, since they can be enabled again. Images and folders on
    machines are not kept for them: they are made again from the lock.

    Args:
        store: The workspace store.

    Raises:
        StoreError: A record or its plan cannot be read.

    """
    for record in pipelines.all_of(store, active_only=False):
        archived = record.status is Status.ARCHIVED
        named = {} if archived else {each.reference: each.environment for each in record.prepared}
        yield _use_of_plan(store, record.id, record.name, plans.load(store, record.plan), named, made=not archived)
    for draft in Documents(store, "drafts", DraftRecord).all():
        if not draft.deleted:
            yield _use_of_plan(store, draft.id, draft.name, plans.load(store, draft.plan), {}, made=True)


def _use_of_plan(
    store: ObjectStore, identity: str, name: str, plan: Plan, references: Mapping[str, str], *, made: bool
) -> RunUse:
    specs = [each.spec for each in plan.environments.values()]
    return RunUse(
        run=identity,
        ended=None,
        references=references,
        specs=frozenset(spec.digest for spec in specs),
        locks=frozenset(_locks(store, plan)) if made else frozenset(),
        wheels=frozenset(wheel.digest for spec in specs for wheel in spec.wheels),
        published=name,
        stored_only=not made,
    )


def _locks(store: ObjectStore, plan: Plan) -> Iterator[str]:
    """Yield the digests of the locks of a plan. Environments with equal locks share images and folders."""
    for digest in {each.spec.digest for each in plan.environments.values()}:
        yield from (lock.digest for lock in lock_store.of_spec(store, digest))


def kept(known: Iterable[RunUse], now: datetime, age: timedelta | None) -> tuple[RunUse, ...]:
    """Return the runs in progress and those that ended less than `age` ago. None: all runs."""
    return tuple(each for each in known if age is None or each.ended is None or now - each.ended < age)


def judge(stored: Iterable[StoredEnvironment], runs: Iterable[RunUse], now: datetime) -> tuple[Verdict, ...]:
    """Return the verdict on each environment.

    An environment is kept if a kept run has used it, if a run in progress may need it, if it was used within `GRACE`,
    or if its store reports it as busy.

    Args:
        stored: The environments of a target.
        runs: The kept runs.
        now: The time.

    """
    known = tuple(runs)
    return tuple(_verdict(each, known, now) for each in stored)


def _verdict(stored: StoredEnvironment, runs: tuple[RunUse, ...], now: datetime) -> Verdict:
    users = [each for each in runs if not each.stored_only and not stored.names.isdisjoint(each.references)]
    names = [name for each in users for reference, name in each.references.items() if reference in stored.names]
    waiting = [each for each in runs if each.ended is None and not each.stored_only and _may_need(each, stored)]
    last = max(filter(None, (stored.made, stored.used)), default=None)
    published = next((each.published for each in (*users, *waiting) if each.published), "")
    if any(not each.published for each in users):
        reason = "used by a run"
    elif published:
        reason = f"needed by the published pipeline or draft '{published}'"
    elif waiting:
        reason = f"run {waiting[0].run} is in progress"
    elif stored.busy:
        reason = stored.busy
    else:
        reason = "used within the last hour" if last is not None and now - last < GRACE else ""
    runs_of = tuple(dict.fromkeys(each.run for each in users if not each.published))
    return Verdict(stored=stored, runs=runs_of, names=tuple(dict.fromkeys(names)), reason=reason)


def _may_need(run: RunUse, stored: StoredEnvironment) -> bool:
    """Return True if the plan of a run names the environment, or one with an equal lock."""
    return stored.environment in run.specs or (bool(stored.lock) and stored.lock in run.locks)
