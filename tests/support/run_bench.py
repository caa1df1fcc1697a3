"""One run of one plan in a fake world, and the controllers that drive it, each with a life of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from runner.control.act import Effects
from runner.control.launcher import RunLauncher
from runner.control.loop import Controller
from runner.control.progress import progress_of
from runner.control.sampler import Sampler, no_sampler
from runner.model import events as e
from runner.model.plan import Plan, Submission
from runner.model.state import RunState
from runner.model.status import STEP_ENDS, StepStatus
from runner.model.task import TaskId
from runner.override import override
from runner.ports import ComputeTarget
from runner.runs import head, journal, plans, records
from tests.support.builders import RUN, T0, TARGET
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore
from tests.support.mortal import InlineExecutor, Killed, Life, MortalStore, MortalTarget

PATIENCE = 400
"""Waits after which a run that has not ended never will."""


@dataclass
class Bench:
    """One run of one plan in one world, and the controllers that drive it."""

    plan: Plan
    endings: Mapping[TaskId, tuple[Ending, int]] = field(default_factory=dict)
    slots: int = 2
    go_on: bool = True
    broken: tuple[str, ...] = ()
    cancel_at: int = -1
    """The wait at which somebody asks for the end."""
    lives: int = 0
    run_id: str = RUN
    store: MemoryStore = field(default_factory=MemoryStore)
    """That of another bench, to run in the same workspace."""
    regenerate: bool = False
    launcher: Callable[[MortalStore, Life], RunLauncher] | None = None
    sampler: Callable[[], Sampler] = no_sampler

    def __post_init__(self) -> None:
        self.environments = FakeEnvironments(broken=self.broken)
        self.world = World(self.store, lambda task: self.endings.get(task, (Ending.SUCCEEDS, 1)))
        submission = Submission(
            plan=plans.save(self.store, self.plan),
            experiment="experiment",
            targets={one.key: TARGET for one in self.plan.steps},
            continue_on_step_failure=self.go_on,
            regenerate_outputs=self.regenerate,
        )
        journal.Writer(self.store, self.run_id, "submit", 0).append([e.RunSubmitted(submission)], T0)

    @property
    def state(self) -> RunState:
        """What the journal says; folding it checks it."""
        found = plans.replay(self.store, self.run_id)
        assert found is not None
        return found[1]

    def controller(self, life: Life) -> Controller:
        """A new process: it knows what the journal says, and nothing else."""
        self.lives += 1
        store, clock = MortalStore(self.store, life), self.world.clock
        target = MortalTarget(_Canceling(TARGET, self.world, self.slots, self), life, TARGET)
        effects = Effects(
            store=store,
            datastores=lambda _name: store,
            targets={TARGET: cast("ComputeTarget", target)},
            environments={TARGET: self.environments},
            clock=clock,
            notify=lambda _line: None,
            _pool=InlineExecutor(),
            _makers=InlineExecutor(),
            _stoppers=InlineExecutor(),
            _submitters=InlineExecutor(),
            _searchers=InlineExecutor(),
            launcher=self.launcher and self.launcher(store, life),
            sampler=self.sampler,
        )
        state = self.state
        return Controller(
            progress=progress_of(self.plan, state),
            effects=effects,
            writer=journal.Writer(store, self.run_id, f"c{self.lives}", state.number),
        )

    def live(self, life: Life) -> None:
        """Let one controller drive the run until it has ended or been killed."""
        if self.state.over:
            return
        try:
            controller = self.controller(life)
            controller.take("host", self.lives)
            controller.drive()
        except Killed:
            pass

    def run(self, *ends: int, trouble: frozenset[int] = frozenset()) -> RunState:
        """Controllers that die at `ends`, then an immortal one; the state at the run's end."""
        for end in ends:
            self.live(Life(end))
        self.live(Life(trouble=trouble))
        return self.state

    def check(self) -> None:
        """What holds at the end of every run."""
        end = self.state
        assert end.over
        assert all(one.status in STEP_ENDS for one in end.steps.values())
        assert self.world.attempts == {}, "left on the target"
        assert self.world.finished == {self.run_id}
        assert self.world.dropped == [], "forgotten while they ran"
        for task, count in self.world.executions.items():
            # One that vanished before it was journaled is not known to have been.
            assert count == 1 or self.endings[task][0] is Ending.VANISHES, "an attempt was started twice"
        for key, one in end.steps.items():
            commit = records.committed(self.store, TaskId(self.run_id, key))
            if commit is not None and one.attempt < commit.attempt and not one.outputs:
                # Gone from the target before anybody could journal that it was there; then came a cancel.
                assert self.endings[TaskId(self.run_id, key, commit.attempt)][0] is Ending.FORGOTTEN
                assert one.status is StepStatus.CANCELED
                continue
            if one.status is StepStatus.REUSED:
                assert commit is None or commit.outputs, "reused after its own attempt had committed"
                continue
            assert (commit is not None) == (one.status is StepStatus.SUCCEEDED), f"{key}: {one.status}, {commit}"
            if commit is not None:
                assert commit.outputs == one.outputs
                assert commit.attempt == one.attempt
        shown = head.read(self.store, self.run_id)
        if shown is not None and shown.number == end.number:
            assert (shown.status, shown.error) == (end.status, "")


@dataclass
class _Canceling(FakeTarget):
    """Somebody asks for the end of the run while its controller waits."""

    bench: Bench = field(kw_only=True, default=cast("Bench", None))

    def __init__(self, name: str, world: World, slots: int, bench: Bench) -> None:
        super().__init__(name, world, slots)
        self.bench = bench

    @override
    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        if self.world.waits == self.bench.cancel_at:
            records.cancel(self.bench.store, self.bench.run_id)
        if self.world.waits > PATIENCE:
            raise AssertionError("the run does not end")
