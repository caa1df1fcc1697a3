"""A run of a plan with searches in a fake world, in which trials log their metric while they run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runner.model.observation import Phase
from runner.model.state import begin, fold
from runner.model.status import IN_FLIGHT
from runner.model.task import Task, TaskId
from runner.override import override
from runner.runs import journal, records
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeAttempt, World
from tests.support.run_bench import Bench

Metric = Callable[[Task], Sequence[float]]
"""The values that a trial logs, one with each wait."""


@dataclass
class LoggingWorld(World):
    """A world in which the script of each trial logs one value with each wait."""

    metric: Metric = lambda _task: ()
    logged: dict[TaskId, int] = field(default_factory=dict)
    """The number of values that each attempt has logged."""

    @override
    def _advance(self, attempt: FakeAttempt) -> None:
        super()._advance(attempt)
        task = attempt.task
        values = self.metric(task)
        if values and (attempt.phase is Phase.RUNNING or attempt.record is not None):
            before = self.logged.get(task.id, 0)
            values = values[: before + 1]
            self.logged[task.id] = len(values)
            lines = "".join(json.dumps({"name": "accuracy", "value": value}) + "\n" for value in values)
            self.store.put(f"{task.id.reports}metrics.jsonl", lines.encode())


@dataclass
class SearchBench(Bench):
    """A bench whose trials log what `metric` says."""

    metric: Metric = lambda _task: ()

    submitted: bool = False
    """The run has its first entry already."""

    @override
    def __post_init__(self) -> None:
        if self.submitted:
            self.environments = FakeEnvironments()
            self.world = World(self.store, lambda task: self.endings.get(task, (Ending.SUCCEEDS, 1)))
        else:
            super().__post_init__()
        self.logging = LoggingWorld(self.store, self.world.script, metric=self.metric)
        self.world = self.logging

    @override
    def check(self) -> None:
        """What holds at the end of every run with a search, and after each of its entries."""
        super().check()
        first, *_ = entries = list(journal.read(self.store, self.run_id))
        state = fold(begin(self.run_id, self.plan), [first])
        for entry in entries[1:]:
            state = fold(state, [entry])
            for step in self.plan.searches:
                assert step.search is not None
                trials = [state.steps[key] for key in step.search.trials]
                live = [one for one in trials if one.status in IN_FLIGHT]
                assert len(live) <= step.search.concurrent
                assert all(one.sampled for one in trials if one.attempt), "a trial without values was started"

    def arguments(self, key: str, attempt: int = 1) -> tuple[str, ...]:
        """The sampled arguments that an attempt of a trial was given."""
        task = records.assignment(self.store, TaskId(self.run_id, key, attempt).assignment)
        return tuple(text for text in task.command[3:] if isinstance(text, str))
