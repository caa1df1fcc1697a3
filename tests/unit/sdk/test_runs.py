"""Runs: seen from the driver, from inside a step, and offline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest
from runner.errors import BadInput
from runner.model import events as e
from runner.model.context import StagedInput, StepContext
from runner.model.data import DataRef, DatasetDefinition, DatastorePath, Entry, Kind, Manifest, Mode
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.model.record import Failure
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from runner.sdk import Experiment, Pipeline, PipelineData, PythonScriptStep, Run, ScriptRunConfig, Workspace
from runner.sdk.base.exceptions import (
    ActivityFailedException,
    ExperimentExecutionException,
    RunEnvironmentException,
    UserErrorException,
)
from runner.sdk.runs import run as run_module
from runner.sdk.runs.context_run import ContextRun
from runner.sdk.runs.offline_run import _OfflineRun
from runner.sdk.runs.pipeline_run import PipelineRun
from runner.sdk.runs.reports import METRICS, Reports, fold_metrics, fold_properties, fold_tags, metric_line
from runner.sdk.runs.step_run import StepRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession, lines


@pytest.fixture
def run(ws: Workspace) -> PipelineRun:
    data = PipelineData("data", pipeline_output_name="whole")
    first = PythonScriptStep("a.py", name="first", outputs=[data])
    second = PythonScriptStep("b.py", name="second", inputs=[data])
    return Experiment(ws, "e").submit(Pipeline(ws, [first, second]), tags={"k": 1})


def deliver(session: FakeSession, run: PipelineRun) -> None:
    """Let the first step write two files and succeed."""
    files = {"x.txt": b"x", "sub/y.txt": b"yy"}
    folder = f"azureml/{run.id}.first-1/data"
    for name, data in files.items():
        session.store.put(f"{folder}/{name}", data)
    entries = tuple(Entry(name, len(data), digest_of_bytes(data)) for name, data in sorted(files.items()))
    digest = manifest.save(session.store, Manifest(Kind.FOLDER, entries))
    outputs = {"data": DataRef(datastore="workspaceblobstore", key=folder, digest=digest, files=2, bytes=3)}
    session.tell(run.id, started("first-1"))
    session.tell(
        run.id,
        e.AttemptRunning("first-1", at(1)),
        e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2), outputs=outputs),
    )


def test_v1s_status_words(session: FakeSession, run: PipelineRun) -> None:
    (first,) = run.find_step_run("first")
    assert (run.get_status(), first.get_status()) == ("NotStarted", "NotStarted")
    session.tell(run.id, started("first-1"))
    assert first.get_status() == "Queued"
    session.tell(run.id, e.AttemptRunning("first-1", at(1)))
    assert (run.get_status(), first.get_status()) == ("Running", "Running")
    session.tell(run.id, e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2)))
    assert first.get_status() == "Finished"
    assert first.get_details()["status"] == "Completed"


def test_waiting_returns_the_word_and_shows_changes(
    session: FakeSession, run: PipelineRun, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(session, run)
    session.tell(run.id, e.StepReused("second-1", f"{run.id}.first-1"))
    session.end(run.id)
    capsys.readouterr()
    assert run.wait_for_completion() == "Finished"
    assert "first [first-1]: Finished" in capsys.readouterr().out
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert capsys.readouterr().out == ""
    (second,) = run.find_step_run("second")
    assert second.get_properties()["azureml.reusedrunid"] == f"{run.id}.first-1"


def test_a_failure_raises_with_the_steps_last_lines(session: FakeSession, run: PipelineRun) -> None:
    session.tell(run.id, started("first-1"))
    failed = e.StepFailed(
        key="first-1", failure=Failure.USER, reason="it ended with 3", exit_code=3, tail="Traceback\nKeyError: 'x'"
    )
    session.tell(run.id, failed, e.StepSkipped("second-1", "first failed"))
    session.end(run.id, RunStatus.FAILED)
    with pytest.raises(ActivityFailedException, match=r"'first' failed \(exit code 3\)(.|\n)*KeyError: 'x'") as caught:
        run.wait_for_completion(show_output=False)
    assert "KeyError" in caught.value.error_details
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    assert [step.get_status() for step in run.get_steps()] == ["Canceled", "Failed"]


def test_a_failure_tells_its_class_and_what_to_do(session: FakeSession, run: PipelineRun) -> None:
    session.tell(
        run.id,
        started("first-1"),
        e.AttemptFailed(key="first-1", attempt=1, failure=Failure.LOST, reason="its node is gone"),
    )
    remedy = "set memory to 2Gi, or --retry-oom 2"
    oom = e.StepFailed(
        key="first-1",
        failure=Failure.OOM,
        reason="peaked at 1.0 GiB of 1 GiB",
        exit_code=137,
        tail="working",
        remedy=remedy,
    )
    session.tell(run.id, started("first-1", 2), oom, e.StepSkipped("second-1", "first failed"))
    session.end(run.id, RunStatus.FAILED)
    with pytest.raises(ActivityFailedException) as caught:
        run.wait_for_completion(show_output=False)
    assert str(caught.value).splitlines()[1:] == [
        "step 'first' failed (exit code 137): peaked at 1.0 GiB of 1 GiB",
        "  do:    set memory to 2Gi, or --retry-oom 2",
        "  class: oom, attempt 2 of 2",
        "  | working",
    ]
    assert remedy in str(run.find_step_run("first")[0].get_details()["error"])


def test_steps_that_failed_alike_are_told_of_once(session: FakeSession, run: PipelineRun) -> None:
    why = "the environment could not be made"
    session.tell(run.id, *(e.StepFailed(key=key, failure=Failure.IMAGE, reason=why) for key in ("first-1", "second-1")))
    session.end(run.id, RunStatus.FAILED)
    with pytest.raises(ActivityFailedException) as caught:
        run.wait_for_completion(show_output=False)
    assert str(caught.value).splitlines()[1:] == [f"steps 'first', 'second' failed: {why}", "  class: image"]


def test_a_deadline_is_told_though_no_step_failed(session: FakeSession, run: PipelineRun) -> None:
    late = "the run's deadline of 4 h has passed"
    session.tell(run.id, e.RunOverdue(late), e.StepSkipped("first-1", late), e.StepSkipped("second-1", late))
    session.end(run.id, RunStatus.FAILED)
    with pytest.raises(ActivityFailedException, match="failed: the run's deadline of 4 h has passed"):
        run.wait_for_completion(show_output=False)


def test_whoever_waits_is_told_why_a_step_is_tried_again(
    session: FakeSession, run: PipelineRun, capsys: pytest.CaptureFixture[str]
) -> None:
    session.tell(
        run.id,
        started("first-1"),
        e.AttemptFailed(key="first-1", attempt=1, failure=Failure.LOST, reason="its node is gone"),
    )
    run.wait_for_completion(timeout_seconds=0)
    assert "first [first-1]: Queued: attempt 2 of 4 follows; lost: its node is gone" in capsys.readouterr().out


def test_a_run_made_again_names_its_origin(session: FakeSession, run: PipelineRun) -> None:
    assert "runner.origin" not in run.get_properties()
    view = session.views[run.id]
    said = view.state.submission
    assert said is not None
    session.views[run.id] = replace(view, state=replace(view.state, submission=replace(said, origin="another")))
    assert run.get_properties()["runner.origin"] == "another"


def test_ctrl_c_while_waiting_leaves_the_run(
    session: FakeSession, run: PipelineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "wait", interrupt)
    with pytest.raises(ExperimentExecutionException, match="goes on"):
        run.wait_for_completion(show_output=False)
    assert session.canceled == []
    monkeypatch.undo()
    run.cancel()
    assert session.canceled == [run.id]


def test_a_wait_ends_at_its_limit(run: PipelineRun) -> None:
    assert run.wait_for_completion(show_output=False, timeout_seconds=0) == "NotStarted"


def test_steps_come_newest_first(session: FakeSession, run: PipelineRun) -> None:
    deliver(session, run)
    session.tell(run.id, started("second-1"))
    session.tell(run.id, e.AttemptRunning("second-1", at(5)))
    assert [step.name for step in run.get_steps()] == ["second", "first"]
    assert [step.id for step in run.get_children(status="Running")] == [f"{run.id}.second-1"]


def test_what_a_step_reported_and_left(session: FakeSession, run: PipelineRun, tmp_path: Path) -> None:
    deliver(session, run)
    task = TaskId(run.id, "first-1", 1)
    session.store.put(task.reports + "metrics.jsonl", lines({"name": "m", "value": 1, "kind": "scalar"}))
    session.store.put(task.reports + "tags.jsonl", lines({"key": "t", "value": "v"}))
    session.store.put(task.artifacts + "outputs/model.pkl", b"model")
    session.log_texts[run.id, "first-1"] = "hello\n"
    (first,) = run.find_step_run("first")
    assert first.get_metrics() == {"m": 1}
    assert run.get_metrics(recursive=True) == {first.id: {"m": 1}}
    assert (first.get_tags(), run.get_tags()) == ({"t": "v"}, {"k": "1"})
    assert first.get_file_names() == ["outputs/model.pkl", "user_logs/std_log.txt"]
    first.download_file("./outputs//model.pkl", str(tmp_path / "got" / "m"))
    assert (tmp_path / "got" / "m").read_bytes() == b"model"
    first.download_files("outputs", str(tmp_path / "all"))
    assert (tmp_path / "all/outputs/model.pkl").exists()
    assert first.get_job_log() == "hello\n"
    with pytest.raises(BadInput, match="has no file"):
        first.download_file("outputs/other")
    with pytest.raises(UserErrorException, match="cannot name a file of the run"):
        first.download_file("../model.pkl")


def test_the_log_of_each_worker_is_a_file_of_the_run(
    session: FakeSession, run: PipelineRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(session, run)
    (first,) = run.find_step_run("first")
    spec = replace(first.spec, workers=Workers(kind=WorkerKind.GANG, nodes=2))
    monkeypatch.setattr(StepRun, "spec", spec)
    session.log_texts[run.id, "first-1"] = "zero\n"
    session.store.put(f"{TaskId(run.id, 'first-1', 1).worker_logs(1)}00000001.txt", b"one\n")
    assert first.get_file_names() == ["user_logs/std_log.txt", "user_logs/std_log_process_01.txt"]
    paths = first.get_all_logs(str(tmp_path))
    assert [Path(path).read_text() for path in paths] == ["zero\n", "one\n"]


@pytest.mark.parametrize("name", ["outputs/a../evil", "outputs/../../evil", "outputs//a", "outputs/a\0"])
def test_no_download_leaves_its_folder(session: FakeSession, run: PipelineRun, tmp_path: Path, name: str) -> None:
    deliver(session, run)
    artifacts = TaskId(run.id, "first-1", 1).artifacts
    session.store.objects.update({artifacts + "outputs/a": b"a", artifacts + name: b"evil"})
    (first,) = run.find_step_run("first")
    with pytest.raises(BadInput, match="invalid as paths"):
        first.download_files(
            "outputs/a" if "a.." in name else "outputs", str(tmp_path / "to/here"), append_prefix=False
        )
    assert {path.name for path in tmp_path.iterdir()} == {"a.py", "b.py"}


def test_runs_are_found_by_id(ws: Workspace, run: PipelineRun) -> None:
    assert isinstance(Run.get(ws, run.id), PipelineRun)
    step = ws.get_run(f"{run.id}.first-1")
    assert isinstance(step, StepRun)
    assert isinstance(step.parent, PipelineRun)
    assert isinstance(Run(run.experiment, step.id), StepRun)
    assert [found.id for found in ws.experiments["e"].get_runs()] == [run.id]
    assert list(ws.experiments) == ["e"]
    with pytest.raises(BadInput, match="no step"):
        ws.get_run(f"{run.id}.nobody-1")
    with pytest.raises(BadInput):
        ws.get_run("nothing")


def test_v1_refuses_to_complete_pipeline_runs(run: PipelineRun) -> None:
    for call in (run.complete, run.fail, run.child_run):
        with pytest.raises(NotImplementedError):
            call()


def test_a_script_is_a_run_of_one_step(ws: Workspace, session: FakeSession) -> None:
    made = Experiment(ws, "e").submit(ScriptRunConfig(".", "a.py", ["--x", 1]), unknown_keyword=True)
    assert [step.name for step in session.views[made.id].plan.steps] == ["a.py"]
    with pytest.raises(UserErrorException, match="cannot be submitted"):
        Experiment(ws, "e").submit("a.py")
    with pytest.raises(UserErrorException, match="cannot name an experiment"):
        Experiment(ws, "no such name!")


def test_metrics_fold_as_v1_shows_them() -> None:
    documents: list[dict[str, object]] = [
        {"name": "once", "value": 1, "kind": "scalar"},
        {"name": "often", "value": 1, "kind": "scalar"},
        {"name": "often", "value": 2, "kind": "scalar"},
        {"name": "often", "value": 3, "kind": "scalar"},
        {"name": "list", "value": [1, 2], "kind": "list"},
        {"name": "row", "value": {"a": 1, "b": 2}, "kind": "row"},
        {"name": "rows", "value": {"a": 1}, "kind": "row"},
        {"name": "rows", "value": {"a": 2}, "kind": "row"},
        {"name": "table", "value": {"a": [1, 2]}, "kind": "table"},
        {"name": "image", "value": "logs/x.png", "kind": "image"},
    ]
    assert fold_metrics(documents) == {
        "once": 1,
        "often": [1, 2, 3],
        "list": [1, 2],
        "row": {"a": 1, "b": 2},
        "rows": {"a": [1, 2]},
        "table": {"a": [1, 2]},
        "image": "logs/x.png",
    }


def test_a_logged_array_of_one_item_stays_a_list(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    reports = Reports(tmp_path)
    reports.append(METRICS, metric_line("t", {"a": numpy.array([5])}, "table"))
    reports.append(METRICS, metric_line("x", numpy.float64(0.5), "scalar"))
    assert fold_metrics(reports.lines(METRICS)) == {"t": {"a": [5]}, "x": 0.5}


def test_very_many_lines_of_one_metric_fold_in_time_with_their_number() -> None:
    many = 30_000
    scalars = fold_metrics({"name": "loss", "value": number, "kind": "scalar"} for number in range(many))
    assert scalars == {"loss": list(range(many))}
    rows = fold_metrics({"name": "row", "value": {"a": number}, "kind": "row"} for number in range(many))
    assert rows == {"row": {"a": list(range(many))}}


def test_tags_change_and_properties_do_not() -> None:
    documents: list[dict[str, object]] = [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]
    assert fold_tags(documents) == {"k": "2"}
    assert fold_tags([*documents, {"key": "k", "value": None}]) == {}
    assert fold_properties(documents) == {"k": "1"}


@pytest.fixture
def step_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work" / "step"
    (folder / "reports").mkdir(parents=True)
    (tmp_path / "rows.csv").write_text("a\n1\n")
    rows = DatasetDefinition(kind="tabular", paths=(DatastorePath("workspaceblobstore", "x"),), format="delimited")
    context = StepContext(
        run="r",
        key="k-1",
        name="K",
        step_run="r.k-1",
        attempt=1,
        experiment="e",
        inputs={
            "rows": StagedInput(Mode.DIRECT, str(tmp_path / "rows.csv"), rows),
            "folder": StagedInput(Mode.MOUNT, "/somewhere"),
        },
        outputs={"out": "/elsewhere"},
    )
    (folder / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv("RUNNER_STEP", str(folder))
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "w")
    monkeypatch.setattr(run_module, "_contexts", {})
    return folder


def test_the_context_of_a_step(step_folder: Path) -> None:
    run = Run.get_context()
    assert isinstance(run, ContextRun)
    assert run is Run.get_context()
    assert (run.id, run.name, run.experiment.name, run.experiment.workspace.name) == ("r.k-1", "K", "e", "w")
    assert run.parent.id == "r"
    assert run.input_datasets["folder"] == "/somewhere"
    assert run.output_datasets == {"out": "/elsewhere"}
    rows = run.input_datasets["rows"]
    assert rows.to_pandas_dataframe()["a"].tolist() == [1]  # type: ignore[attr-defined]  # v1 tells no types here


def test_a_step_reports_by_appending_lines(step_folder: Path) -> None:
    import numpy as np

    with Run.get_context() as run:
        run.log("a", np.float64(0.5))
        run.log("a", 2, step=3)
        run.log_list("l", (n for n in range(2)))
        run.log_row("r", x=1)
        run.log_table("t", {"x": [1]})
        run.tag("k", "v")
        run.set_tags({"k2": 2})
        run.remove_tags("k")
        run.add_properties({"p": 1})
    documents = [json.loads(line) for line in (step_folder / "reports/metrics.jsonl").read_text().splitlines()]
    assert [(line["name"], line["value"], line["kind"]) for line in documents[:2]] == [
        ("a", 0.5, "scalar"),
        ("a", 2, "scalar"),
    ]
    assert documents[1]["step"] == 3
    assert documents[0]["time"].endswith("Z")
    assert run.get_metrics() == {"a": [0.5, 2], "l": [0, 1], "r": {"x": 1}, "t": {"x": [1]}}
    assert run.get_metrics("a") == {"a": [0.5, 2]}
    assert (run.tags, run.properties) == ({"k2": "2"}, {"p": "1"})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        run.add_properties({"p": 2})
    with pytest.raises(UserErrorException, match="log_list"):
        run.log("a", [1])


def test_a_step_keeps_files(step_folder: Path, tmp_path: Path) -> None:
    run = Run.get_context()
    assert isinstance(run, ContextRun)
    (tmp_path / "m.txt").write_text("m")
    run.upload_file("outputs/model.txt", str(tmp_path / "m.txt"))
    assert (step_folder.parent / "code/outputs/model.txt").read_text() == "m"
    run.upload_folder("kept", str(tmp_path / "work" / "code" / "outputs"))
    assert (step_folder / "files/kept/model.txt").read_text() == "m"
    run.log_image("picture", path=str(tmp_path / "m.txt"))
    assert run.get_metrics() == {"picture": "logs/images/picture.txt"}
    with pytest.raises(UserErrorException, match="no file"):
        run.upload_file("x", "missing")
    with pytest.raises(UserErrorException):
        run.upload_file("..", str(tmp_path / "m.txt"))


def test_outside_a_run_there_is_the_offline_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RUNNER_STEP", raising=False)
    monkeypatch.setattr(run_module, "_contexts", {})
    with pytest.raises(RunEnvironmentException):
        Run.get_context(allow_offline=False)
    run = Run.get_context()
    assert isinstance(run, _OfflineRun)
    assert run.id.startswith("OfflineRun_")
    run.log("accuracy", 1.0)
    assert "accuracy: 1.0" in capsys.readouterr().out
    assert not hasattr(run, "input_datasets")
    run.complete()
