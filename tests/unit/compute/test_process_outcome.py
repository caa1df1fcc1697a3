from __future__ import annotations

from runner.compute.process.outcome import observation_of
from runner.data.launch import ignored_paths
from runner.model.observation import Phase
from runner.model.record import CommitRecord, Failure
from tests.support import builders as b


def test_a_failure_is_observed_with_all_that_is_known() -> None:
    record = b.record(1, Failure.STORE, reason="away", tail="t", warnings=("w",))
    seen = observation_of("uid", record, None)
    assert (seen.phase, seen.failure, seen.reason, seen.tail) == (Phase.FAILED, Failure.STORE, "away", "t")
    assert (seen.warnings, seen.retriable, seen.started, seen.ended) == (("w",), True, record.started, record.ended)


def test_another_attempts_commit_makes_it_a_success_and_nothing_else() -> None:
    record = b.record(2, Failure.USER, exit_code=3, reason="exit code 3", tail="t")
    seen = observation_of("uid", record, CommitRecord(attempt=1, record="key", outputs={"out": b.ref("first")}))
    assert (seen.phase, seen.failure, seen.reason, seen.exit_code) == (Phase.SUCCEEDED, None, "", 0)
    assert (seen.outputs, seen.attempt, seen.retriable) == ({"out": b.ref("first")}, 1, False)


def test_ignored_paths_are_named_in_one_line() -> None:
    assert ignored_paths(b.task()) == ()
    task = b.task(
        inputs=(b.binding("raw", path_on_compute="/in"), b.binding("plain")),
        outputs=(b.output("out", path_on_compute="/out"),),
    )
    (line,) = ignored_paths(task)
    assert line.startswith("path_on_compute of 'raw', 'out' is for clusters")
