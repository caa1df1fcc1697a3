from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runner.model.environment import EnvironmentSpec, Wheel
from runner.operations.environment_uses import GRACE, RunUse, judge, kept, use_of
from runner.ports import StoredEnvironment
from tests.support import builders as b
from tests.support import sample_run as sample

NOW = b.at(1_000_000)
LONG_AGO = NOW - timedelta(days=400)
_LETTERS = "abcd"
_REFERENCES = st.frozensets(st.sampled_from(_LETTERS), max_size=3)
_TIMES = st.none() | st.integers(0, 400).map(lambda days: NOW - timedelta(days=days))
_RUNS = st.lists(
    st.builds(
        RunUse,
        run=st.sampled_from(["r1", "r2", "r3"]),
        ended=_TIMES,
        references=st.dictionaries(st.sampled_from(_LETTERS), st.just("train"), max_size=3),
        specs=_REFERENCES,
        locks=_REFERENCES,
    ),
    max_size=5,
)
_STORED = st.lists(
    st.builds(
        StoredEnvironment,
        reference=st.sampled_from(_LETTERS),
        names=_REFERENCES,
        place=st.just("folder"),
        environment=st.sampled_from(["", *_LETTERS]),
        lock=st.sampled_from(["", *_LETTERS]),
        made=_TIMES,
        used=_TIMES,
        busy=st.sampled_from(["", "being made"]),
    ),
    max_size=5,
)


def stored(name: str, **changes: object) -> StoredEnvironment:
    facts: dict[str, object] = {"names": frozenset({name}), "made": LONG_AGO, **changes}
    return StoredEnvironment(reference=name, place="folder", **facts)  # type: ignore[arg-type] # of the caller


def use(run: str, *references: str, days: float | None = 1, open_for: tuple[str, ...] = ()) -> RunUse:
    ended = None if days is None else NOW - timedelta(days=days)
    return RunUse(run=run, ended=ended, references=dict.fromkeys(references, "train"), specs=frozenset(open_for))


def reasons(environments: list[StoredEnvironment], runs: list[RunUse]) -> list[str]:
    return [each.reason for each in judge(environments, runs, NOW)]


def test_what_a_kept_run_has_used_is_kept_and_the_runs_are_listed() -> None:
    (known, other) = judge([stored("a"), stored("b")], [use("r2", "a"), use("r1", "a", "c")], NOW)
    assert (known.needed, known.runs, known.names) == (True, ("r2", "r1"), ("train",))
    assert (other.needed, other.runs) == (False, ())


def test_what_a_run_in_progress_may_still_need_is_kept() -> None:
    waiting = use("r1", days=None, open_for=("digest",))
    found = reasons([stored("a", environment="digest"), stored("b", environment="other"), stored("c")], [waiting])
    assert found == ["run r1 is in progress", "", ""]


def test_what_has_the_lock_of_a_run_in_progress_is_kept() -> None:
    waiting = replace(use("r1", days=None), locks=frozenset({"5f3c"}))
    assert reasons([stored("a", lock="5f3c"), stored("b", lock="ffff")], [waiting]) == ["run r1 is in progress", ""]


def test_what_was_just_made_or_used_or_is_busy_is_kept() -> None:
    recent = NOW - GRACE / 2
    found = reasons([stored("a", made=recent), stored("b", used=recent), stored("c", busy="it is being made")], [])
    assert found == ["used within the last hour", "used within the last hour", "it is being made"]


def test_older_runs_count_unless_an_age_is_stated() -> None:
    runs = [use("new", days=1), use("old", days=91), use("open", days=None)]
    assert [each.run for each in kept(runs, NOW, None)] == ["new", "old", "open"]
    assert [each.run for each in kept(runs, NOW, timedelta(days=90))] == ["new", "open"]


def test_a_run_uses_the_environments_of_its_plan() -> None:
    digests = [each.spec.digest for each in sample.PLAN.environments.values()]
    assert use_of(sample.view()).specs == frozenset(digests)
    wheel = Wheel("mine-1.0-py3-none-any.whl", "ff")
    environments = {
        key: replace(each, spec=EnvironmentSpec(wheels=(wheel,))) for key, each in sample.PLAN.environments.items()
    }
    with_wheels = replace(sample.view(), plan=replace(sample.PLAN, environments=environments))
    assert use_of(with_wheels).wheels == {"ff"}


@given(_STORED, _RUNS)
def test_nothing_is_free_that_a_run_has_used_or_may_need(
    environments: list[StoredEnvironment], runs: list[RunUse]
) -> None:
    for each in judge(environments, runs, NOW):
        if each.needed:
            continue
        assert not any(each.stored.names & set(run.references) for run in runs)
        assert not any(run.ended is None and each.stored.environment in run.specs for run in runs)
        assert not any(run.ended is None and each.stored.lock in run.locks for run in runs if each.stored.lock)
        assert not each.stored.busy
        assert all(NOW - at >= GRACE for at in (each.stored.made, each.stored.used) if at)


@given(_STORED, _RUNS, _RUNS)
def test_more_runs_keep_more(environments: list[StoredEnvironment], runs: list[RunUse], more: list[RunUse]) -> None:
    few = judge(environments, runs, NOW)
    many = judge(environments, [*runs, *more], NOW)
    assert all(after.needed for before, after in zip(few, many, strict=True) if before.needed)


@given(_RUNS, st.integers(0, 400))
def test_runs_in_progress_are_always_kept(runs: list[RunUse], days: int) -> None:
    found = kept(runs, NOW, timedelta(days=days))
    assert all(each in found for each in runs if each.ended is None)
