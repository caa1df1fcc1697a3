"""A published pipeline is submitted by a pod that has nothing but the workspace of the cluster."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.cluster.serving import PlacedWorkspace, keep_workspace
from runner.compute.kubernetes import workspace_pod
from runner.images.controller import ControllerImage
from runner.model import events as e
from runner.model.document import Document
from runner.model.state import RunState
from runner.model.status import RunStatus
from runner.operations.published import pipelines
from runner.wiring import open_session
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk, patiently

pytestmark = pytest.mark.kind

DRIVER = """
config = RunConfiguration()
config.environment = Environment.from_dockerfile("built", "FROM {image}\\nRUN echo {mark} > /mark\\n")
hello = step("hello", "hello.py", config, arguments=["{mark}"])
print("published", Pipeline(ws, steps=[hello]).publish(name="hello", version="7").id)
"""
HELLO = """
import pathlib, sys

assert pathlib.Path("/mark").read_text().strip() == sys.argv[1]
"""
SUBMIT = """
import sys
from runner.model.published import ParameterValues
from runner.operations.published import pipelines
from runner.operations.values import Request
from runner.wiring import open_session

session = open_session()
record = pipelines.named(session.store, "hello@7")
run = session.submit_published(record, ParameterValues(), Request(experiment="by a pod", source="REST"))
print("submitted", run)
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunContext]:
    image = ControllerImage().on_kind(kind_cluster.name, print)
    one = a_desk(tmp_path / "laptop", kind_cluster).configure(controller_image=image)
    monkeypatch.setenv("RUNNER_CONFIG", one.environ["RUNNER_CONFIG"])
    yield one
    one.delete()


@pytest.fixture
def namespace(kind_cluster: KindCluster) -> Namespace:
    return Namespace(kind_cluster)


def a_job(placed: PlacedWorkspace, name: str) -> Document:
    pod = dict(workspace_pod.pod("submit", (), placed.image, placed.settings))
    container = {**pod["containers"][0], "command": ["python3", "-c", SUBMIT]}  # type: ignore[index]
    spec = {**pod, "containers": [container], "restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": placed.settings.namespace, "labels": {"test": name}},
        "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": {"test": name}}, "spec": spec}},
    }


@pytest.mark.all_data
def test_a_pod_submits_a_published_pipeline_with_the_images_of_its_publication(
    desk: RunContext, namespace: Namespace
) -> None:
    desk.driver(DRIVER.format(image=IMAGE, mark=secrets.token_hex(8)), hello=HELLO)
    done = desk.runner("run", "driver.py", "--target", "kind").ok()
    published = re.search(r"published (\S+)", done.out)
    assert published, done.text
    record = pipelines.get(desk.store, published[1])
    (made,) = record.prepared

    placed = keep_workspace(open_session(desk.folder, "kind"))
    name = f"submit-{secrets.token_hex(4)}"
    namespace.create_job(a_job(placed, name))
    try:
        run = patiently(desk.newest, "a run", 120, 0.5)
        state = patiently(lambda: _ended(desk, run), "the end of the run", 180, 0.5)
    finally:
        print(namespace.logs(f"test={name}"))
        namespace.delete_job(name)
    assert state.status is RunStatus.SUCCEEDED
    assert state.submission is not None
    assert (state.submission.published, state.submission.source) == (record.id, "REST")
    events = desk.events(run)
    ready = [event for event in events if isinstance(event, e.EnvironmentReady)]
    assert [(event.reference, event.lock) for event in ready] == [(made.reference, made.lock)]
    assert all(event.host.startswith("pod ") for event in events if isinstance(event, e.ControllerStarted))


def _ended(desk: RunContext, run: str) -> RunState | None:
    state = desk.view(run).state
    return state if state.over else None
