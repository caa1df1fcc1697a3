"""The schema of a pipeline file, over nodes."""

from __future__ import annotations

from runner.plan.nodes import Entry, Leaf, Reading, Table
from runner.plan.pipeline_file import FILE
from tests.support.call_count import calls_of


def calls_for(steps: int) -> int:
    """How much is done to read as many steps, each of which has a field that nobody knows."""
    wrong = Table((Entry("odd", Leaf("1", 1, 1), 1),), 1)
    entries = tuple(Entry(f"s{at}", wrong, at) for at in range(steps))
    reading = Reading("file.yaml")
    calls = calls_of(lambda: FILE.read(Table((Entry("steps", Table(entries, 1), 1),), 1), "", reading))
    assert len(reading.problems) >= steps
    return calls


def test_many_problems_are_found_in_a_time_that_grows_with_their_number() -> None:
    calls_for(1)
    assert calls_for(400) < 5 * calls_for(100)
