"""The progress of a search in one line: how many of its trials have ended, and the best one so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from ..dataclass import dataclass
from ..errors import StoreError
from ..model.state import StepState
from ..model.status import IN_FLIGHT, STEP_ENDS, StepStatus
from ..ports import ObjectStore
from .trials import Trial, logged, planned, ranked, search_of
from .values import RunView

_PAUSE = 5.0
"""Seconds between two looks at what running trials log."""


@dataclass(frozen=True)
class BestTrial:
    """The best trial of a search so far."""

    key: str
    name: str
    metric: str
    value: float

    @property
    def text(self) -> str:
        """``best accuracy 0.93 (train-7)``."""
        return f"best {self.metric} {self.value:.6g} ({self.name})"


def best_of(trials: tuple[Trial, ...], view: RunView, key: str) -> BestTrial | None:
    """Return the best trial of a search that has not failed; None: none has logged the metric.

    Args:
        trials: The trials with what they logged.
        view: The whole run.
        key: The key of the search step.
    """
    search = search_of(view, key)
    found = ranked([one for one in trials if one.status is not StepStatus.FAILED], search.metric, search.goal)
    if not found:
        return None
    value = found[0].best(search.metric, search.goal)
    assert value is not None
    return BestTrial(found[0].key, found[0].name, search.metric, value)


def progress_text(view: RunView, key: str, best: BestTrial | None = None) -> str:
    """Return ``12 of 40 trials ended, 4 running, best accuracy 0.93 (train-7)``; of an ended search ``40 trials, …``.

    Args:
        view: The whole run.
        key: The key of the search step.
        best: The best trial so far. None: it is not known.
    """
    trials = search_of(view, key).trials
    states = [view.state.steps[trial] for trial in trials]
    run = [state for state in states if _begun(state)]
    ended = sum(state.status in STEP_ENDS for state in states)
    running = sum(state.status is StepStatus.RUNNING for state in states)
    if view.state.steps[key].status in STEP_ENDS:
        parts = [_count(len(run))]
        failed = sum(state.status is StepStatus.FAILED for state in states)
        stopped = sum(state.status is StepStatus.CANCELED for state in run)
        parts += [f"{failed} failed"] * bool(failed) + [f"{stopped} stopped early"] * bool(stopped)
    else:
        parts = [f"{ended} of {_count(len(trials))} ended", *([f"{running} running"] if running else [])]
    return ", ".join([*parts, *([best.text] if best else [])])


def is_searching(view: RunView, key: str) -> bool:
    """Return True while trials of a search run or may start: its own step waits for them.

    Args:
        view: The whole run.
        key: The step's key.
    """
    search = view.plan.by_key[key].search
    if search is None or view.state.steps[key].status is not StepStatus.WAITING:
        return False
    return any(_begun(view.state.steps[trial]) for trial in search.trials)


def begun_at(view: RunView, key: str) -> datetime | None:
    """Return the time at which the first trial of a search started to run; None: none has.

    Args:
        view: The whole run.
        key: The key of the search step.
    """
    times = (view.state.steps[trial].started for trial in search_of(view, key).trials)
    return min((started for started in times if started), default=None)


class Bests:
    """The best trial so far of each search of a run. The metrics of an ended trial are read once.

    Args:
        store: The workspace store.
        pause: Seconds between two looks at running trials. Default: 5.
        clock: Seconds that only grow.
    """

    def __init__(self, store: ObjectStore, pause: float = _PAUSE, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._pause = pause
        self._clock = clock
        self._next = 0.0
        self._known: dict[str, Mapping[str, tuple[object, ...]]] = {}
        """The metrics of ended trials, by their keys."""
        self._seen: dict[str, BestTrial] = {}

    def look(self, view: RunView) -> Mapping[str, BestTrial]:
        """Return the best trials by the key of the search; those of the last look if the store does not answer.

        Args:
            view: The whole run.
        """
        searches = [step.key for step in view.plan.steps if step.search is not None]
        if searches and (self._clock() >= self._next or view.state.over):
            self._next = self._clock() + self._pause
            for key in searches:
                self._look_at(view, key)
        return self._seen

    def _look_at(self, view: RunView, key: str) -> None:
        started = [trial for trial in planned(view, key) if _begun(view.state.steps[trial.key])]
        try:
            trials = tuple(replace(trial, metrics=self._logged(view, trial)) for trial in started)
        except StoreError:
            return
        best = best_of(trials, view, key)
        if best is not None:
            self._seen[key] = best

    def _logged(self, view: RunView, trial: Trial) -> Mapping[str, tuple[object, ...]]:
        if trial.key in self._known:
            return self._known[trial.key]
        found = logged(self._store, view, trial.key)
        if trial.status in STEP_ENDS:
            self._known[trial.key] = found
        return found


def _begun(state: StepState) -> bool:
    return state.status in IN_FLIGHT or state.attempt > 0 or bool(state.origin)


def _count(number: int) -> str:
    return "1 trial" if number == 1 else f"{number} trials"
