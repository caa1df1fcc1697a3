"""A step that succeeded though items have failed says so, and is not reused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.data.partial_results import with_partial, write_partial
from runner.model.record import Failure
from runner.model.workers import WorkerKind, Workers
from tests.support import builders as b

POOL = replace(b.task("score"), workers=Workers(kind=WorkerKind.POOL, nodes=2))


def test_the_words_become_a_warning_of_a_record_that_is_not_reusable(tmp_path: Path) -> None:
    assert with_partial(b.record(), POOL, tmp_path) == b.record()
    write_partial(tmp_path, "2 of 10 batches failed")
    found = with_partial(b.record(), POOL, tmp_path)
    assert found == replace(b.record(), warnings=("2 of 10 batches failed",), reusable=False)


def test_a_failure_and_a_step_of_one_worker_stay_as_they_are(tmp_path: Path) -> None:
    write_partial(tmp_path, "2 of 10 batches failed")
    failed = b.record(failure=Failure.USER)
    assert with_partial(failed, POOL, tmp_path) is failed
    assert with_partial(b.record(), replace(POOL, workers=None), tmp_path) == b.record()
