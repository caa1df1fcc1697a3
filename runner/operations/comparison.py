"""Runs side by side: parameters, code, environments, inputs and outputs by digest, metrics, times, states of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial

from ..dataclass import dataclass
from ..environments import lock_store
from ..errors import BadInput
from ..model.status import StepStatus
from ..ports import ObjectStore
from ..runs import records
from .code_comparison import FileChange, changed_snapshots, compare_code
from .environment_comparison import EnvironmentFacts
from .environment_comparison import compare as compare_environments
from .environment_history import FindLock, of_run
from .metrics import Metric, comparable, courses, every_line, metric_lines
from .parallel_reads import read_each
from .published.comparison import Change, step_changes
from .report import parameters_of
from .run_tags import tags_of
from .step_data import assigned_task, content_of, inputs_of, outputs_of
from .values import RunView

MOST = 20
"""The most runs that are compared at once."""


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One of the runs."""

    run: str
    experiment: str
    status: str
    created: datetime | None
    ended: datetime | None
    seconds: float | None
    """From its submission to its end; None: it has not ended."""
    user: str
    description: str
    origin: str
    """The run that it retries; empty: none."""


@dataclass(frozen=True)
class Row:
    """One thing that each run may have."""

    name: str
    values: tuple[object, ...]
    """In the order of the runs; None: the run has none."""
    courses: tuple[str, ...] = ()
    """Of a metric: the digest of all its values in each run."""

    @property
    def same(self) -> bool:
        """Return True if all runs have the same, of a metric in all of its values."""
        return self._alike and len(set(self.courses)) <= 1

    @property
    def note(self) -> str:
        """Return what differs although the shown values are the same; empty: nothing."""
        return "the last value is the same, others differ" if self._alike and len(set(self.courses)) > 1 else ""

    @property
    def _alike(self) -> bool:
        return len({comparable(value) for value in self.values}) == 1


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """The differences between the code of steps, which share their source folder."""

    steps: tuple[str, ...]
    """The names of the steps."""
    files: tuple[FileChange, ...]
    note: str
    """The reason why the files cannot be compared; empty: they were."""


@dataclass(frozen=True, kw_only=True)
class PairComparison:
    """The differences between the first run and another one that are not in rows."""

    before: str
    """The id of the first run."""
    after: str
    steps: tuple[Change, ...]
    """Steps that were added, removed, or are defined in another way: arguments, settings."""
    code: tuple[CodeChange, ...]
    environments: tuple[Change, ...]
    """Specifications, locks with their packages, bases."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Some runs side by side. Rows with one name are of steps of one name."""

    runs: tuple[ComparedRun, ...]
    parameters: tuple[Row, ...]
    tags: tuple[Row, ...]
    states: tuple[Row, ...]
    """The state of each step."""
    seconds: tuple[Row, ...]
    """The time of each step; None: it did not run, or is not over."""
    inputs: tuple[Row, ...]
    """The digest of each input, as ``STEP: INPUT``."""
    outputs: tuple[Row, ...]
    metrics: tuple[Row, ...]
    """The newest value of each metric, as ``STEP: METRIC``."""
    pairs: tuple[PairComparison, ...]
    """The first run with each other one."""


def compare(
    store: ObjectStore, views: Sequence[RunView], *, diffs: bool = True, metrics_in_part: bool = False
) -> Comparison:
    """Compare two or more runs.

    Args:
        store: The workspace store.
        views: The runs.
        diffs: Add the diffs of the code. Default: True.
        metrics_in_part: True: of very many values of metrics only the first and the last ones are read. Default: False.

    Raises:
        BadInput: There are fewer than two runs, or more than `MOST`, or one is there twice.
        StoreError: The store cannot be read.

    """
    _check([view.state.run for view in views])
    inputs, metrics = zip(*(_read(store, view, metrics_in_part) for view in views), strict=True)
    return Comparison(
        runs=tuple(map(_run, views)),
        parameters=_rows(map(parameters_of, views)),
        tags=_rows(tags_of(store, view) for view in views),
        states=_rows(map(_states, views)),
        seconds=_rows(map(_seconds, views)),
        inputs=_rows(inputs),
        outputs=_rows(map(_outputs, views)),
        metrics=_metrics(metrics),
        pairs=tuple(_pair(store, views[0], other, diffs=diffs) for other in views[1:]),
    )


def _check(runs: Sequence[str]) -> None:
    if len(runs) < 2:
        raise BadInput("a comparison takes two runs or more", remedy="name another run; see: runner list")
    if len(runs) > MOST:
        raise BadInput(f"{len(runs)} runs are too many to compare", remedy=f"name at most {MOST}")
    twice = next((run for run in runs if runs.count(run) > 1), "")
    if twice:
        raise BadInput(f"run {twice} is named twice", remedy="name another run; see: runner list")


def _run(view: RunView) -> ComparedRun:
    state, said = view.state, view.state.submission
    return ComparedRun(
        run=state.run,
        experiment=said.experiment if said else "",
        status=state.status.value,
        created=state.created,
        ended=state.ended,
        seconds=_between(state.created, state.ended),
        user=said.user if said else "",
        description=said.description if said else "",
        origin=said.origin if said else "",
    )


def _rows(columns: Iterable[Mapping[str, object]]) -> tuple[Row, ...]:
    known = tuple(columns)
    names = dict.fromkeys(name for column in known for name in column)
    return tuple(Row(name, tuple(column.get(name) for column in known)) for name in names)


def _metrics(columns: Iterable[Mapping[str, tuple[object, str]]]) -> tuple[Row, ...]:
    known = tuple(columns)
    names = dict.fromkeys(name for column in known for name in column)
    none = (None, "")
    return tuple(
        Row(
            name,
            tuple(column.get(name, none)[0] for column in known),
            tuple(column.get(name, none)[1] for column in known),
        )
        for name in names
    )


def _states(view: RunView) -> Mapping[str, object]:
    return {view.plan.names[key]: step.status.value for key, step in view.state.steps.items()}


def _seconds(view: RunView) -> Mapping[str, object]:
    return {
        view.plan.names[key]: None if step.status is StepStatus.REUSED else _between(step.started, step.ended)
        for key, step in view.state.steps.items()
    }


def _between(began: datetime | None, ended: datetime | None) -> float | None:
    return round((ended - began).total_seconds(), 3) if began and ended else None


def _outputs(view: RunView) -> Mapping[str, object]:
    return {
        f"{view.plan.names[key]}: {name}": content_of(ref)
        for key in view.state.steps
        for name, ref in outputs_of(view, key).items()
    }


def _read(
    store: ObjectStore, view: RunView, in_part: bool
) -> tuple[Mapping[str, object], Mapping[str, tuple[object, str]]]:
    """Return the digest of each input of a run, and the newest value of each metric with the digest of all values."""

    def one(key: str) -> tuple[str, Mapping[str, object], tuple[tuple[Metric, str], ...]]:
        refs = inputs_of(assigned_task(store, view, key))
        task = records.shown_attempt(store, view.state, key)
        logged: Iterable[str] = ()
        if task is not None:
            logged = metric_lines(store, task).lines if in_part else every_line(store, task)
        return view.plan.names[key], {name: content_of(ref) for name, ref in refs.items()}, courses(logged)

    inputs: dict[str, object] = {}
    metrics: dict[str, tuple[object, str]] = {}
    for name, refs, logged in read_each(store, one, tuple(view.state.steps)):
        inputs.update((f"{name}: {given}", digest) for given, digest in refs.items())
        metrics.update((f"{name}: {metric.name}", (metric.value, course)) for metric, course in logged)
    return inputs, metrics


def _pair(store: ObjectStore, before: RunView, after: RunView, *, diffs: bool) -> PairComparison:
    return PairComparison(
        before=before.state.run,
        after=after.state.run,
        steps=tuple(step_changes(before.plan, after.plan)),
        code=tuple(_code(store, before, after, diffs=diffs)),
        environments=tuple(_environments(store, before, after)),
    )


def _code(store: ObjectStore, before: RunView, after: RunView, *, diffs: bool) -> Iterator[CodeChange]:
    """Yield the differences of each pair of source folders that steps of one key have."""
    for (one, other), names in changed_snapshots(before.plan, after.plan).items():
        found = compare_code(store, one, other, diffs=diffs)
        yield CodeChange(steps=names, files=found.files, note=found.note)


def _environments(store: ObjectStore, before: RunView, after: RunView) -> Iterator[Change]:
    find_lock = cache(partial(lock_store.of_digest, store))
    old, new = (_environments_of(view, find_lock) for view in (before, after))
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            yield Change(name, "removed" if one else "added")
        elif found := compare_environments(one, other).differences:
            yield Change(name, "changed", found)


def _environments_of(view: RunView, find_lock: FindLock) -> Mapping[str, EnvironmentFacts]:
    """Return the environments of a plan by name, as the run has made them; as written, if all its steps were reused."""
    written = {each.name: EnvironmentFacts(name=each.name, spec=each.spec) for each in view.plan.environments.values()}
    return {**written, **{each.name: each for each in of_run(view, find_lock)}}
