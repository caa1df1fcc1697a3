"""A step in a pod submits a published pipeline, with keys of its own: by a controller here, and by one in a pod."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.images.controller import ControllerImage
from runner.model.status import RunStatus
from runner.runs import index
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk, patiently

pytestmark = pytest.mark.kind

CHILD = """
pipeline = Pipeline(ws, steps=[step("made", "made.py")])
"""
PARENT = """
submit(step("ask", "ask.py", allow_reuse=False))
"""
ASK = """
from azureml.core import Run
from azureml.pipeline.core import PublishedPipeline

run = Run.get_context()
workspace = run.experiment.workspace
(published,) = [one for one in PublishedPipeline.list(workspace) if one.name == "child"]
child = published.submit(workspace, "children", parent_run_id=run.parent.id)
print("asked", child.id, flush=True)
try:
    child.wait_for_completion(show_output=False)
except Exception as error:
    print("closed", "open its own data" in str(error), str(error), flush=True)
"""


@pytest.fixture(scope="module")
def image(kind_cluster: KindCluster) -> str:
    """The controller's image as it is now: this tree may be edited while its tests run."""
    return ControllerImage().on_kind(kind_cluster.name, print)


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster, image: str) -> Iterator[RunContext]:
    one = a_desk(tmp_path / "laptop", kind_cluster).configure(controller_image=image)
    yield one
    one.delete()


def runs_of(desk: RunContext, experiment: str) -> list[str]:
    return [entry.run for entry in index.newest(desk.store, 100) if entry.experiment == experiment]


@pytest.mark.parametrize(
    "options",
    [pytest.param(("--detach",), id="in a pod"), pytest.param((), id="here", marks=pytest.mark.all_data)],
)
def test_a_step_with_keys_of_its_own_submits_a_published_pipeline(desk: RunContext, options: tuple[str, ...]) -> None:
    desk.driver(CHILD, made="print('made')")
    desk.runner("publish", "driver.py", "--name", "child", "--target", "kind").ok()
    desk.driver(PARENT, ask=ASK)
    desk.runner("run", "driver.py", "--target", "kind", *options).ok()
    parent = next(iter(runs_of(desk, "end-to-end")))
    patiently(lambda: desk.view(parent).state.over, "the end of the parent", 180)
    log = desk.runner("logs", parent, "ask", "--target", "kind").ok().out
    words = dict(line.split(" ", 1) for line in log.splitlines() if line.startswith(("asked", "closed")))
    assert desk.view(parent).state.status is RunStatus.SUCCEEDED, log
    assert words["closed"].startswith("True"), words  # its keys open no other run
    assert "security.md" in words["closed"]
    child = words["asked"]
    patiently(lambda: desk.view(child).state.over, "the end of the child", 180)
    state = desk.view(child).state
    assert state.status is RunStatus.SUCCEEDED
    assert state.submission is not None
    assert (state.submission.parent, state.submission.experiment) == (parent, "children")
    assert state.host.startswith("pod ") is bool(options)
    assert runs_of(desk, "children") == [child]
