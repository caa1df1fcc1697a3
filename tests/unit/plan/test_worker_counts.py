from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.errors import BadInput
from runner.model.plan import Plan, Scalar
from runner.model.published import ParameterValues
from runner.model.workers import WorkerKind, Workers
from runner.operations.preflight import plan_problems
from runner.operations.published.binding import bound
from runner.plan.validate import validate
from runner.plan.worker_counts import least_counts, limit_problems
from tests.support import builders as b
from tests.support.search_plans import search_plan

POOL = Workers(kind=WorkerKind.POOL, nodes=4, processes=2)
ASKED = replace(POOL, nodes_parameter="n", processes_parameter="p")


def plan(workers: Workers, **parameters: Scalar) -> Plan:
    return b.plan(b.step("a", workers=workers, compute="cpu"), parameters=parameters)


def words(problems: Any) -> list[str]:
    return [f"{one.where}: {one.what}" for one in problems]


def test_numbers_that_fit() -> None:
    assert validate(plan(POOL)) == ()
    assert validate(plan(replace(POOL, nodes=1, processes=0))) == ()
    assert validate(plan(ASKED, n="3", p=None)) == ()


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (replace(POOL, nodes=0), "workers: 0 nodes are too few"),
        (replace(POOL, processes=-1), "workers: -1 is no number of processes"),
        (replace(POOL, nodes_parameter="m"), "there is no parameter 'm'"),
    ],
)
def test_numbers_that_do_not(asked: Workers, what: str) -> None:
    assert words(validate(plan(asked, n=1, p=0))) == [f"step 'a': {what}"]


@pytest.mark.parametrize("value", [0, -1, 2.0, "two", "2.5", True, "", "٣"])
def test_a_default_that_is_no_number_of_nodes(value: Scalar) -> None:
    (found,) = validate(plan(ASKED, n=value, p=0))
    assert found.what == f"parameter 'n' gives a number of nodes, and {value!r} is none"
    assert found.remedy == "let its default be a whole number, 1 or more"


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(validate(plan(replace(ASKED, nodes_parameter="m"), n=1, p=-1))) == 2


@pytest.mark.parametrize(("name", "value"), [("n", 0), ("n", None), ("n", "x"), ("p", -1), ("p", 1.5)])
def test_a_value_that_is_no_number_is_found_on_every_way_to_a_run(name: str, value: Scalar) -> None:
    what = plan(ASKED, n=1, p=0)
    (found,) = plan_problems(what, {name: value})
    assert f"parameter '{name}' gives a number of" in found.what
    with pytest.raises(BadInput) as caught:
        bound(what, ParameterValues(scalars={name: value}))
    assert caught.value.problems == (found,)


@pytest.mark.parametrize("value", [7, "7", " 7 "])
def test_a_number_may_be_a_text_as_in_v1(value: Scalar) -> None:
    what = plan(ASKED, n=1, p=0)
    assert plan_problems(what, {"n": value}) == ()
    scalars = bound(what, ParameterValues(scalars={"n": value})).scalars
    assert ASKED.bound({**what.parameters, **scalars}).nodes == 7


def test_a_parameter_of_a_step_without_workers_stays_one() -> None:
    what = replace(b.plan(b.step("a"), parameters={"n": 1}), node_parameters=("n",))
    with pytest.raises(BadInput, match="its step runs its script once"):
        bound(what, ParameterValues(scalars={"n": 2}))


def test_one_parameter_may_give_both() -> None:
    assert least_counts(plan(replace(ASKED, processes_parameter="n"), n=1)) == {"n": 1}
    assert least_counts(plan(ASKED, n=1, p=1)) == {"n": 1, "p": 0}
    assert least_counts(b.plan(b.step("a"))) == {}


@pytest.mark.parametrize(
    ("asked", "values", "nodes"),
    [
        (POOL, {}, 4),
        (replace(POOL, nodes=3), {}, 0),
        (ASKED, {}, 0),
        (ASKED, {"n": 5}, 5),
        (ASKED, {"n": "9"}, 9),
        (ASKED, {"n": "x"}, 0),
    ],
)
def test_more_nodes_than_the_compute_has(asked: Workers, values: dict[str, Scalar], nodes: int) -> None:
    found = list(limit_problems(plan(asked, n=2, p=0), values, {"cpu": 3}))
    told = [f"step 'a': it asks for {nodes} nodes, and its compute 'cpu' has at most 3 (max_nodes)"]
    assert words(found) == (told if nodes else [])
    assert list(limit_problems(plan(asked, n=2, p=0), values, {"gpu": 1})) == []


def test_a_search_has_no_workers_of_its_own() -> None:
    what = search_plan(2)
    (last,) = (step for step in what.steps if step.search)
    steps = tuple(replace(step, workers=POOL) if step is last else step for step in what.steps)
    assert words(validate(replace(what, steps=steps))) == [f"step '{last.name}': it is a search and has workers"]
