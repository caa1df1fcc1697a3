from __future__ import annotations

import pytest

from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.plan import Plan
from runner.model.step import (
    InputPath,
    InputSpec,
    Interpreter,
    OutputOf,
    OutputPath,
    OutputSpec,
    ParameterValue,
    RegisterAs,
)
from runner.plan.validate import validate
from tests.support import builders as b


def whats(plan: Plan) -> list[str]:
    return [problem.what for problem in validate(plan)]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            InputSpec(name="x", source=DatastorePath("lake", "a"), mode=Mode.UPLOAD),
            "'x' is in mode upload and not writable",
        ),
        (InputSpec(name="x", source=DatastorePath("lake", "a/*"), writable=True), "'x' cannot be writable"),
        (
            InputSpec(name="x", source=DatastorePath("lake", "a"), mode=Mode.DOWNLOAD, writable=True),
            "'x' cannot be writable",
        ),
        (InputSpec(name="x", source=DatasetDefinition(kind="file", paths=()), writable=True), "'x' cannot be writable"),
    ],
)
def test_an_input_that_cannot_be_written_is_refused(spec: InputSpec, words: str) -> None:
    (what,) = whats(b.plan(b.step("a", inputs=(spec,))))
    assert words in what


def test_a_good_plan_has_no_problems() -> None:
    raw = InputSpec(name="raw", source=DatastorePath("s", "raw.csv"))
    shown = OutputSpec(name="out", pipeline_output_name="model")
    good = b.step(
        "c", "a", "b", parameters={"P": "p"}, command=(ParameterValue("p"), InputPath("from_a"), OutputPath("out"))
    )
    assert (
        validate(
            b.plan(good, b.step("a", inputs=(raw,), outputs=(shown,)), b.step("b", after=("a",)), parameters={"p": 1})
        )
        == ()
    )


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        (b.plan(), "the pipeline has no steps"),
        (b.plan(b.step("a"), b.step("a")), "2 steps have the key 'a'"),
        (b.plan(b.step("a", environment="none")), "there is no environment 'none'"),
        (b.plan(b.step("a", command=(InputPath("x"),))), "its arguments use the input 'x', which it does not have"),
        (b.plan(b.step("a", command=(OutputPath("x"),))), "its arguments use the output 'x', which it lacks"),
        (b.plan(b.step("a", command=(ParameterValue("x"),))), "there is no parameter 'x'"),
        (b.plan(b.step("a", parameters={"X": "x"})), "there is no parameter 'x'"),
        (b.plan(b.step("a", "b")), "no step writes its input 'from_b'"),
        (
            b.plan(b.step("a"), b.step("b", inputs=(InputSpec(name="x", source=OutputOf("a", "other")),), command=())),
            "no step writes its input 'x'",
        ),
        (
            b.plan(
                b.step(
                    "a", inputs=(InputSpec(name="raw", source=DatastorePath("s", "raw"), path_on_compute="x/../../y"),)
                )
            ),
            "the path_on_compute 'x/../../y' of 'raw' leads out of the step's folder",
        ),
        (
            b.plan(b.step("a", inputs=(InputSpec(name="raw", source=DatastorePath("s", "a/../../b")),))),
            "the path 'a/../../b' of its input 'raw' leaves the datastore",
        ),
        (
            b.plan(
                b.step(
                    "a",
                    inputs=(
                        InputSpec(
                            name="raw", source=DatasetDefinition(kind="file", paths=(DatastorePath("s", "../b"),))
                        ),
                    ),
                )
            ),
            "the path '../b' of its input 'raw' leaves the datastore",
        ),
        (
            b.plan(b.step("a", outputs=(OutputSpec(name="out", path_on_compute="/data/.."),))),
            "the path_on_compute '/data/..' of 'out' leads out of the step's folder",
        ),
        (b.plan(b.step("a", after=("b",))), "it is to run after 'b', which is not in the pipeline"),
        (b.plan(b.step("a", outputs=(OutputSpec(name="out"), OutputSpec(name="a-b")))), "'a-b' cannot name an output"),
        (b.plan(b.step("a", outputs=(OutputSpec(name="out"), OutputSpec(name="out")))), "2 outputs are called 'out'"),
        (
            b.plan(b.step("a"), b.step("b", inputs=(InputSpec(name="a b", source=OutputOf("a", "out")),), command=())),
            "'a b' cannot name an input",
        ),
        (
            b.plan(
                b.step("a"), b.step("b", inputs=(InputSpec(name="x", source=OutputOf("a", "out")),) * 2, command=())
            ),
            "2 inputs are called 'x'",
        ),
        (
            b.plan(*(b.step(key, outputs=(OutputSpec(name="out", pipeline_output_name="model"),)) for key in "ab")),
            "2 outputs have the pipeline_output_name 'model'",
        ),
        (b.plan(b.step("a", "a")), "the steps wait for each other: a → a"),
        *((b.plan(b.step(key)), f"{key!r} cannot be a step's key") for key in ("", "a/b", "..", "journal", "a" * 64)),
    ],
)
def test_each_problem_is_found(plan: Plan, what: str) -> None:
    assert whats(plan) == [what]
    (problem,) = validate(plan)
    assert problem.remedy


def test_a_cycle_is_told_in_order() -> None:
    """Each waits for the one after it."""
    (problem,) = validate(b.plan(b.step("a", "c"), b.step("b", "a"), b.step("c", "b"), b.step("d", "a")))
    ring = problem.what.removeprefix("the steps wait for each other: ").split(" → ")
    assert ring[0] == ring[-1]
    assert set(ring) == set("abc")
    assert (ring[0], ring[1]) in {("a", "c"), ("b", "a"), ("c", "b")}


def test_all_problems_are_found_together() -> None:
    plan = b.plan(b.step("a", "b", environment="x"), b.step("b", "a", after=("z",)))
    assert len(whats(plan)) == 3
    assert {problem.where for problem in validate(plan)} == {"step 'a'", "step 'b'", ""}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (OutputSpec(name="out", destination="models/{run}/x"), "holds {run}"),
        (OutputSpec(name="out", destination="/"), "is empty"),
        (OutputSpec(name="out", destination="a/../b"), "is no path"),
        (OutputSpec(name="out", destination="runs/{run-id}"), "reserved"),
        (OutputSpec(name="out", destination="a\0b"), "cannot be printed"),
        (OutputSpec(name="out", destination="a/\udcff"), "cannot be printed"),
        (OutputSpec(name="out", destination=".tmp/x"), "unfinished files"),
        (OutputSpec(name="out", destination="é" * 128), "too long"),
        (OutputSpec(name="out", destination="a/" * 500 + "{run-id}"), "too long"),
        (OutputSpec(name="out", destination="azureml/fixed"), "the outputs of runs lie there"),
        (OutputSpec(name="out", datastore="elsewhere", destination="azureml/fixed"), "the outputs of runs lie there"),
        (OutputSpec(name="out", register=(RegisterAs(name="a/b"),)), "cannot name a dataset"),
    ],
)
def test_places_and_registrations_that_cannot_be(spec: OutputSpec, words: str) -> None:
    (problem,) = validate(b.plan(b.step("a", outputs=(spec,), command=(Interpreter(), "x.py"))))
    assert words in problem.what
    assert problem.where == "step 'a', output 'out'"


def test_places_that_can_be() -> None:
    outputs = (
        OutputSpec(name="one", destination="dataset/{run-id}/{output-name}"),
        OutputSpec(name="two", destination="fixed/{output-name}"),
        OutputSpec(name="three", datastore="elsewhere", destination="runs/all"),
        OutputSpec(name="four", destination="azureml/{run-id}/{output-name}"),
    )
    assert validate(b.plan(b.step("a", outputs=outputs, command=(Interpreter(), "x.py")))) == ()
