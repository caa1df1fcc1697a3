"""What a pod's script reaches of the workspace: the carried bootstrap over a real bucket, without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.data import packing, snapshot, step_bundle
from runner.model import events as e
from runner.model.document import to_document
from runner.model.plan import Submission
from runner.model.step import Interpreter
from runner.model.store_endpoint import StepStores
from runner.model.task import Task, TaskId
from runner.runs import index, journal, plans, records
from runner.sdk import Model, Run, Workspace
from runner.sdk.base import session
from runner.storage.s3.store import BucketStore
from tests.support.builders import RUN, plan, step
from tests.support.fake_session import FakeSession, opened
from tests.support.minio_server import minio_server

SCRIPT = """\
from azureml.core import Model, Run

run = Run.get_context()
run.log("m", 1)
with run.child_run("fold") as child:
    child.log("score", 0.5)
open("outputs/net.pkl", "w").write("net")
run.register_model("net", model_path="outputs/net.pkl")
print(open(Model.get_model_path("net")).read())
run.parent.tag("told", "by a step")
run.parent.cancel()
"""
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.mark.docker
def test_runs_models_and_a_cancel_go_through_the_bucket(tmp_path: Path) -> None:
    with minio_server("steps") as bucket_endpoint:
        store = BucketStore(bucket_endpoint)
        task = submitted(store, tmp_path)
        (tmp_path / "stores.json").write_text(json.dumps(to_document(StepStores(bucket_endpoint))))
        ended = bootstrap(tmp_path, task)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert records.canceled(store, RUN)
        assert bucket_endpoint.credentials.secret_key not in ended.stdout
        assert b"net\n" in b"".join(store.get(info.key) for info in store.list(task.id.logs))
        with opened(FakeSession(store=store)):  # type: ignore[arg-type]  # any store will do
            ws = Workspace("s", "g", "w")
            (child,) = logged_below(ws, f"{RUN}.a")
            assert (child.name, child.status, child.get_metrics()) == ("fold", "Completed", {"score": 0.5})
            assert Model(ws, "net").run_id == f"{RUN}.a"
        session.use(None)
        assert [info.key for info in store.list(f"runs/{RUN}/annotations/")] != []


def submitted(store: BucketStore, folder: Path) -> Task:
    """A journaled run of one step, whose assignment lies in the store."""
    (folder / "code").mkdir()
    (folder / "code" / "script.py").write_text(SCRIPT)
    taken = snapshot.take(folder / "code")
    packing.keep(store, taken)
    spec = replace(step("a"), snapshot=taken.digest, outputs=(), command=(Interpreter(), "script.py"))
    index.add(store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
    first: list[e.Event] = [
        e.RunSubmitted(Submission(plan=plans.save(store, plan(spec)), experiment="e")),
        e.AttemptStarted("a", 1, "u"),
    ]
    journal.Writer(store, RUN, "submit", 0).append(first, NOW)
    variables = {"AZUREML_RUN_ID": f"{RUN}.a", "AZUREML_ARM_WORKSPACE_NAME": "w"}
    task = Task(
        id=TaskId(RUN, "a"),
        command=spec.command,
        snapshot=taken.digest,
        environment="image",
        target="kind",
        name="A",
        experiment="e",
        variables=variables,
    )
    return records.assign(store, task)


def bootstrap(folder: Path, task: Task) -> subprocess.CompletedProcess[str]:
    """Run the carried archive as a container does."""
    archive = folder / "step.pyz"
    archive.write_bytes(step_bundle.archive())
    variables = {
        "RUNNER_STORES": str(folder / "stores.json"),
        "RUNNER_WORK": str(folder / "work"),
        "RUNNER_ASSIGNMENT": task.id.assignment,
        "RUNNER_TASK": task.digest,
    }
    return subprocess.run(
        [sys.executable, str(archive)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def logged_below(ws: Workspace, parent: str) -> list[Run]:
    """The logged runs below a run that is known by its id alone."""
    from runner.sdk.runs.logged_store import children

    return [Run.get(ws, run) for run in children(ws.session.store, parent)]
