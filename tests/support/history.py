"""A whole history of a run that is to be survived: a world, its misfortunes, and the lives of its controllers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count, takewhile
from typing import cast

from runner.control.act import Effects
from runner.control.loop import Controller
from runner.control.progress import progress_of
from runner.errors import RunTaken, StoreDenied, StoreUnreachable
from runner.model import events as e
from runner.model.plan import Plan, Submission
from runner.model.state import RunState, begin, fold
from runner.model.stored_documents import read_document
from runner.model.task import Task, TaskId, cancel_marker
from runner.override import override
from runner.ports import ComputeTarget, ObjectInfo
from runner.runs import head, journal, plans, records
from tests.support.builders import RUN, T0, TARGET
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending
from tests.support.memory_store import MemoryStore
from tests.support.mortal import InlineExecutor, Killed, Life, MortalStore, MortalTarget
from tests.support.rough_world import Jump, RoughTarget, RoughWorld

SECRET = "hunter2-is-no-password"
"""The value of an environment variable of every step: it belongs into the plan and the tasks, and nowhere else."""


@dataclass(frozen=True)
class Fate:
    """What one controller meets. Instants lie before and after each of its effects; 0: never."""

    end: int = 0
    trouble: frozenset[int] = frozenset()
    refusals: frozenset[int] = frozenset()
    deaf: frozenset[int] = frozenset()
    stale: range = range(0)
    empty: frozenset[int] = frozenset()
    stopped_at: int = 0
    """The instant at which it is stopped (SIGSTOP) for as long as `rival` lives, and then goes on."""
    rival: Fate | None = None
    cancel_at: int = 0
    """The instant at which somebody asks for the end of the run."""

    @property
    def refused(self) -> bool:
        """Whether its credentials expire."""
        return bool(self.refusals) or (self.rival is not None and self.rival.refused)

    @property
    def sees_all(self) -> bool:
        """Whether its targets show it what is so."""
        return not (self.stale or self.empty) and (self.rival is None or self.rival.sees_all)


@dataclass(frozen=True)
class History:
    """One run of one plan, and all that happens to it."""

    plan: Plan
    endings: Mapping[TaskId, tuple[Ending, int]] = field(default_factory=dict)
    fates: tuple[Fate, ...] = ()
    """One controller after another; a last one lives on unharmed."""
    jumps: Mapping[int, Jump] = field(default_factory=dict)
    cancel_after: int = 0
    """Waits; 0: nobody asks for the end."""
    slots: int = 2
    lingers: int = 0
    go_on: bool = True
    reuse: bool = False
    """Whether equals of its steps are looked for before they run."""


class Played:
    """A history that has come to its end."""

    world_class: type[RoughWorld] = RoughWorld

    def __init__(self, history: History) -> None:
        self.history = history
        self.store = MemoryStore()
        cancels = {history.cancel_after: RUN} if history.cancel_after else {}
        self.world = self.world_class(
            self.store,
            lambda task: history.endings.get(task, (Ending.SUCCEEDS, 1)),
            jumps=history.jumps,
            cancels=cancels,
        )
        self.environments = FakeEnvironments()
        self.lives = 0
        self.losers = 0
        self.disobedient: list[TaskId] = []
        """Attempts started by a controller that had seen the cancel."""
        self._submit()
        for fate in (*history.fates, Fate()):
            self.live(fate)
        self.world.settle_down()

    @property
    def state(self) -> RunState:
        """What the journal says; folding it checks it."""
        return fold(begin(RUN, self.history.plan), self.entries)

    @property
    def entries(self) -> list[e.JournalEntry]:
        """The journal, read one after the other: `journal.read` has threads that read ahead."""
        keys = (journal.entry_key(RUN, number) for number in count(1))
        there = takewhile(self.store.objects.__contains__, keys)
        return [read_document(e.JournalEntry, self.store.get(key), key) for key in there]

    @property
    def events(self) -> list[e.Event]:
        """All that the journal tells."""
        return [event for entry in self.entries for event in entry.events]

    def live(self, fate: Fate) -> None:
        """Let one controller drive the run until it has ended, been killed, refused or replaced."""
        state = self.state
        if state.over:
            return
        self.lives += 1
        controller = self._controller(fate, state)
        try:
            self._take(controller)
            controller.drive()
        except Killed:
            pass
        except RunTaken:
            self.losers += 1
        except StoreDenied:
            shown = head.read(self.store, RUN)
            assert shown is None or shown.error == "" or "the credentials have expired" in shown.error

    def target_for(self, fate: Fate) -> ComputeTarget:
        """What one controller has of the world."""
        slots, lingers = self.history.slots, self.history.lingers
        return RoughTarget(TARGET, self.world, slots, stale=fate.stale, empty=fate.empty, lingers=lingers)

    def _take(self, controller: Controller) -> None:
        for _ in range(100):
            try:
                controller.take("host", self.lives)
            except StoreUnreachable:
                self.world.pass_time(0.5)
            else:
                return

    def _submit(self) -> None:
        targets = {one.key: TARGET for one in self.history.plan.steps}
        digest = plans.save(self.store, self.history.plan)
        what = Submission(
            plan=digest,
            experiment="experiment",
            targets=targets,
            continue_on_step_failure=self.history.go_on,
            regenerate_outputs=not self.history.reuse,
        )
        journal.Writer(self.store, RUN, "submit", 0).append([e.RunSubmitted(what)], T0)

    def _controller(self, fate: Fate, state: RunState) -> Controller:
        meanwhile = {}
        if fate.rival is not None:
            meanwhile[fate.stopped_at] = partial(self.live, fate.rival)
        if fate.cancel_at:
            meanwhile[fate.cancel_at] = partial(records.cancel, self.store, RUN)
        life = _Observed(fate.end, fate.trouble, fate.refusals, fate.deaf, meanwhile)
        store = _Store(self.store, life)
        target = _Target(self.target_for(fate), life, TARGET, self)
        effects = Effects(
            store=store,
            datastores=lambda _name: store,
            targets={TARGET: cast("ComputeTarget", target)},
            environments={TARGET: self.environments},
            clock=self.world.clock,
            notify=lambda _line: None,
            _pool=InlineExecutor(),
            _makers=InlineExecutor(),
            _stoppers=InlineExecutor(),
            _submitters=InlineExecutor(),
            _searchers=InlineExecutor(),
        )
        writer = journal.Writer(store, RUN, f"c{self.lives}", state.number)
        return Controller(progress=progress_of(self.history.plan, state), effects=effects, writer=writer)


@dataclass
class _Observed(Life):
    reported: bool = False
    """Whether it has seen that a cancel was asked for."""


@dataclass
class _Store(MortalStore):
    @override
    def stat(self, key: str) -> ObjectInfo | None:
        found = super().stat(key)
        if found is not None and key == cancel_marker(RUN) and isinstance(self.life, _Observed):
            self.life.reported = True
        return found


@dataclass
class _Target(MortalTarget):
    played: Played | None = None

    @override
    def start(self, task: Task) -> str:
        if self.played is not None and isinstance(self.life, _Observed) and self.life.reported:
            self.played.disobedient.append(task.id)
        return super().start(task)
