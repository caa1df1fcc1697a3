"""`why` names the exact field that made a step run again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.data import packing, snapshot
from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.step import Interpreter, OutputPath, OutputSpec, ParameterValue, StepSpec
from runner.model.task import TaskId
from runner.operations import why
from runner.operations.differences import Difference
from runner.operations.retry import prepare_retry, resubmit
from runner.operations.retry_selection import Part, Scope
from runner.operations.submit import Submitter
from runner.operations.values import RunView, WorkspaceFacts
from runner.operations.why import Explanation, explain
from runner.runs import index
from tests.scenario.test_reuse_anywhere import AGAIN, later
from tests.support.builders import ENVIRONMENT, RUN, T0, plan, step
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending
from tests.support.memory_store import MemoryStore
from tests.support.run_bench import Bench

PLAN = plan(step("a"), step("b", "a"))


def reported(bench: Bench, key: str = "a") -> Explanation:
    return explain(bench.store, lambda _: bench.store, RunView(bench.state, bench.plan), key)


def again(what: Plan, first: Plan = PLAN, **options: Any) -> Bench:
    """`what`, run after `first`."""
    before = Bench(first)
    index.add(
        before.store,
        index.IndexEntry(
            run=RUN, experiment="experiment", created=T0, user="somebody", steps=2, tags={}, description=""
        ),
    )
    before.run()
    after = later(before, what, **options)
    after.run()
    return after


def with_a(**changes: Any) -> Plan:
    return plan(replace(step("a"), **changes), step("b", "a"))


def parametrised(value: object) -> Plan:
    command = (Interpreter(), "script.py", ParameterValue("rate"), OutputPath("out"))
    return plan(step("a", command=command), parameters={"rate": value})


def environment(*pip: str) -> Plan:
    return replace(PLAN, environments={ENVIRONMENT: NamedEnvironment(ENVIRONMENT, EnvironmentSpec(pip=pip))})


@pytest.mark.parametrize(
    ("before", "after", "field", "values"),
    [
        (PLAN, with_a(script="other.py"), "script", ("—", "other.py")),
        (PLAN, with_a(variables={"WHO": "me"}), "variable WHO", ("a", "me")),
        (PLAN, with_a(command=(Interpreter(), "script.py", "5")), "argument 3", (None, "5")),
        (parametrised(0.1), parametrised(0.2), "argument 3", ("0.1", "0.2")),
        (environment("a==1"), environment("a==2"), "environment pip", ("a==1", "a==2")),
        (PLAN, with_a(outputs=(OutputSpec(name="out", folder=True),)), "output out", (None, None)),
    ],
)
def test_the_field_that_differs(before: Plan, after: Plan, field: str, values: tuple[str | None, str | None]) -> None:
    found = reported(again(after, before))
    assert (found.verdict, found.compared_with) == ("ran", f"{RUN}.a")
    (one,) = [each for each in found.differences if each.field == field]
    assert values in ((None, None), (one.before, one.after)) or (None, one.after) == values


def test_a_renewed_lock_is_told_by_the_packages_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (EnvironmentSpec(pip=("numpy",), generation=number) for number in (0, 1))
    locks = {
        spec: Lock(
            spec=spec.digest,
            python="3.11",
            platform="any",
            packages=(
                LockedPackage(name="numpy", version=f"1.{spec.generation}"),
                LockedPackage(name="six", version="1"),
            ),
        )
        for spec in (old, new)
    }
    monkeypatch.setattr(FakeEnvironments, "lock_of", lambda _, spec: locks[spec].digest)
    plans = [replace(PLAN, environments={ENVIRONMENT: NamedEnvironment(ENVIRONMENT, spec)}) for spec in (old, new)]
    bench = again(plans[1], plans[0])
    for lock in locks.values():
        lock_store.keep(bench.store, lock)
    assert reported(bench).differences == (
        Difference("environment lock (times renewed)", "—", "1"),
        Difference("package numpy", "1.0", "1.1"),
    )


def test_later_runs_do_not_hide_the_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "_FAR", 1)
    bench = again(with_a(script="other.py"))
    for later_run in ("20260104t030405678z-cccccccccccccccc", "20260105t030405678z-dddddddddddddddd"):
        index.add(bench.store, index.IndexEntry(run=later_run, experiment="experiment", created=T0))
    assert reported(bench).compared_with == f"{RUN}.a"


def kept(store: MemoryStore, folder: Path, **files: str) -> str:
    """The digest of a stored snapshot of these files."""
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return packing.keep(store, snapshot.take(folder))


def test_the_file_of_the_source_that_differs(tmp_path: Path) -> None:
    store = MemoryStore()
    before = kept(store, tmp_path / "before", train="x = 1", same="y")
    after = kept(store, tmp_path / "after", train="x = 2", same="y", new="")
    bench = again(with_a(snapshot=after), with_a(snapshot=before))
    bench.store.objects.update(store.objects)
    found = reported(bench)
    assert [each.field for each in found.differences] == ["source new.py", "source train.py"]


def test_the_input_whose_bytes_differ() -> None:
    found = reported(again(with_a(variables={"WHO": "me"})), "b")
    assert [each.field for each in found.differences] == ["input from_a"]


def test_a_reused_step_says_of_what() -> None:
    found = reported(again(PLAN))
    assert (found.verdict, found.compared_with, found.differences) == ("reused", f"{RUN}.a", ())


@pytest.mark.parametrize(
    ("what", "options", "reason"),
    [
        (PLAN, {"regenerate": True}, "regenerate_outputs=True"),
        (with_a(reuse=False), {}, "allow_reuse=False"),
        (plan(step("c")), {}, "no earlier run has finished a step 'c'"),
    ],
)
def test_why_it_had_to_run_without_a_difference(what: Plan, options: dict[str, Any], reason: str) -> None:
    found = reported(again(what, **options), what.steps[0].key)
    assert reason in found.reason
    assert found.verdict == "ran"


def test_an_output_that_is_gone() -> None:
    first = Bench(PLAN)
    index.add(
        first.store,
        index.IndexEntry(
            run=RUN, experiment="experiment", created=T0, user="somebody", steps=2, tags={}, description=""
        ),
    )
    (ref,) = first.run().steps["a"].outputs.values()
    first.store.delete(ref.key)
    second = later(first)
    second.run()
    # It was made again by this very run, at its own place.
    assert second.state.run == AGAIN
    assert "its output 'out' is gone or was changed" in reported(second).reason


def test_a_step_that_waits() -> None:
    bench = Bench(PLAN)
    assert reported(bench, "b").reason == "what it reads is not there yet"


def test_a_step_without_needs_is_told_before_it_starts() -> None:
    first = Bench(PLAN)
    index.add(
        first.store,
        index.IndexEntry(
            run=RUN, experiment="experiment", created=T0, user="somebody", steps=2, tags={}, description=""
        ),
    )
    first.run()
    changed: StepSpec = step("a", script="other.py")
    assert [each.field for each in reported(later(first, plan(changed))).differences] == ["script"]


def test_a_step_that_was_left_out_says_so() -> None:
    bench = Bench(PLAN, {TaskId(RUN, "a"): (Ending.FAILS, 1)})
    bench.run()
    assert reported(bench, "b") == Explanation(
        key="b", verdict="skipped", reason="it needs 'a', which failed", compared_with=""
    )


def test_a_step_that_always_runs_says_so() -> None:
    bench = Bench(plan(step("a"), step("z", after=("a",), always=True)))
    bench.run()
    assert reported(bench, "z") == Explanation(key="z", verdict="ran", reason="it always runs", compared_with="")


def test_a_step_that_was_made_again_says_of_what() -> None:
    first = Bench(PLAN)
    first.run()
    view = RunView(first.state, first.plan)
    who = Submitter("ada", T0 + timedelta(days=1), b"0123456789", WorkspaceFacts(name="w"))
    made = prepare_retry(first.store, lambda _: first.store, view, Part(Scope.FROM, ("b",)))
    bench = Bench(PLAN, run_id=resubmit(first.store, made, who), store=first.store)
    bench.run()
    assert reported(bench, "b") == Explanation(
        key="b", verdict="ran", reason=f"this run retries {RUN} from here on", compared_with=""
    )
    assert reported(bench, "a").verdict == "reused"
