"""Look at the trials of searches beside the ticks: their metrics, cancels by users, and Bayesian suggestions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future

from ..errors import ObjectMissing, StoreError, TargetError
from ..model import events as e
from ..model.search import PastTrial, Sampling, logged_number
from ..model.status import DELIVERED, STEP_ENDS, StepStatus
from ..model.task import TaskId
from ..ports import Clock, ComputeTarget, Notify, ObjectStore
from ..runs import records
from .early_stopping import stops
from .error_causes import UNEXPECTED, words_of
from .progress import Progress, TrialProgress, is_undrawn
from .sampler import Sampler
from .searching import TrialNews, known_values, search_events, trials_in_turn

PACE = 2.0
"""Seconds between two looks: each is one listing, and the metrics of each running trial of a search with a rule."""
_SHARE = 10
"""One part in so many of the time, at most, is spent on looks."""
_METRICS = "metrics.jsonl"
_LATER = (StoreError, TargetError, OSError)
"""Errors after which the same is tried again."""


class TrialWatch:
    """The news about the trials of one run.

    Args:
        store: The workspace store.
        targets: The targets of the run, by name.
        clock: The clock.
        notify: Receives a line for each failed look.
        sampler: Returns what draws values for Bayesian searches. It raises RunnerError if there is nothing that does.

    """

    def __init__(
        self,
        store: ObjectStore,
        targets: Mapping[str, ComputeTarget],
        clock: Clock,
        notify: Notify,
        sampler: Callable[[], Sampler],
    ) -> None:
        self._store = store
        self._targets = targets
        self._clock = clock
        self._notify = notify
        self._sampler = sampler
        self._looking: Future[None] | None = None
        self._next_look = 0.0
        """The time (monotonic) of the next look, at the earliest."""
        self._final: dict[str, tuple[float, ...]] = {}
        """The values of trials that have ended, by key."""
        self._worse: dict[str, tuple[int, str]] = {}
        self._canceled: dict[str, str] = {}
        self._drawing: dict[str, Future[Mapping[str, object]]] = {}
        """The suggestion for a trial, by its key."""

    def __bool__(self) -> bool:
        """Return True while values are being drawn."""
        return any(not drawing.done() for drawing in self._drawing.values())

    def events(self, now: Progress) -> tuple[e.Event, ...]:
        """Return the events that follow for the searches of the run, by all that is known now."""
        return search_events(now, self._clock.now(), self._news()) if now.searches else ()

    def look(self, now: Progress, pool: Executor) -> None:
        """Begin to look at the trials, if it is time, and to draw the values that are missing."""
        if not now.searches:
            return
        self._drawing = {key: one for key, one in self._drawing.items() if is_undrawn(now.state, key)}
        for trials in now.searches.values():
            if trials.search.sampling is Sampling.BAYESIAN:
                self._draw(now, trials, pool)
        if self._looking is not None and not self._looking.done():
            return
        at, some = self._clock.monotonic(), any(trials.active for trials in now.searches.values())
        if some and at >= self._next_look:
            self._next_look = at + PACE
            self._looking = pool.submit(self._look, now)

    def _news(self) -> TrialNews:
        ended = {key: drawing for key, drawing in self._drawing.items() if drawing.done()}
        wrong = {key: drawing.exception() for key, drawing in ended.items()}
        return TrialNews(
            worse=self._worse,
            canceled=self._canceled,
            suggested={key: drawing.result() for key, drawing in ended.items() if wrong[key] is None},
            unsuggested={key: _words(error) for key, error in wrong.items() if error and not isinstance(error, _LATER)},
        )

    def _look(self, now: Progress) -> None:
        begun = self._clock.monotonic()
        try:
            self._canceled = dict.fromkeys(records.stopped_trials(self._store, now.state.run), "it was canceled")
            found: dict[str, tuple[int, str]] = {}
            for trials in now.searches.values():
                if trials.search.rule is not None and trials.active:
                    found.update(self._judged(now, trials))
            self._worse = found
        except _LATER as error:  # the next look tries again
            self._notify(f"a look at the trials of a search failed: {error}")
        self._next_look = max(self._next_look, begun + _SHARE * (self._clock.monotonic() - begun))

    def _judged(self, now: Progress, trials: TrialProgress) -> dict[str, tuple[int, str]]:
        """Return the attempts that the search's rule stops, with the reasons, by the trial."""
        live = [key for key in sorted(trials.active) if now.state.steps[key].status is StepStatus.RUNNING]
        reasons = stops(trials.search, self._values(now, trials), live)
        return {key: (now.state.steps[key].attempt, reason) for key, reason in reasons.items()}

    def _values(self, now: Progress, trials: TrialProgress) -> dict[str, tuple[float, ...]]:
        """Return the values that each trial has logged, in the order of the trials."""
        keys = (key for key in trials.search.trials[: trials.next] if now.state.steps[key].sampled)
        return {key: self._logged(now, key, trials.search.metric) for key in keys}

    def _logged(self, now: Progress, key: str, metric: str) -> tuple[float, ...]:
        if key in self._final:
            return self._final[key]
        step = now.state.steps[key]
        if step.status is StepStatus.RUNNING:
            self._keep(now, TaskId(now.state.run, key, step.attempt))
        task = records.shown_attempt(self._store, now.state, key)
        found = tuple(logged_values(self._read(task), metric)) if task is not None else ()
        if step.status in STEP_ENDS:
            self._final[key] = found
        return found

    def _keep(self, now: Progress, task: TaskId) -> None:
        submission = now.state.submission
        if submission is not None:
            self._targets[submission.targets[task.key]].keep_reports(task)

    def _read(self, task: TaskId) -> bytes:
        try:
            return self._store.get(task.reports + _METRICS)
        except ObjectMissing:
            return b""

    def _draw(self, now: Progress, trials: TrialProgress, pool: Executor) -> None:
        """Begin to draw the values of the next trial; those of the one after it depend on them."""
        key = next(trials_in_turn(now, trials), None)
        if key is None or known_values(now, trials, key) is not None:
            return
        drawing = self._drawing.get(key)
        if drawing is None or (drawing.done() and isinstance(drawing.exception(), _LATER)):
            self._drawing[key] = pool.submit(self._suggest, now, trials, key)

    def _suggest(self, now: Progress, trials: TrialProgress, key: str) -> Mapping[str, object]:
        search = trials.search
        history, pending = list(search.past), list[Mapping[str, object]]()
        for other in search.trials[: trials.next]:
            step = now.state.steps[other]
            if not step.sampled:
                continue
            best = search.best(self._logged(now, other, search.metric)) if step.status in DELIVERED else None
            if best is not None:
                history.append(PastTrial(step.sampled, best))
            elif step.status not in STEP_ENDS:
                pending.append(step.sampled)
        return self._sampler().suggest(search, search.numbers[key], history, pending)


def logged_values(data: bytes, metric: str) -> Iterator[float]:
    """Yield the values of a metric in a file of reports, in the order in which the script has logged them.

    Args:
        data: The content of ``metrics.jsonl``. A line that is not complete is left out.
        metric: The name of the metric. The items of a logged list count one by one.

    """
    name = json.dumps(metric).encode()
    for line in data.splitlines():
        if name not in line:
            continue  # most lines may be those of other metrics
        try:
            report = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(report, dict) and report.get("name") == metric:
            value = report.get("value")
            for one in value if isinstance(value, list) else [value]:
                number = logged_number(one)
                if number is not None:
                    yield number


def _words(error: BaseException) -> str:
    words = words_of(error) if isinstance(error, UNEXPECTED) else f"{type(error).__name__}: {error}"
    return f"its values could not be drawn: {words}"
