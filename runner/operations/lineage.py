"""The ties between runs and what is registered: which runs read a dataset or came from a published pipeline.

They are found in the submissions and plans of runs. Both never change, so `Memory` reads those of a run once. There is
no index of them: a search goes from the newest run to older ones, and says how far it has looked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from threading import Lock

from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DatasetDefinition
from ..model.names import inverted_time, is_run_id, run_time
from ..model.plan import Plan, Submission
from ..ports import FolderStore, ObjectStore
from ..runs import index, plans

READS = 1_000
"""The most runs whose records one search reads."""
LOOKED_AT = 20_000
"""The most runs that one search looks at: those whose facts are in memory cost nothing."""
_REMEMBERED = 20_000
_PLANS = 512
_CHUNK = 64
_THREADS = 16
"""The most parallel requests."""


@dataclass(frozen=True, kw_only=True)
class DatasetUse:
    """An input of a step that is a registered dataset."""

    step: str
    """The step's key."""
    step_name: str
    """Its name for people."""
    input: str
    name: str
    """The registered name."""
    version: int
    id: str


@dataclass(frozen=True)
class DatasetMade:
    """An output of a step that is registered as a dataset when the step has succeeded."""

    step: str
    """The step's key."""
    output: str
    name: str
    """The registered name."""


@dataclass(frozen=True)
class PlanFacts:
    """The registrations that a plan names."""

    reads: tuple[DatasetUse, ...] = ()
    makes: tuple[DatasetMade, ...] = ()
    environments: tuple[str, ...] = ()
    """The names of environments."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """The registrations that a run names. They never change."""

    run: str
    experiment: str
    user: str
    created: datetime
    published: str
    """The id of the published pipeline; empty: none."""
    schedule: str
    """The id of the schedule that was due; empty: none."""
    plan: PlanFacts


@dataclass(frozen=True, kw_only=True)
class RunsFound:
    """The runs that a search has found, newest first."""

    runs: tuple[RunFacts, ...]
    looked: int
    """The number of runs that were looked at."""
    since: datetime | None
    """The time of the oldest run that was looked at; None: none was."""
    cursor: str
    """Send it to go on with older runs; empty: there are none."""
    unreadable: int = 0
    """The number of runs whose records are missing or damaged."""


class Memory:
    """The facts of runs that were read before. Several threads may use it."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        """Begin with nothing.

        Args:
            most: The most runs that are remembered. Default: 20,000, of about 1 KiB each.

        """
        self._most = most
        self._lock = Lock()
        self._runs: OrderedDict[str, RunFacts] = OrderedDict()
        self._plans: OrderedDict[str, PlanFacts] = OrderedDict()
        self.reads = 0
        """The number of runs whose records were read."""

    def of_run(self, store: ObjectStore, run: str) -> RunFacts | None:
        """Return the facts of a run; None if its records are missing or damaged.

        Args:
            store: The workspace store.
            run: The run's id.

        Raises:
            StoreUnreachable: The store does not answer.
            StoreDenied: The store refuses the request.

        """
        return next(self.of_runs(store, [run]))

    def of_runs(self, store: ObjectStore, runs: Sequence[str]) -> Iterator[RunFacts | None]:
        """Return the facts of some runs in the given order, as `of_run` does.

        Args:
            store: The workspace store.
            runs: Their ids.

        """
        with self._lock:
            known = {run: facts for run in runs if (facts := self._runs.get(run)) is not None}
        missing = [run for run in runs if run not in known]
        read = dict(zip(missing, self._each(store, missing), strict=True))
        with self._lock:
            self.reads += len(missing)
            for run, facts in read.items():
                if facts is not None:
                    self._runs[run] = facts
            while len(self._runs) > self._most:
                self._runs.popitem(last=False)
        return iter([known.get(run) or read[run] for run in runs])

    def _each(self, store: ObjectStore, runs: Sequence[str]) -> list[RunFacts | None]:
        if len(runs) <= 1 or isinstance(store, FolderStore):
            return [self._read(store, run) for run in runs]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(lambda run: self._read(store, run), runs))

    def _read(self, store: ObjectStore, run: str) -> RunFacts | None:
        try:
            said = plans.submission_of(store, run)
            return None if said is None else run_facts(run, said, self.of_plan(store, said.plan))
        except (StoreUnreachable, StoreDenied):
            raise
        except (ObjectMissing, StoreError, BadInput):  # one damaged run must not hide the others
            return None

    def of_plan(self, store: ObjectStore, digest: str) -> PlanFacts:
        """Return the facts of a plan. Raise ObjectMissing, ObjectDamaged or StoreError.

        Args:
            store: The workspace store.
            digest: Its digest.

        """
        with self._lock:
            known = self._plans.get(digest)
        if known is not None:
            return known
        found = plan_facts(plans.load(store, digest))
        with self._lock:
            self._plans[digest] = found
            while len(self._plans) > _PLANS:
                self._plans.popitem(last=False)
        return found


def run_facts(run: str, said: Submission, plan: PlanFacts) -> RunFacts:
    """Return the facts of a run (pure).

    Args:
        run: The run's id.
        said: Its submission.
        plan: The facts of its plan.

    """
    return RunFacts(
        run=run,
        experiment=said.experiment,
        user=said.user,
        created=run_time(run),
        published=said.published,
        schedule=said.schedule,
        plan=plan,
    )


def plan_facts(plan: Plan) -> PlanFacts:
    """Return the registrations that a plan names (pure).

    Args:
        plan: The plan, with the values of its parameters.

    """
    names = plan.names
    reads = [
        DatasetUse(
            step=step.key,
            step_name=names[step.key],
            input=given.name,
            name=given.source.name,
            version=given.source.version,
            id=given.source.id,
        )
        for step in plan.steps
        for given in step.inputs
        if isinstance(given.source, DatasetDefinition) and given.source.name
    ]
    makes = [
        DatasetMade(step.key, output.name, registered.name)
        for step in plan.steps
        for output in step.outputs
        for registered in output.register
    ]
    environments = dict.fromkeys(one.name for one in plan.environments.values() if one.name)
    return PlanFacts(tuple(reads), tuple(makes), tuple(environments))


def reads_dataset(name: str, version: int = 0) -> Callable[[RunFacts], bool]:
    """Return a filter for runs that read a registered dataset.

    Args:
        name: The registered name.
        version: The version. Default: 0, any.

    """
    return lambda facts: any(use.name == name and version in (0, use.version) for use in facts.plan.reads)


def of_pipelines(*ids: str) -> Callable[[RunFacts], bool]:
    """Return a filter for the runs of published pipelines.

    Args:
        *ids: The ids of the pipelines.

    """
    wanted = frozenset(ids)
    return lambda facts: facts.published in wanted


def with_environment(name: str) -> Callable[[RunFacts], bool]:
    """Return a filter for runs with an environment of a name, whatever its version.

    Args:
        name: The name.

    """
    return lambda facts: name in facts.plan.environments


def runs_that(
    store: ObjectStore, memory: Memory, fits: Callable[[RunFacts], bool], *, cursor: str = "", limit: int = 50
) -> RunsFound:
    """Search runs from the newest to older ones.

    The search ends when `limit` runs are found, `READS` runs were read or `LOOKED_AT` runs were looked at.

    Args:
        store: The workspace store.
        memory: The facts that are known.
        fits: Returns True for runs that are wanted.
        cursor: The `RunsFound.cursor` of the search before. Default: empty, begin with the newest run.
        limit: The most runs. Default: 50.

    Raises:
        BadInput: The cursor is none.
        StoreError: The store cannot be read.

    """
    if cursor and not is_run_id(cursor):
        raise BadInput("this is no cursor of this list", "cursor", "send the one of the last answer, or none")
    listed = index.places(store, f"{inverted_time(cursor)}-{cursor}" if cursor else "")
    runs = (run for place in listed if is_run_id(run := place.partition("-")[2]))
    found: list[RunFacts] = []
    looked = unreadable = 0
    last, before, rest = "", memory.reads, False
    while chunk := list(islice(runs, _CHUNK)):
        for place, facts in enumerate(memory.of_runs(store, chunk), 1):
            last, looked = chunk[place - 1], looked + 1
            unreadable += facts is None
            if facts is not None and fits(facts):
                found.append(facts)
            if len(found) == limit:
                rest = place < len(chunk)
                break
        if len(found) == limit or memory.reads - before >= READS or looked >= LOOKED_AT:
            rest = rest or next(runs, "") != ""
            break
    return RunsFound(
        runs=tuple(found),
        looked=looked,
        since=run_time(last) if last else None,
        cursor=last if rest else "",
        unreadable=unreadable,
    )
