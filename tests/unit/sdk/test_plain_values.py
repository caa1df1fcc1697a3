"""Numbers of numpy, and numbers where text belongs, reach the stored plan as what v1 makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.model.document import from_document, to_document
from runner.model.plan import Plan
from runner.operations.values import Request
from runner.sdk import (
    Dataset,
    Environment,
    Experiment,
    OutputFileDatasetConfig,
    Pipeline,
    PipelineParameter,
    PythonScriptStep,
    RunConfiguration,
    Workspace,
)
from runner.sdk.base.plain_values import plain, plain_scalar, texts
from runner.sdk.environments.files import environment_of
from tests.support.fake_session import FakeSession

TRUE, FALSE = np.bool_(1), np.bool_(0)
AS_TEXT = {"OMP_NUM_THREADS": "1", "FLAG": "True", "RATE": "0.5", "NOTHING": "None", "COUNT": "3"}
GIVEN: dict[str, Any] = {"OMP_NUM_THREADS": 1, "FLAG": True, "RATE": 0.5, "NOTHING": None, "COUNT": np.int64(3)}


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "go.py").write_text("print()\n")
    return str(tmp_path / "steps")


def submitted(ws: Workspace, session: FakeSession, *steps: PythonScriptStep, **options: Any) -> tuple[Plan, Request]:
    """The plan and the submission as their store has them."""
    Experiment(ws, "x").submit(Pipeline(ws, steps=list(steps)), **options)
    made = list(session.views.values())[-1].plan
    plan = from_document(Plan, json.loads(json.dumps(to_document(made))))
    assert plan == made
    return plan, session.requests[-1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (TRUE, True),
        (np.str_("x"), "x"),
        (np.array(7), 7),
        (1, 1),
        (None, None),
        ("item", "item"),
        (np.array([1, 2]), np.array([1, 2])),
    ],
)
def test_scalars(value: object, expected: object) -> None:
    found = plain_scalar(value)
    assert str(found) == str(expected)
    assert type(found) is type(expected)
    assert plain_scalar(np.int64) is np.int64


def test_what_stands_inside_of_lists_and_mappings() -> None:
    found = plain({"a": (np.int64(1), [FALSE]), 2: "x"})
    assert found == {"a": [1, [False]], "2": "x"}
    assert json.dumps(found)
    assert texts(GIVEN) == AS_TEXT
    assert texts(None) == {}


def test_variables_and_versions_of_any_type_are_text(ws: Workspace, session: FakeSession, source: str) -> None:
    environment = Environment("threads")
    environment.environment_variables = GIVEN
    config = RunConfiguration()
    config.environment = environment
    config.environment_variables = dict(GIVEN)
    step = PythonScriptStep("go.py", name="s", source_directory=source, runconfig=config, version=1)  # type: ignore[arg-type]
    plan, _request = submitted(ws, session, step)
    assert plan.environments["threads"].variables == AS_TEXT
    assert AS_TEXT.items() <= plan.steps[0].variables.items()
    assert plan.steps[0].version == "1"


def test_registered_and_saved_environments_have_text(ws: Workspace, tmp_path: Path) -> None:
    environment = Environment("threads")
    environment.environment_variables = dict(GIVEN)
    environment.register(ws)
    assert Environment.get(ws, "threads", version=1).environment_variables == AS_TEXT  # type: ignore[arg-type]
    Environment.label(ws, "threads", 1, ["good"])  # type: ignore[arg-type]
    assert Environment.get(ws, "threads", label="good").version == "1"
    environment.save_to_directory(str(tmp_path / "saved"))
    assert Environment.load_from_directory(str(tmp_path / "saved")).environment_variables == AS_TEXT
    assert environment_of(json.loads(str(environment))).environment_variables == AS_TEXT


def test_parameters_may_be_numbers_of_numpy(ws: Workspace, session: FakeSession, source: str) -> None:
    parameters = {
        "count": PipelineParameter("count", np.int64(3)),
        "rate": PipelineParameter("rate", np.float32(0.5)),
        "flag": PipelineParameter("flag", FALSE),
    }
    parameters["count"].default_value = np.int32(4)
    step = PythonScriptStep(
        "go.py", name="s", source_directory=source, arguments=["--n", np.int64(5), *parameters.values()]
    )
    plan, request = submitted(
        ws,
        session,
        step,
        pipeline_parameters={"rate": np.float64(0.25), "flag": TRUE},
        tags={"n": np.int64(7)},
    )
    assert plan.parameters == {"count": 4, "rate": 0.5, "flag": False}
    assert [type(value) for value in plan.parameters.values()] == [int, float, bool]
    assert plan.steps[0].command[3] == "5"
    assert (request.parameters, request.tags) == ({"rate": 0.25, "flag": True}, {"n": "7"})
    assert [type(value) for value in request.parameters.values()] == [float, bool]


@pytest.mark.parametrize("name", [1, 0])
def test_a_step_may_be_named_by_a_number(ws: Workspace, session: FakeSession, source: str, name: Any) -> None:
    plan, _request = submitted(ws, session, PythonScriptStep("go.py", name=name, source_directory=source))
    assert plan.steps[0].name == str(name)


def test_datasets_take_numbers_of_numpy(session: FakeSession) -> None:
    session.store.put("raw/x.csv", b"a,b\n1,x\n2,y\n3,z\n")
    rows = Dataset.Tabular.from_delimited_files(("workspaceblobstore", "raw"))
    chosen = rows.skip(np.int64(1)).take(np.int32(2)).filter(rows["a"] < np.int64(3))
    some, rest = rows.random_split(np.float32(0.5), seed=np.int64(4))
    for dataset in (chosen, some, rest):
        definition = dataset.definition
        assert from_document(type(definition), json.loads(json.dumps(to_document(definition)))) == definition
    assert chosen.to_pandas_dataframe()["a"].tolist() == [2]
    assert len(some.to_pandas_dataframe()) + len(rest.to_pandas_dataframe()) == 3


def test_tags_of_any_type_are_text(ws: Workspace, session: FakeSession) -> None:
    session.store.put("raw/x.csv", b"a\n1\n")
    rows = Dataset.Tabular.from_delimited_files(("workspaceblobstore", "raw"))
    rows.register(ws, "rows", tags=GIVEN)
    assert Dataset.get_by_name(ws, "rows").tags == AS_TEXT
    Dataset.get_by_name(ws, "rows").add_tags({"year": 2020, 1: TRUE})  # type: ignore[dict-item]
    assert Dataset.get_by_name(ws, "rows").tags == {**AS_TEXT, "year": "2020", "1": "True"}
    output = OutputFileDatasetConfig("out").register_on_complete("made", tags=GIVEN)
    assert output.origin.register[0].tags == AS_TEXT
