from __future__ import annotations

from dataclasses import replace
from typing import Any

from runner.model.workers import WorkerKind, Workers
from runner.operations.values import RunView
from runner.pages.graph_data import graph_document
from tests.support import builders as b


def view(*steps: Any, **changes: Any) -> RunView:
    plan = b.plan(*steps, **changes)
    return RunView(b.state(plan, b.started("a")), plan)


def steps_of(made: dict[str, Any]) -> dict[str, Any]:
    return {step["key"]: step for step in made["steps"]}


def test_steps_have_their_state_their_sign_and_what_they_wait_for() -> None:
    made = steps_of(graph_document(view(b.step("a"), b.step("b", "a")), b.at(9)))
    assert (made["a"]["state"], made["a"]["sign"]) == ("queued", "◌")
    assert made["b"]["state"] == "waiting"
    assert "a" in made["b"]["about"].splitlines()[1]


def test_links_have_the_names_of_the_data() -> None:
    made = graph_document(view(b.step("a"), b.step("b", "a"), b.step("c", after=("b",))), b.at(9))
    assert made["links"] == [
        {"before": "a", "after": "b", "data": ["out"]},
        {"before": "b", "after": "c", "data": []},
    ]


def test_a_step_with_workers_is_marked() -> None:
    crew = replace(b.step("a"), workers=Workers(kind=WorkerKind.POOL, nodes=4))
    made = steps_of(graph_document(view(crew), b.at(9)))
    assert (made["a"]["kind"], made["a"]["note"]) == ("workers", "4 workers")
