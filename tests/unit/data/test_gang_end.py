"""What a gang's program leaves about its failure, and how the record uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data.gang_end import GangEnd, gang_end, write_gang_end
from runner.model.record import Failure
from runner.step.script_result import ScriptResult, gang_result

END = GangEnd("rank 2 of 4 ended with exit code 3", lines=("no gradient", "in rank 2"))
USER = ScriptResult(Failure.USER, "the script ended with exit code 3")


def test_words_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert gang_end(tmp_path) is None
    write_gang_end(tmp_path, END)
    assert gang_end(tmp_path) == END


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"reason": "x"}', "\x00"])
def test_what_a_script_has_written_in_its_place_does_not_count(tmp_path: Path, text: str) -> None:
    write_gang_end(tmp_path, END)
    next(tmp_path.iterdir()).write_text(text)
    assert gang_end(tmp_path) is None


def test_the_record_has_the_lines_of_the_rank_that_failed_alone() -> None:
    assert END.tail("[rank 1] other words\nno gradient") == "no gradient\nin rank 2"
    assert GangEnd("worker 1 of 2 was lost", lost=True).tail("the log") == "the log"


def test_a_lost_worker_is_no_failure_of_the_script() -> None:
    assert gang_result(USER, END) == ScriptResult(Failure.USER, END.reason)
    assert gang_result(USER, GangEnd("lost it", lost=True)) == ScriptResult(Failure.LOST, "lost it")
    oom = ScriptResult(Failure.OOM, "memory")
    assert gang_result(oom, END) is oom
