"""The controller's loop: observe, decide, act, append; level-triggered, one append per tick.

It holds nothing but what the journal holds: kill it at any instant and another one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

from ..errors import RunnerError, RunTaken, StoreError, StoreUnreachable, TargetUnreachable
from ..model import events as e
from ..model.observation import LIVE, Observation
from ..model.plan import Plan
from ..model.state import RunState
from ..model.status import RunStatus
from ..model.task import TaskId
from ..runs import folded, head, journal, records
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
"""Seconds a tick waits when nothing is known to change: a cancel is seen within this."""
BUSY = 0.1
"""Seconds a tick waits while something goes on that no target tells the end of: see `Effects.busy`."""
STALE = 5.0
"""Seconds since the last append after which a controller proves that it still holds the run before it acts."""
SHOWN_WITHIN = 15.0
"""Seconds in which a target may not yet show an attempt that it has accepted."""
_PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait after the n-th failure in a row to reach store or target; the last one repeats."""


@dataclass
class Controller:
    """Drives one run to its end."""

    progress: Progress
    effects: Effects
    writer: journal.Writer
    _appended: float = 0.0
    _headed: float = 0.0
    _failures: int = 0
    _waits: str = ""
    """What for, as said last."""
    _seen: dict[TaskId, Observation] = field(default_factory=dict)
    _folded: int = 0
    """The entry up to which this controller's last snapshot goes."""
    fold_every: int = folded.EVERY
    """Entries between two snapshots, at least."""

    def __post_init__(self) -> None:
        self._sleep = Sleep(self.effects.clock)
        self._targets = tuple(self.effects.targets.values())

    def take(self, host: str, pid: int) -> None:
        """Journal that this controller drives the run from here on. Raises RunTaken."""
        self._sleep.look()
        events: list[e.Event] = [e.ControllerStarted(self.writer.controller, host, pid), *self._sleep.events]
        self._settled(events)  # whoever submitted it may have left that to do
        self._append(events)

    @property
    def plan(self) -> Plan:
        """The run's."""
        return self.progress.plan

    @property
    def state(self) -> RunState:
        """The journal's fold."""
        return self.progress.state

    def drive(self) -> RunStatus:
        """Tick until the run has ended. Raises RunTaken when another controller took it over."""
        try:
            while not self.state.over:
                if not self._try_tick():
                    self._wait()
        except RunTaken:
            clear_if_over(self.effects.store, self.state, self._targets, self.effects.say, _PATIENCE)
            raise  # the run is another controller's: so is its head
        except Exception as error:
            # Whatever it is, a viewer must be able to say why the run stands still.
            words = str(error) if isinstance(error, RunnerError) else f"{type(error).__name__}: {error}"
            with suppress(StoreError):  # what stopped it is what its user must hear of
                head.write(self.effects.store, self.state, self.effects.clock.now(), words)
            raise
        finally:
            self.effects.close()
        return self.state.status

    def tick(self) -> bool:
        """One round; whether anything was appended."""
        self._sleep.look()
        slept = bool(self._sleep.seconds)
        self.effects.trouble = None
        self._seen = self._observe()
        # After the look at the targets: an attempt that saw the marker must not be taken for a failed one.
        canceled = records.canceled(self.effects.store, self.state.run)
        events, draft = self._noticed(canceled=canceled)
        if not slept:
            draft = self._recalled(draft, events)
            actions = self._decided(draft)
            if actions and self.effects.clock.monotonic() - self._appended > STALE:
                # Another controller may have taken the run while this one was stopped or asleep.
                self._append([e.Heartbeat()])
                events, draft = self._noticed(canceled=canceled)
                draft = self._recalled(draft, events)
                actions = self._decided(draft)
            events.extend(self._done(draft, events, actions))
        if not slept and not events:
            events.extend(self._end())
        if events:
            self._append(events)
        self._beat()
        return bool(events)

    def _noticed(self, *, canceled: bool) -> tuple[list[e.Event], Progress]:
        """What is new since the journal's last entry, and the progress with it."""
        events: list[e.Event] = [*self._sleep.events]
        if canceled and self.state.status is RunStatus.RUNNING:
            events.append(e.CancelRequested())
        late = "" if self._sleep.seconds or canceled else run_overdue(self.plan, self.state, self.effects.clock.now())
        if late:
            events.append(e.RunOverdue(late))
        known = self._after(events) if events else self.progress
        events.extend(self._told(known.state))
        return events, self._settled(events)

    def _told(self, known: RunState) -> tuple[e.Event, ...]:
        """What the targets say that `known` does not have, once published."""
        return self.effects.published(self.plan, notice(self.plan, known, self._seen, self.effects.clock.now()))

    def _recalled(self, draft: Progress, events: list[e.Event]) -> Progress:
        """The progress when equal steps of earlier runs stand in for those of this one; `events` tell it."""
        found = self.effects.recall(draft)
        if not found:
            return draft
        events.extend(found)
        return self._settled(events)

    def _done(self, draft: Progress, before: Sequence[e.Event], actions: tuple[Action, ...]) -> list[e.Event]:
        """Do `actions`; the events that follow those of `before`."""
        done = self.effects.act(self.plan, draft.state, actions)
        events = [*before, *done]
        draft = self._settled(events) if done else draft
        if any(isinstance(event, e.TaskStarted) for event in done):
            # What has begun to run at once is told in the same entry; if the target cannot say it, in the next.
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
            self.effects.say(f"waiting: {why}")
        pause = _PATIENCE[min(self._failures, len(_PATIENCE) - 1)]
        self._failures += 1
        self._targets[0].wait(pause)

    def _settled(self, events: list[e.Event]) -> Progress:
        """The progress after `events` and all that follows from them, which is added to `events`."""
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
                draft,
                self.state,
                self._seen,
                capacity,
                self.effects.clock.now(),
                self._just_started(),
                self.effects.recaller.missed,
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
        """Write the next entry. The one in force may be an earlier one of ours (see `journal.Writer`)."""
        entry = self.writer.append(events, self.effects.clock.now())
        self._appended = self.effects.clock.monotonic()
        self._sleep.told(entry.events)
        self.progress = self.progress.after(entry)
        if folded.is_due(self.state, self._folded, self.fold_every):
            self._folded = self.state.number
            self.effects.fold(self.state)

    def _beat(self) -> None:
        now = self.effects.clock.monotonic()
        if self.state.over or now - self._headed > STALE:
            self._headed = now
            if not self.state.over and journal.has_more(self.effects.store, self.state.run, self.state.number):
                self._append([e.Heartbeat()])  # another has taken the run, and nothing may be left to be told of it
            head.write(self.effects.store, self.state, self.effects.clock.now())

    def _wait(self) -> None:
        seconds = BUSY if self.effects.busy else IDLE
        self._targets[0].wait(seconds if len(self._targets) == 1 else BUSY)

    def _end(self) -> Iterator[e.Event]:
        """The last event: all outcomes are journaled, and nothing is left on the targets."""
        end = end_of(self.state)
        if end is None or any(observation.phase in LIVE for observation in self._seen.values()):
            return
        clear(self._targets, self.state.run, self.effects.say)
        yield end
