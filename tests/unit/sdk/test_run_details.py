"""v1's documents of runs, reused steps, the graph, what a waiter shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.data import manifest, registry
from runner.model import events as e
from runner.model.data import DataRef, DatasetDefinition, DatastorePath, Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.model.record import CommitRecord, Failure
from runner.model.status import RunStatus
from runner.model.step import RegisterAs
from runner.model.task import TaskId
from runner.operations.values import RunView
from runner.plan.codec import from_yaml
from runner.sdk import Dataset, Experiment, Pipeline, PipelineData, PipelineParameter, PythonScriptStep, Workspace
from runner.sdk.base.exceptions import ActivityFailedException
from runner.sdk.runs.pipeline_run import PipelineRun
from runner.sdk.runs.step_run import StepRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession, lines

OLD = "20260101t030400678z-bbbbbbbbbbbbbbbb"


@pytest.fixture
def run(ws: Workspace, session: FakeSession) -> PipelineRun:
    session.store.put("data/x.csv", b"a\n1\n")
    rows = Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), "data/x.csv")).register(ws, "rows")
    data = PipelineData("data", pipeline_output_name="whole")
    times = PipelineParameter("times", 2)
    first = PythonScriptStep(
        "a.py", name="first", arguments=["--n", times, data], inputs=[rows.as_named_input("rows")], outputs=[data]
    )
    second = PythonScriptStep("b.py", name="second", arguments=["--in", data], inputs=[data])
    made = Experiment(ws, "e").submit(Pipeline(ws, [first, second]), pipeline_parameters={"times": 3})
    assert isinstance(made, PipelineRun)
    return made


def deliver(session: FakeSession, run: PipelineRun) -> DataRef:
    folder = f"azureml/{run.id}.first-1/data"
    session.store.put(f"{folder}/x", b"x")
    digest = manifest.save(session.store, Manifest(Kind.FOLDER, (Entry("x", 1, digest_of_bytes(b"x")),)))
    ref = DataRef(datastore="workspaceblobstore", key=folder, digest=digest, files=1, bytes=1)
    session.tell(run.id, started("first-1"), e.AttemptRunning("first-1", at(1)))
    session.tell(run.id, e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2), outputs={"data": ref}))
    return ref


def of(run: PipelineRun, name: str) -> StepRun:
    (found,) = run.find_step_run(name)
    return found


def only(documents: object) -> dict[str, Any]:
    """The one document of a list."""
    assert isinstance(documents, list)
    (found,) = documents
    assert isinstance(found, dict)
    return found


def test_what_a_step_ran(session: FakeSession, run: PipelineRun) -> None:
    deliver(session, run)
    first = of(run, "first").get_details()
    definition = first["runDefinition"]
    assert isinstance(definition, dict)
    assert definition["arguments"] == ["--n", "3", "$AZUREML_DATAREFERENCE_data"]
    assert (first["startTimeUtc"], first["endTimeUtc"]) == (
        "2026-01-02T03:04:06.678000Z",
        "2026-01-02T03:04:07.678000Z",
    )
    given = only(first["inputDatasets"])
    assert (given["dataset"].name, given["dataset"].version) == ("rows", 1)
    assert given["consumptionDetails"]["inputName"] == "rows"
    assert given["consumptionDetails"]["mechanism"] == "Direct"
    assert first["outputDatasets"] == []  # PipelineData is no dataset
    second = of(run, "second").get_details()["runDefinition"]
    assert isinstance(second, dict)
    assert second["arguments"] == ["--in", "$AZUREML_DATAREFERENCE_data"]


def test_outputs_that_are_datasets(session: FakeSession, run: PipelineRun) -> None:
    view = session.views[run.id]
    first = view.plan.by_key["first-1"]
    kept = tuple(replace(spec, register=(RegisterAs(name="made"),)) for spec in first.outputs)
    steps = tuple(replace(step, outputs=kept) if step.key == "first-1" else step for step in view.plan.steps)
    session.views[run.id] = RunView(view.state, replace(view.plan, steps=steps))
    assert of(run, "first").get_details()["outputDatasets"] == []
    ref = deliver(session, run)
    definition = DatasetDefinition(kind="file", paths=(DatastorePath(ref.datastore, ref.key),))
    registry.register(session.store, "made", registry.Registration(definition), new_version=True)
    found = only(of(run, "first").get_details()["outputDatasets"])
    assert (found["dataset"].name, found["dataset"].to_path()) == ("made", ["/x"])
    assert found["outputDetails"] == {"type": "RunOutput", "outputName": "data", "mechanism": "Mount"}


def test_a_reused_step_shows_the_original(session: FakeSession, run: PipelineRun) -> None:
    original = TaskId(OLD, "first-1", 2)
    commit = CommitRecord(attempt=2, record=original.record, outputs={})
    session.store.put(original.commit, json.dumps(to_document(commit)).encode())
    session.store.put(original.reports + "metrics.jsonl", lines({"name": "m", "value": 1, "kind": "scalar"}))
    session.store.put(original.artifacts + "outputs/m", b"m")
    session.store.put(original.logs + "00000001.txt", b"the old log\n")
    ref = DataRef(datastore="workspaceblobstore", key=f"azureml/{OLD}.first-1/data", digest="d" * 64, files=1, bytes=1)
    session.tell(run.id, e.StepReused("first-1", f"{OLD}.first-1", {"data": ref}))
    first = of(run, "first")
    assert first.get_status() == "Finished"
    properties = first.get_properties()
    assert properties["azureml.reusedrunid"] == f"{OLD}.first-1"
    assert properties["azureml.reusednodeid"] == "first-1"
    assert properties["azureml.reusedpipelinerunid"] == OLD
    assert first.get_output_data("data").path_on_datastore == f"azureml/{OLD}.first-1/data"
    assert (first.get_metrics(), first.get_job_log()) == ({"m": 1}, "the old log\n")
    assert first.get_file_names() == ["outputs/m", "user_logs/std_log.txt"]


def test_the_graph_and_the_file(run: PipelineRun, tmp_path: Path) -> None:
    graph = run.get_graph()
    assert [node.name for node in graph.nodes] == ["first", "second"]
    assert [node.node_id for node in graph.node_name_dict["first"]] == ["first-1"]
    (edge,) = graph.edges
    assert (edge.source_node_id, edge.source_output, edge.dest_node_id) == ("first-1", "data", "second-1")
    assert graph.params == {"times": 2}
    run.save(str(tmp_path / "p.yaml"))
    text = (tmp_path / "p.yaml").read_text()
    assert [step.name for step in from_yaml(text, "p.yaml").plan.steps] == ["first", "second"]


def test_details_of_a_failed_pipeline_tell_why(session: FakeSession, run: PipelineRun) -> None:
    session.tell(run.id, started("first-1"))
    session.tell(
        run.id,
        e.StepFailed(key="first-1", failure=Failure.USER, reason="it ended with 3", exit_code=3, tail="KeyError: 'x'"),
    )
    session.tell(run.id, e.StepSkipped("second-1", "first failed"))
    session.end(run.id, RunStatus.FAILED)
    details = run.get_details()
    assert details["status"] == "Failed"
    assert "KeyError" in str(details["error"])
    first = of(run, "first")
    with pytest.raises(ActivityFailedException, match="KeyError"):
        first.wait_for_completion(show_output=False)
    assert first.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    assert of(run, "second").get_detailed_status() == {"status": "Canceled", "details": "first failed"}


def test_a_steps_waiter_shows_its_log(
    session: FakeSession, run: PipelineRun, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(session, run)
    session.store.put(f"{TaskId(run.id, 'first-1').logs}00000001.txt", b"one\ntwo\n")
    capsys.readouterr()
    assert of(run, "first").wait_for_completion() == "Finished"
    assert capsys.readouterr().out.splitlines()[-2:] == ["one", "two"]


def test_an_unknown_pipeline_output_names_those_there_are(run: PipelineRun) -> None:
    with pytest.raises(Exception, match="its pipeline outputs: whole"):
        run.get_pipeline_output("other")
