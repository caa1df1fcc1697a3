"""What is printed of the objects that drivers print."""

from __future__ import annotations

import json

import pytest

from runner.errors import StoreUnreachable
from runner.model import events as e
from runner.sdk import (
    DataPathComputeBinding,
    Dataset,
    Environment,
    Experiment,
    OutputFileDatasetConfig,
    Pipeline,
    PipelineData,
    PythonScriptStep,
    Run,
    RunDetails,
    Workspace,
)
from runner.sdk.runs.offline_run import _OfflineRun
from runner.sdk.runs.pipeline_run import PipelineRun
from runner.sdk.runs.remote_run import changes
from tests.support.fake_session import FakeSession


@pytest.fixture
def run(ws: Workspace) -> PipelineRun:
    made = Experiment(ws, "e").submit(Pipeline(ws, [PythonScriptStep("a.py", name="<a>")]))
    assert isinstance(made, PipelineRun)
    return made


def test_a_printed_run_is_in_v1s_words(run: PipelineRun) -> None:
    assert str(run) == f"Run(Experiment: e,\nId: {run.id},\nType: azureml.PipelineRun,\nStatus: NotStarted)"
    (step,) = run.get_steps()
    assert str(step).splitlines()[2:] == ["Type: azureml.StepRun,", "Status: NotStarted)"]
    assert (repr(run), repr([step])) == (f"PipelineRun({run.id!r})", f"[StepRun({step.id!r})]")
    assert "<td>azureml.PipelineRun</td>" in run._repr_html_()
    offline = _OfflineRun()
    assert str(offline).startswith(f"Run(Id: {offline.id},\n")


def test_showing_a_run_raises_nothing(run: PipelineRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_run: Run) -> str:
        raise StoreUnreachable("gone")

    monkeypatch.setattr(PipelineRun, "get_status", unreachable)
    assert str(run).endswith("Type: azureml.PipelineRun)")


def test_experiments_workspaces_and_pipelines(ws: Workspace, run: PipelineRun) -> None:
    assert str(run.experiment) == f"Experiment(Name: e,\nWorkspace: {ws.name})"
    assert repr(ws.experiments) == "{'e': Experiment('e')}"
    assert "subscription_id='sub'" in repr(ws)
    made = Pipeline(ws, [PythonScriptStep("a.py", name="one"), PythonScriptStep("a.py", name="two")])
    assert (repr(made), repr(made.graph)) == ("Pipeline(one, two)", "Graph(one, two)")


def test_a_printed_dataset_says_where_its_data_lie(ws: Workspace) -> None:
    files = Dataset.File.from_files((ws.get_default_datastore(), "x/*.csv"), validate=False).take(2)
    kind, _, text = str(files).partition("\n")
    assert (kind, json.loads(text)) == (
        "FileDataset",
        {"source": ["('workspaceblobstore', 'x/*.csv')"], "definition": ["take"]},
    )
    known = files.register(ws, "known")
    assert json.loads(str(known).partition("\n")[2])["registration"]["name"] == "known"
    assert repr(known) == "FileDataset('known', version 1)"
    assert repr(known.as_named_input("k").as_mount()) == (
        "DatasetConsumptionConfig('k', FileDataset('known', version 1), 'mount')"
    )


def test_a_printed_environment_keeps_secrets() -> None:
    made = Environment("mine")
    made.environment_variables = {"LEVEL": "info", "DB_PASSWORD": "canary"}
    shown = json.loads(str(made))
    assert (shown["name"], shown["environmentVariables"]) == ("mine", {"LEVEL": "info", "DB_PASSWORD": "***"})
    assert repr(made) == "Environment('mine')"


def test_what_flows_between_steps() -> None:
    data, output = PipelineData("d"), OutputFileDatasetConfig("o")
    shown = [data.as_dataset(), data.as_dataset().parse_delimited_files(), output, output.as_input("i")]
    assert list(map(repr, shown)) == [
        "PipelineOutputFileDataset('d', 'mount')",
        "PipelineOutputTabularDataset('d')",
        "OutputFileDatasetConfig('o')",
        "OutputDatasetInput('i', 'mount')",
    ]
    assert repr(DataPathComputeBinding("download")) == "DataPathComputeBinding('download', path_on_compute=None)"


def test_waiting_tells_how_far_an_environment_is(session: FakeSession, run: PipelineRun) -> None:
    shown: dict[str, str] = {}
    assert changes(run.view, shown) == [f"PipelineRun {run.id}: Running"]
    for line, said in (("", "being made"), ("Collecting x", "being made: Collecting x")):
        session.tell(run.id, e.EnvironmentBuilding("default", "local", line))
        assert changes(run.view, shown) == [f"environment 'default': {said}"]
    assert "environment 'default': being made: Collecting x" in RunDetails(run).text()
    session.tell(
        run.id, e.EnvironmentReady(environment="default", target="local", reference="python", built=True, seconds=4.2)
    )
    assert changes(run.view, shown) == ["environment 'default': made in 4 s"]
    assert changes(run.view, {}) == [f"PipelineRun {run.id}: Running"], "old news to who did not see the beginning"
