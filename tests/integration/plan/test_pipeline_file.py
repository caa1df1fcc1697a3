"""Pipeline files over nodes."""

from __future__ import annotations

from runner.documents.decoding import Findings
from runner.model.nodes import Leaf, Place, Table
from runner.plan.pipeline_file import from_node
from tests.support.call_count import calls_of


def calls_for(steps: int) -> int:
    """Return how many calls it takes to read as many steps, each of which has an unknown field."""
    place = Place("file.yaml", 1)
    wrong = Table({"odd": Leaf("1", 1, place)}, place)
    file = Table({"steps": Table({f"s{at}": wrong for at in range(steps)}, place)}, place)
    findings = Findings()
    calls = calls_of(lambda: from_node(file, "", findings))
    assert len(findings.problems) >= steps
    return calls


def test_many_problems_are_found_in_a_time_that_grows_with_their_number() -> None:
    calls_for(1)
    assert calls_for(400) < 5 * calls_for(100)
