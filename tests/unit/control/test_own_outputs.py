"""Committed outputs count only if they lie where their step was told to write them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control.assign import Attempt, task_for
from runner.control.notice import notice
from runner.control.own_outputs import foreign_outputs, is_same_commit, maker_of, output_bindings
from runner.control.reuse_lookup import equal_of
from runner.data import integrity, manifest
from runner.model import events as e
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.names import destination_problem
from runner.model.observation import Phase
from runner.model.policy import StepPolicy
from runner.model.record import AttemptRecord, CommitRecord, Failure
from runner.model.step import OutputSpec
from runner.model.task import TaskId
from runner.runs import records
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

VICTIM = "20260101t030405678z-bbbbbbbbbbbbbbbb"
STOLEN = b.ref(f"azureml/{VICTIM}.secret/out")
NAMES = st.sampled_from(["out", "model", "a b", "x.y"])
DESTINATIONS = st.sampled_from(
    ["", "fixed", "data/{output-name}", "data/{run-id}", "{run-id}/{output-name}", "/runs of me/{run-id}/x/"]
)
SPECS = st.builds(
    OutputSpec,
    name=NAMES,
    datastore=st.sampled_from(["workspaceblobstore", "workspacefilestore", "lake"]),
    destination=DESTINATIONS,
)
OUTPUTS = st.lists(SPECS, max_size=4, unique_by=lambda spec: spec.name).map(tuple)
ATTEMPTS = st.integers(1, 5)


def refs(task_outputs: tuple[tuple[str, str, str], ...]) -> dict[str, DataRef]:
    return {name: replace(b.ref(key), datastore=datastore) for name, datastore, key in task_outputs}


@given(OUTPUTS, ATTEMPTS)
def test_what_an_attempt_was_told_to_write_is_its_own(outputs: tuple[OutputSpec, ...], number: int) -> None:
    """By the task that the attempt gets, whatever its destinations."""
    assert not any(one.destination and destination_problem(one.destination, workspace=False) for one in outputs)
    step = b.step("a", command=(), outputs=outputs)
    plan = b.plan(step)
    attempt = Attempt(key="a", number=number, target=b.TARGET, environment=b.REFERENCE)
    task = task_for(plan, b.state(plan), attempt, {})
    made = refs(tuple((one.name, one.datastore, one.key) for one in task.outputs))
    assert foreign_outputs(step, task.id, made) == ""


@given(OUTPUTS, ATTEMPTS, ATTEMPTS)
def test_no_other_run_step_or_attempt_has_made_them(outputs: tuple[OutputSpec, ...], number: int, another: int) -> None:
    """Fixed destinations too: outputs are copied there after the commit, and are committed where the attempt wrote."""
    step, own = b.step("a", outputs=outputs), b.task_id("a", number)
    for other in (TaskId(VICTIM, "a", number), b.task_id("b", number), b.task_id("a", number + another)):
        made = refs(tuple((one.name, one.datastore, one.key) for one in output_bindings(step, other)))
        assert bool(foreign_outputs(step, own, made)) == bool(outputs)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({"out": STOLEN}, f"output 'out' lies at workspaceblobstore/{STOLEN.key}, and not at"),
        ({"out": replace(b.made()["out"], datastore="lake")}, "output 'out' lies at lake/azureml/"),
        ({"out": replace(b.made()["out"], key="")}, "output 'out' lies at workspaceblobstore/,"),
        ({"out": replace(b.made()["out"], key=f"{b.made()['out'].key}/../../x")}, "output 'out' lies at"),
        ({}, "output 'out' is missing"),
        ({**b.made(), "more": STOLEN}, "the step has no output 'more'"),
    ],
)
def test_a_commit_record_that_names_others_data_fails_the_step(outputs: dict[str, DataRef], said: str) -> None:
    plan = b.plan(b.step("a", policy=StepPolicy(retries=0)))
    (event,) = notice(plan, b.state(plan, b.started("a")), b.seen(Phase.SUCCEEDED, outputs=outputs), b.at(9))
    assert isinstance(event, e.StepFailed)
    assert event.failure is Failure.REFUSED
    assert event.reason.startswith("its commit record is refused, for it names outputs that are not its own: ")
    assert said in event.reason
    assert "where only runner writes" in event.remedy


@pytest.mark.parametrize(
    "record", ["", "x", "runs/r/a", "runs/r/a/attempt-2.json", "other/r/a/attempt-1.json", "runs/r/a/b/attempt-1.json"]
)
def test_only_an_attempt_record_names_a_maker(record: str) -> None:
    assert maker_of(CommitRecord(attempt=1, record=record)) is None


def test_the_maker_is_the_attempt_whose_record_is_named() -> None:
    assert maker_of(CommitRecord(attempt=2, record=b.task_id("a", 2).record)) == b.task_id("a", 2)


def test_commits_are_the_same_whatever_their_etags() -> None:
    one = CommitRecord(attempt=1, record="r", outputs=b.made())
    assert is_same_commit(one, replace(one, outputs={"out": replace(b.made()["out"], etag="e")}))
    assert not is_same_commit(one, replace(one, outputs={"out": replace(b.made()["out"], digest="e" * 64)}))
    assert not is_same_commit(one, replace(one, attempt=2))


FINGERPRINT = "fingerprint-a"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def commit(store: MemoryStore, run: str, fingerprint: str) -> CommitRecord:
    """The commit of step ``a`` of a run, made as its controller and its attempt make it."""
    task_id = TaskId(run, "a")
    task = b.task("a", id=task_id, outputs=output_bindings(b.step("a"), task_id), fingerprint=fingerprint)
    records.assign(store, task)
    key = task.outputs[0].key
    store.put(key, b"x")
    files = Manifest(Kind.FILE, (Entry("", 1, digest_of_bytes(b"x")),))
    etag = integrity.etag_of(store, key, files.entries)
    ref = replace(b.ref(key, manifest.save(store, files)), etag=etag)
    record = AttemptRecord(attempt=1, failure=None, exit_code=0, started=b.at(0), ended=b.at(1), outputs={"out": ref})
    made = records.finish(store, task, record)
    assert made is not None
    return made


def found(store: MemoryStore) -> CommitRecord | None:
    return equal_of(store, lambda _name: store, FINGERPRINT, b.step("b"))


def test_the_output_of_an_equal_step_is_reused(store: MemoryStore) -> None:
    assert found(store) is None
    made = commit(store, VICTIM, FINGERPRINT)
    assert found(store) == made


def test_a_reuse_entry_that_a_script_turned_to_the_output_of_another_step_is_ignored(store: MemoryStore) -> None:
    """Its record and outputs are those of a true commit: only the assignment shows that the steps differ."""
    commit(store, b.RUN, FINGERPRINT)
    records.store_for_reuse(store, FINGERPRINT, commit(store, VICTIM, "fingerprint-secret"))
    assert found(store) is None


def test_a_reuse_entry_whose_outputs_are_not_those_of_the_run_it_names_is_ignored(store: MemoryStore) -> None:
    own, secret = commit(store, b.RUN, FINGERPRINT), commit(store, VICTIM, "fingerprint-secret")
    for forged in (
        replace(own, outputs=secret.outputs),
        replace(own, outputs={}),
        replace(own, record=secret.record),
        replace(own, record="x"),
        replace(own, outputs={"out": replace(own.outputs["out"], digest="e" * 64)}),
        replace(own, attempt=2, record=b.task_id("a", 2).record),
    ):
        records.store_for_reuse(store, FINGERPRINT, forged)
        assert found(store) is None, forged
    records.store_for_reuse(store, FINGERPRINT, own)
    assert found(store) == own


def test_a_reuse_entry_of_a_run_that_has_no_commit_yet_is_ignored(store: MemoryStore) -> None:
    """The entry is written before the commit."""
    commit(store, b.RUN, FINGERPRINT)
    store.delete(b.task_id("a").commit)
    assert found(store) is None
