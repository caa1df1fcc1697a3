"""Runs: seen from the driver, from inside a step, and offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.data import manifest
from runner.errors import BadInput
from runner.model import events as e
from runner.model.context import StagedInput, StepContext
from runner.model.data import DataRef, DatasetDefinition, DatastorePath, Entry, Kind, Manifest, Mode
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.sdk import Experiment, Pipeline, PipelineData, PythonScriptStep, RunDetails, Workspace
from runner.sdk.runs import run as run_module
from runner.sdk.runs.pipeline_run import PipelineRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession

ROOT = Path(__file__).parents[3]


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


def test_outputs_are_downloaded_under_their_whole_path(session: FakeSession, run: PipelineRun, tmp_path: Path) -> None:
    (first,) = run.find_step_run("first")
    with pytest.raises(BadInput, match="has not delivered"):
        first.get_output_data("data")
    deliver(session, run)
    reference = run.get_pipeline_output("whole")
    assert (reference.datastore_name, reference.path_on_datastore) == (
        "workspaceblobstore",
        f"azureml/{run.id}.first-1/data",
    )
    assert reference.download(str(tmp_path / "out")) == 2
    assert (tmp_path / "out" / reference.path_on_datastore / "sub/y.txt").read_bytes() == b"yy"
    assert list(first.get_outputs()) == ["data"]
    with pytest.raises(BadInput, match="its outputs: data"):
        first.get_output("other")


def test_run_details_are_text(run: PipelineRun, capsys: pytest.CaptureFixture[str]) -> None:
    RunDetails(run).show()
    assert "first: NotStarted" in capsys.readouterr().out


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


def test_get_context_loads_few_of_our_modules(step_folder: Path) -> None:
    code = (
        "import sys; from azureml.core import Run; run = Run.get_context(); run.log('a', 1); run.tag('b')\n"
        "ours = sorted(m for m in sys.modules if m.partition('.')[0] in ('runner', 'azureml'))\n"
        "heavy = [m for m in ('pandas', 'numpy', 'yaml', 'asyncio') if m in sys.modules]\n"
        "print(len(ours), ours, heavy)\n"
        # `backports` came with Python 3.8; `runs.tags`, which all readers of tags share, brings two more.
        "assert len(ours) <= 36 and not heavy"
    )
    path = os.pathsep.join((str(ROOT), str(ROOT / "runner" / "compat")))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
