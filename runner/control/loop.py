"""The controller's loop: observe, decide, act, append. It is level-triggered and appends one entry per tick.

The loop keeps no state outside the journal: after a kill at any moment another controller continues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

from .. import __version__
from ..errors import RunnerError, RunTaken, StoreError, StoreUnreachable, TargetUnreachable
from ..model import events as e
from ..model.observation import LIVE, Observation
from ..model.plan import Plan
from ..model.state import RunState
from ..model.status import RunStatus
from ..model.task import TaskId
from ..runs import head, journal, records, state_snapshot
from .act import Effects
from .actions import Action
from .clearing import clear, clear_if_over
from .decide import Situation, decide
from .notice import notice
from .policy import run_overdue
from .progress import Progress
from .settle import end_of, settle
from .sleep import Sleep

IDLE = 1.0
"""Seconds of a tick in which no change is expected. A cancel is seen within this time."""
BUSY = 0.1
"""Seconds of a tick while work goes on whose end no target reports: see `Effects.busy`."""
STALE = 5.0
"""Seconds since the last append after which a controller checks that it still holds the run before it acts."""
SHOWN_WITHIN = 15.0
"""Seconds in which a target may not yet show an attempt that it has accepted."""
_PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait after the n-th consecutive failure to reach the store or a target; the last value repeats."""


@dataclass(kw_only=True)
class Controller:
    """Drive one run to its end."""

    progress: Progress
    effects: Effects
    writer: journal.Writer
    _appended: float = 0.0
    _headed: float = 0.0
    _failures: int = 0
    _waits: str = ""
    """The reason for waiting, as last logged."""
    _seen: dict[TaskId, Observation] = field(default_factory=dict)
    _folded: int = 0
    """The number of the entry up to which this controller's last snapshot goes."""
    fold_every: int = state_snapshot.EVERY
    """Least number of entries between two snapshots."""

    def __post_init__(self) -> None:
        self._sleep = Sleep(self.effects.clock)
        self._targets = tuple(self.effects.targets.values())

    def take(self, host: str, pid: int) -> None:
        """Journal that this controller drives the run from now on. Raises RunTaken."""
        self._sleep.look()
        if self.state.controller:
            self.effects.requests.recover()
        events: list[e.Event] = [self._started(host, pid), *self._sleep.events]
        self._settled(events)  # the submitter may have left this to the controller
        self._append(events)

    def _started(self, host: str, pid: int) -> e.ControllerStarted:
        return e.ControllerStarted(self.writer.controller, host, pid, __version__)

    @property
    def plan(self) -> Plan:
        """The run's plan."""
        return self.progress.plan

    @property
    def state(self) -> RunState:
        """The state that the journal describes."""
        return self.progress.state

    def drive(self) -> RunStatus:
        """Tick until the run has ended. Raises RunTaken if another controller takes the run over."""
        try:
            while not self.state.over:
                if not self._try_tick():
                    self._wait()
        except RunTaken:
            clear_if_over(self.effects.store, self.state, self._targets, self.effects.notify, _PATIENCE)
            raise  # the run and its head belong to another controller
        except Exception as error:
            # A viewer must be able to show why the run stands still, whatever the error is.
            words = str(error) if isinstance(error, RunnerError) else f"{type(error).__name__}: {error}"
            with suppress(StoreError):  # the original error is what the user must see
                head.write(self.effects.store, self.state, self.effects.clock.now(), words)
            raise
        finally:
            self.effects.close()
        return self.state.status

    def tick(self) -> bool:
        """Do one tick. Returns True if an entry was appended."""
        self._sleep.look()
        slept = bool(self._sleep.seconds)
        self.effects.trouble = None
        self._seen = self._observe()
        # This follows the look at the targets: an attempt that saw the marker must not be taken for a failed one.
        canceled = records.canceled(self.effects.store, self.state.run)
        events, draft = self._noticed(canceled=canceled)
        if not slept:
            draft = self._recalled(draft, events)
            actions = self._decided(draft)
            if actions and self.effects.clock.monotonic() - self._appended > STALE:
                # Another controller may have taken the run while this process was stopped or the machine slept.
                self._append([e.Heartbeat()])
                events, draft = self._noticed(canceled=canceled)
                draft = self._recalled(draft, events)
                actions = self._decided(draft)
            events.extend(self._done(draft, events, actions))
            self.effects.look_at_trials(draft)
            self.effects.look_for_requests(self.state, canceled=canceled or self.state.status is not RunStatus.RUNNING)
        if not slept and not events:
            events.extend(self._end())
        if events:
            self._append(events)
        self._beat()
        return bool(events)

    def _noticed(self, *, canceled: bool) -> tuple[list[e.Event], Progress]:
        """Return the events that are new since the journal's last entry, and the progress with them."""
        events: list[e.Event] = [*self._sleep.events]
        if canceled and self.state.status is RunStatus.RUNNING:
            events.append(e.CancelRequested())
        late = "" if self._sleep.seconds or canceled else run_overdue(self.plan, self.state, self.effects.clock.now())
        if late:
            events.append(e.RunOverdue(late))
        known = self._after(events) if events else self.progress
        events.extend(self._told(known.state))
        return events, self._searched(events)

    def _searched(self, events: list[e.Event]) -> Progress:
        """Return the progress after `events`, and add what follows from them, for trials of searches too."""
        draft = self._settled(events)
        while not self._sleep.seconds and (more := self.effects.trials.events(draft)):
            events.extend(more)
            draft = self._settled(events)
        return draft

    def _told(self, known: RunState) -> tuple[e.Event, ...]:
        """Return the events that the targets report and `known` does not have, once their outputs are published."""
        return self.effects.published(self.plan, notice(self.plan, known, self._seen, self.effects.clock.now()))

    def _recalled(self, draft: Progress, events: list[e.Event]) -> Progress:
        """Return the progress with the steps that are reused, and add their events to `events`."""
        found = self.effects.look_up_reuse(draft)
        if not found:
            return draft
        events.extend(found)
        return self._settled(events)

    def _done(self, draft: Progress, before: Sequence[e.Event], actions: tuple[Action, ...]) -> list[e.Event]:
        """Carry out `actions` and return the resulting events that follow those of `before`."""
        done = self.effects.act(self.plan, draft.state, actions)
        events = [*before, *done]
        draft = self._settled(events) if done else draft
        if any(isinstance(event, e.AttemptStarted) for event in done):
            # An attempt that runs at once is reported in the same entry if the target can, else in the next.
            with suppress(StoreUnreachable, TargetUnreachable):
                self._seen = self._observe()
                events.extend(self._told(draft.state))
                self._settled(events)
        return events[len(before) :]

    def _try_tick(self) -> bool:
        try:
            changed = self.tick()
        except (StoreUnreachable, TargetUnreachable) as error:
            self._rest(error)
            return False
        if self.effects.trouble is not None:
            self._rest(self.effects.trouble)
        else:
            self._failures, self._waits = 0, ""
        return changed

    def _rest(self, why: Exception) -> None:
        if str(why) != self._waits:
            self._waits = str(why)
            self.effects.notify(f"waiting: {why}")
        pause = _PATIENCE[min(self._failures, len(_PATIENCE) - 1)]
        self._failures += 1
        self._targets[0].wait(pause)

    def _settled(self, events: list[e.Event]) -> Progress:
        """Return the progress after `events`, and add the events that follow from them to `events`."""
        if not events:
            return self.progress
        draft = self._after(events)
        more = settle(self.plan, draft.state, events)
        events.extend(more)
        return draft.after(self._entry(draft.state.number + 1, more)) if more else draft

    def _after(self, events: Sequence[e.Event]) -> Progress:
        return self.progress.after(self._entry(self.state.number + 1, events))

    def _entry(self, number: int, events: Sequence[e.Event]) -> e.JournalEntry:
        return e.JournalEntry(number, self.effects.clock.now(), self.writer.controller, tuple(events))

    def _decided(self, draft: Progress) -> tuple[Action, ...]:
        capacity = {name: target.capacity for name, target in self.effects.targets.items()}
        return decide(
            Situation(
                draft=draft,
                journaled=self.state,
                seen=self._seen,
                capacity=capacity,
                now=self.effects.clock.now(),
                just_started=self._just_started(),
                missed=self.effects.reuse_lookup.missed,
            )
        )

    def _just_started(self) -> AbstractSet[TaskId]:
        now, started = self.effects.clock.monotonic(), self.effects.started
        while started and now - started[oldest := next(iter(started))] >= SHOWN_WITHIN:
            del started[oldest]
        return started.keys()

    def _observe(self) -> dict[TaskId, Observation]:
        seen: dict[TaskId, Observation] = {}
        for target in self._targets:
            seen.update(target.observe(self.state.run))
        return seen

    def _append(self, events: Sequence[e.Event]) -> None:
        """Append the next entry, unless an earlier append of this controller wrote it (see `journal.Writer`)."""
        entry = self.writer.append(events, self.effects.clock.now())
        self._appended = self.effects.clock.monotonic()
        self._sleep.reported(entry.events)
        self.progress = self.progress.after(entry)
        if state_snapshot.is_due(self.state, self._folded, self.fold_every):
            self._folded = self.state.number
            self.effects.fold(self.state)

    def _beat(self) -> None:
        now = self.effects.clock.monotonic()
        if self.state.over or now - self._headed > STALE:
            self._headed = now
            if not self.state.over and journal.has_more(self.effects.store, self.state.run, self.state.number):
                self._append([e.Heartbeat()])  # raises RunTaken if another controller has the run
            head.write(self.effects.store, self.state, self.effects.clock.now())

    def _wait(self) -> None:
        seconds = BUSY if self.effects.busy else IDLE
        self._targets[0].wait(seconds if len(self._targets) == 1 else BUSY)

    def _end(self) -> Iterator[e.Event]:
        """Append the last event, once all outcomes are journaled and no object is left on the targets."""
        end = end_of(self.plan, self.state)
        if end is None or any(observation.phase in LIVE for observation in self._seen.values()):
            return
        if self.effects.requests.unfinished:
            return
        clear(self._targets, self.state.run, self.effects.notify)
        yield end
