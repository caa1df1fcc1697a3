"""The words that a program leaves about its end, and how the record uses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.data.program_end import ProgramEnd, program_end, program_end_of, with_warning, write_program_end
from runner.model.record import Failure
from runner.model.workers import WorkerKind, Workers
from runner.step.script_result import ScriptResult, result_in_words
from tests.support import builders as b

END = ProgramEnd("rank 2 of 4 ended with exit code 3", lines=("no gradient", "in rank 2"))
PARTIAL = ProgramEnd(warning="2 of 10 batches failed")
POOL = replace(b.task("score"), workers=Workers(kind=WorkerKind.POOL, nodes=2))
USER = ScriptResult(Failure.USER, "the script ended with exit code 3")


def test_words_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert program_end(tmp_path) is None
    write_program_end(tmp_path, END)
    assert program_end(tmp_path) == END
    write_program_end(tmp_path, PARTIAL)
    assert program_end(tmp_path) == PARTIAL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"reason": "x"}', "\x00"])
def test_what_a_script_has_written_in_its_place_does_not_count(tmp_path: Path, text: str) -> None:
    write_program_end(tmp_path, END)
    next(tmp_path.iterdir()).write_text(text)
    assert program_end(tmp_path) is None


def test_the_record_has_the_lines_of_the_rank_that_failed_alone() -> None:
    assert END.tail("[rank 1] other words\nno gradient") == "no gradient\nin rank 2"
    assert ProgramEnd("worker 1 of 2 was lost", lost=True).tail("the log") == "the log"


def test_a_lost_worker_is_no_failure_of_the_script() -> None:
    assert result_in_words(USER, END) == ScriptResult(Failure.USER, END.reason)
    assert result_in_words(USER, ProgramEnd("lost it", lost=True)) == ScriptResult(Failure.LOST, "lost it")
    oom = ScriptResult(Failure.OOM, "memory")
    assert result_in_words(oom, END) is oom


def test_a_warning_of_a_success_makes_a_record_that_is_not_reusable(tmp_path: Path) -> None:
    assert with_warning(b.record(), program_end_of(POOL, tmp_path)) == b.record()
    write_program_end(tmp_path, PARTIAL)
    found = with_warning(b.record(), program_end_of(POOL, tmp_path))
    assert found == replace(b.record(), warnings=("2 of 10 batches failed",), reusable=False)


def test_a_failure_and_a_step_of_one_worker_stay_as_they_are(tmp_path: Path) -> None:
    write_program_end(tmp_path, PARTIAL)
    failed = b.record(failure=Failure.USER)
    assert with_warning(failed, program_end_of(POOL, tmp_path)) is failed
    assert with_warning(b.record(), program_end_of(replace(POOL, workers=None), tmp_path)) == b.record()
