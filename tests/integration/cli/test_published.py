"""`publish`, `pipelines`, `endpoints` and `run NAME` in one process: what is said, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.data import registry
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.published import Status
from runner.operations.published import endpoints, pipelines
from runner.operations.values import Request
from runner.override import override
from runner.wiring import OpenWorkspace, open_session
from runner.wiring.controllers import Controllers

PLAN = """\
experiment: numbers
parameters: {rows: 3, rate: 0.5, loud: false, note: null}
steps:
  make:
    source: steps
    script: make.py
    arguments: [--rows, {parameter: rows}, --rate, {parameter: rate}, {parameter: loud}, {parameter: note}, {output: n}]
    inputs:
      raw: {path: raw/2024, parameter: raw}
      table: {dataset: sales, parameter: table}
    outputs: [n]
  use: {source: steps, command: [cat, {input: n}], inputs: {n: make.n}}
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setattr(Controllers, "prepare", lambda _self: None)
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "make.py").write_text("print('made')")
    (tmp_path / "plan.yaml").write_text(PLAN)
    store = open_session(tmp_path).store
    store.put("raw/2024/a.csv", b"a\n1\n")
    store.put("raw/2025/a.csv", b"a\n2\n")
    table = DatasetDefinition(kind="file", paths=(DatastorePath("workspaceblobstore", "raw/2024"),))
    registry.register(store, "sales", registry.Registration(table), new_version=True)
    other = DatasetDefinition(kind="file", paths=(DatastorePath("workspaceblobstore", "raw/2025"),))
    registry.register(store, "sales", registry.Registration(other), new_version=True)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[OpenWorkspace, Request]]:
    """The submissions; no controller is started for them."""
    seen: list[tuple[OpenWorkspace, Request]] = []

    class Still(Controllers):
        @override
        def start(self, run: str) -> None:
            """Start nothing."""

    monkeypatch.setattr("runner.cli.commands.run.Controllers", Still)
    monkeypatch.setattr("runner.cli.watching.await_runs", lambda _viewer, runs: (0, list(runs)))
    return seen


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(arguments) == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


def published(capsys: pytest.CaptureFixture[str], *options: str) -> Mapping[str, object]:
    made = json.loads(said(capsys, "publish", "plan.yaml", "--json", *options))
    assert isinstance(made, dict)
    return made


def test_what_a_publication_says(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "publish", "plan.yaml", "--name", "two words", "--version", "1")
    found = re.fullmatch(
        "published two words@1  2 steps\n"
        r"  id        ([0-9a-f-]{36})\n"
        r"  endpoint  http://127.0.0.1:8270/pipelines/v1.0/PipelineRuns/PipelineSubmit/([0-9a-f-]{36})\n"
        "  run it    runner run 'two words@1'\n",
        told,
    )
    assert found
    assert found[1] == found[2]


def test_names_come_from_the_file_and_defaults_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = published(capsys, "-p", "rows=9", "--continue-on-failure", "--description", "Counts")
    assert (found["name"], found["version"], found["description"]) == ("numbers", "", "Counts")
    assert found["continue_on_step_failure"] is True
    parameters = {each["name"]: (each["kind"], each["default"]) for each in found["parameters"]}  # type: ignore[attr-defined]
    assert parameters["rows"] == ("int", 9)
    assert parameters["rate"] == ("float", 0.5)
    assert parameters["note"] == ("null", None)
    assert parameters["raw"] == ("DataPath", {"datastore": "workspaceblobstore", "path": "raw/2024"})
    assert parameters["table"][0] == "FileDataset"


def test_lists_leave_out_what_nobody_can_run(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (published(capsys, "--version", version)["id"] for version in "12")
    assert said(capsys, "pipelines", "disable", "numbers@1").startswith("numbers@1 is disabled  ")
    assert said(capsys, "pipelines", "disable", "numbers@1").startswith("numbers@1 is already disabled  ")
    assert [each["id"] for each in json.loads(said(capsys, "pipelines", "list", "--json"))["pipelines"]] == [second]
    every = json.loads(said(capsys, "pipelines", "list", "--all", "--json"))["pipelines"]
    assert [(each["id"], each["status"]) for each in every] == [(second, "Active"), (first, "Disabled")]
    refusal = said(capsys, "run", "numbers@1", code=2)
    assert "is disabled" in refusal
    assert "do:    enable it" in refusal
    said(capsys, "pipelines", "enable", str(first))
    assert len(said(capsys, "pipelines", "list").splitlines()) == 3
    assert json.loads(said(capsys, "pipelines", "archive", "numbers@2", "--json"))["status"] == "Archived"
    assert json.loads(said(capsys, "pipelines", "show", "numbers", "--json"))["id"] == first


def test_differences_are_those_of_parameters_steps_code_and_environments(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    published(capsys, "--version", "1")
    same = published(capsys, "--version", "2")["id"]
    assert said(capsys, "pipelines", "diff", "numbers@1", str(same)) == "numbers@1 and numbers@2 run the same\n"
    (tmp_path / "steps" / "make.py").write_text("print('made anew')")
    changed = PLAN.replace("rows: 3", "rows: 4").replace("use:", "show:").replace("--rate", "--ratio")
    environments = "environments: {here: {variables: {A: b}}}\n"
    (tmp_path / "plan.yaml").write_text(changed.replace("steps:\n", f"{environments}steps:\n", 1))
    published(capsys, "--version", "3")
    told = json.loads(said(capsys, "pipelines", "diff", "numbers@1", "numbers@3", "--json"))
    assert told["parameters"] == [{"field": "rows", "before": "3", "after": "4"}]
    assert {(each["name"], each["kind"]) for each in told["steps"]} == {
        ("use", "removed"),
        ("show", "added"),
        ("make", "changed"),
    }
    (code,) = told["code"]
    assert code["name"] == "make"
    assert [each["field"] for each in code["differences"]] == ["source make.py"]
    text = said(capsys, "pipelines", "diff", "numbers@1", "numbers@3")
    assert "numbers@3 differs from numbers@1" in text
    assert re.search(r"argument \d +--rate → --ratio", text)


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(
    ("options", "values"),
    [
        ((), {"rows": 3, "rate": 0.5, "loud": False, "raw": "raw/2024", "table": "raw/2025"}),
        (("-p", "rows=7", "-p", "rate=1", "-p", "loud=TRUE", "-p", "note=12"),
         {"rows": 7, "rate": 1.0, "loud": True, "note": "12"}),
        (("-p", "raw=workspaceblobstore/raw/2025"), {"raw": "raw/2025"}),
        (("-p", "table=dataset:sales:1"), {"table": "raw/2024"}),
        (("-p", "table=dataset:sales"), {"table": "raw/2025"}),
        (("-p", "table=workspaceblobstore/raw/2024/"), {"table": "raw/2024"}),
    ],
)  # fmt: skip
def test_a_run_by_name_has_the_values_of_the_command_line(
    options: tuple[str, ...], values: Mapping[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    published(capsys)
    (run,) = json.loads(said(capsys, "run", "numbers", "--json", "--experiment", "mine", *options))["runs"]
    shown = json.loads(said(capsys, "show", run, "--json"))
    assert shown["submitted"]["pipeline_name"] == "numbers"
    told = {name: _place(value) for name, value in shown["parameters"].items()}
    assert {name: told[name] for name in values} == values
    status = json.loads(said(capsys, "status", run, "--json"))
    assert status["experiment"] == "mine"
    assert status["parameters"] == shown["parameters"]
    assert "published pipeline" in said(capsys, "show", run)
    assert re.search(r"parameters .*rows=", said(capsys, "status", run))


def _place(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return value["path"] if "path" in value else value["paths"][0]["path"]


BAD = {
    "unknown name": (("run", "numbrs"), ("there is no file numbrs", "did you mean 'numbers'")),
    "unknown name of an action": (("pipelines", "run", "numbrs"), ("unknown published pipeline", "'numbers'")),
    "unknown version": (("run", "numbers@7"), ("has no version '7'", "newest first: (none)|newest first: 1")),
    "no such file": (("publish", "nowhere.py"), ("there is no file nowhere.py",)),
    "not a pipeline": (("publish", "empty.py"), ("submits nothing",)),
    "options of a driver": (("publish", "empty.py", "-p", "x=1"), ("only for pipelines in YAML",)),
    "arguments": (("run", "numbers", "--", "x"), ("takes no arguments", "-p NAME=VALUE")),
    "both unknown": (("pipelines", "diff", "a1", "b1"), ("2 problems", "'a1'", "'b1'")),
    "unknown endpoint": (("endpoints", "show", "sevice"), ("unknown pipeline endpoint", "did you mean 'service'")),
    "many values": (
        ("run", "numbers", "-p", "rosw=1", "-p", "rows=x", "-p", "note", "-p", "rate=1", "-p", "rate=2",
         "-p", "raw=nowhere/x", "-p", "table=dataset:slaes", "-p", "loud=maybe"),
        ("7 problems", "did you mean 'rows'", "where: -p rows=x", "'note' says no value", "'rate' is given twice",
         "unknown datastore 'nowhere'", "did you mean 'sales'", "where: -p loud=maybe"),
    ),
    "data of another kind": (("run", "numbers", "-p", "raw=dataset:sales"), ("-p raw=dataset:sales", "DataPath")),
    "no place": (("run", "numbers", "-p", "raw=x"), ("'x' is no place of data", "DATASTORE/PATH")),
    "no such version of a dataset": (("run", "numbers", "-p", "table=dataset:sales:9"), ("has no version 9",)),
    "a control character": (("publish", "plan.yaml", "--name", "a\x1b[2J"), ("cannot be printed",)),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words_and_changes_nothing(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty.py").write_text("x = 1\n")
    store = open_session(tmp_path).store
    made = published(capsys, "--version", "1")
    endpoints.publish(store, "service", str(made["id"]))
    before = {info.key for info in store.list("")}
    arguments, words = BAD[name]
    told = said(capsys, *arguments, code=2)
    assert "Traceback" not in told
    for word in words:
        assert any(each in told for each in word.split("|")), told
    assert {info.key for info in store.list("")} == before


def test_endpoints_are_shown_with_their_versions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = open_session(tmp_path).store
    first, second = (str(published(capsys, "--version", version)["id"]) for version in "12")
    assert "no pipeline endpoints" in _stderr(capsys, "endpoints", "list")
    made = endpoints.publish(store, "service", first, description="Scores")
    endpoints.add(store, made.id, second)
    pipelines.set_status(store, second, Status.DISABLED)
    assert re.search(r"service\s+0\s+2", said(capsys, "endpoints", "list"))
    told = said(capsys, "endpoints", "show", "service")
    assert re.search(rf"0\s+default\s+numbers@1\s+active\s+{first}", told)
    assert re.search(rf"1\s+numbers@2\s+disabled\s+{second}", told)
    (listed,) = json.loads(said(capsys, "endpoints", "list", "--json"))["endpoints"]
    assert listed["endpoint"].endswith(f"/PipelineEndpointSubmit/Id/{made.id}")


def _stderr(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(arguments) == 0
    return capsys.readouterr().err


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("stores", ["pipeline.publish(name='p')", "PipelineDraft.create(ws, pipeline=pipeline)"])
def test_a_file_that_only_stores_its_pipeline_runs_nothing(
    stores: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "publish.py").write_text(
        "from azureml.core import Workspace\n"
        "from azureml.pipeline.core import Pipeline, PipelineDraft\n"
        "from azureml.pipeline.steps import PythonScriptStep\n"
        "ws = Workspace.get('w')\n"
        "pipeline = Pipeline(ws, [PythonScriptStep('make.py', source_directory='steps', compute_target='cpu')])\n"
        f"{stores}\n"
    )
    assert main(["run", "publish.py"]) == 0
    assert "note: publish.py has submitted no pipeline" not in capsys.readouterr().err
    assert open_session(tmp_path).runs() == ()
