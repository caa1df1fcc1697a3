"""What holds at the end of every history, whatever has happened in it."""

from __future__ import annotations

from runner.model import events as e
from runner.model.record import Failure
from runner.model.state import RunState, StepState
from runner.model.status import DELIVERED, STEP_ENDS, RunStatus, StepStatus
from runner.model.task import TaskId
from runner.runs import plans, records
from tests.support.builders import RUN
from tests.support.fake_target import Ending
from tests.support.history import SECRET, Fate, Played


def check(played: Played) -> RunState:
    """All of it; the run's state."""
    end = played.state
    assert end.over, "every run ends"
    assert plans.replay(played.store, RUN) == (played.history.plan, end), "not what others read of it"
    assert all(one.status in STEP_ENDS for one in end.steps.values())
    _check_status(played, end)
    for key, one in end.steps.items():
        _check_outputs(played, key, one)
        _check_words(key, one)
    _check_executions(played, end)
    _check_together(played)
    _check_orphans(played, end)
    assert played.disobedient == [], "started although its controller had seen the cancel"
    assert played.world.after_cancel == []
    _check_secret(played)
    _check_closed(played, end)
    return end


def _check_status(played: Played, end: RunState) -> None:
    all_done = all(end.steps[key].status in DELIVERED for key in played.history.plan.decisive)
    asked = records.canceled(played.store, RUN)
    assert (end.status is RunStatus.SUCCEEDED) == all_done
    assert asked or end.status is not RunStatus.CANCELED


def _check_outputs(played: Played, key: str, one: StepState) -> None:
    commit = records.committed(played.store, TaskId(RUN, key))
    if one.status is StepStatus.SUCCEEDED:
        assert commit is not None
        assert (commit.attempt, commit.outputs) == (one.attempt, one.outputs), f"{key}: not what was committed"
        assert all(played.store.get(ref.key) for ref in one.outputs.values())
    elif commit is not None:
        # Nobody can keep a machine that is cut off from ending its work; but it was given up before.
        assert _was_given_up(played, TaskId(RUN, key, commit.attempt)), f"{key} is {one.status} and has committed"


def _was_given_up(played: Played, task: TaskId) -> bool:
    ending = played.history.endings.get(task, (Ending.SUCCEEDS, 1))[0]
    blind = not all(fate.sees_all for fate in played.history.fates)
    cut_off = blind or played.losers > 0 or played.history.lingers > 0
    return cut_off or ending in (Ending.ZOMBIE, Ending.FORGOTTEN, Ending.COMMITS_ON_STOP)


def _check_words(key: str, one: StepState) -> None:
    if one.status in (StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.CANCELED):
        assert one.reason, f"{key} is {one.status} and does not say why"
    if one.failure in (Failure.OOM, Failure.TIMEOUT, Failure.LOST, Failure.DISRUPTED):
        assert one.remedy, f"{key} failed by {one.failure}, and nobody says what to do"


def _check_executions(played: Played, end: RunState) -> None:
    for key in end.steps:
        policy = played.history.plan.by_key[key].policy
        own = [task for task in played.world.executions if task.key == key and _failed_itself(played, task)]
        assert len(own) <= 1 + (policy.retries or 0), f"{key} was tried again against its policy"
        assert sum(end.steps[key].endings.get(kind, 0) for kind in (Failure.USER, Failure.TIMEOUT)) <= (
            policy.retries or 0
        )
    for task, count in played.world.executions.items():
        assert count == 1 or _left_nothing(played, task), f"{task} was executed {count} times"


def _failed_itself(played: Played, task: TaskId) -> bool:
    record = records.record_of(played.store, task)
    return record is not None and record.failure is Failure.USER


def _left_nothing(played: Played, task: TaskId) -> bool:
    """Whether there was nothing to tell that it had run, when it was made again."""
    return records.record_of(played.store, task) is None or played.losers > 0 or not _clear(played.history.fates)


def _clear(fates: tuple[Fate, ...]) -> bool:
    return all(fate.sees_all for fate in fates)


def _check_together(played: Played) -> None:
    lost = {(event.key, event.attempt) for event in played.events if isinstance(event, e.AttemptFailed)}
    for one, other in played.world.together:
        older = min(one, other)
        assert (older.key, older.attempt) in lost, f"{one} and {other} ran together"
        assert one.attempt != other.attempt or played.losers or not _clear(played.history.fates)


def _check_orphans(played: Played, end: RunState) -> None:
    assert played.world.dropped == [], "forgotten while they ran"
    assert played.world.zombies == []
    refused = any(fate.refused for fate in played.history.fates)
    assert not played.world.attempts or refused, "left on the target"
    named = {ref.key for one in end.steps.values() for ref in one.outputs.values()}
    for key in end.steps:
        commit = records.committed(played.store, TaskId(RUN, key))
        named.update(ref.key for ref in commit.outputs.values()) if commit else None
    there = {info.key for info in played.store.list("azureml/")}
    assert there <= named, f"nothing refers to {sorted(there - named)}"


def _check_secret(played: Played) -> None:
    for info in played.store.list(f"runs/{RUN}/"):
        if "/assignment-" not in info.key:
            assert SECRET.encode() not in played.store.get(info.key), f"a secret in {info.key}"


def _check_closed(played: Played, end: RunState) -> None:
    played.live(Fate())  # `resume`
    assert played.state.number == end.number, "a run that has ended goes on"
