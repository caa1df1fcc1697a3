"""What fails on a cluster: whose failure it was, and how soon and how clearly the user is told."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from runner.model import events as e
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.status import RunStatus, StepStatus
from runner.model.step import Interpreter, StepSpec
from runner.operations.values import Request
from runner.wiring import open_session
from tests.support.image_stores import kind_images
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk, finished, patiently

pytestmark = pytest.mark.kind
TOLD_WITHIN = 120.0
BARE_IMAGE = "runner-e2e-bare:1"

HALF = """
import os, sys
os.makedirs(sys.argv[1])
with open(os.path.join(sys.argv[1], "half.csv"), "w") as file:
    file.write("half of it")
print("on stdout")
raise ValueError("the reason on stderr")
"""
SLOW = "import time; time.sleep(6); print('the other branch')"


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


def _bare_image() -> str:
    """An image with a shell and no Python."""
    engine = docker.from_env()
    text = f"FROM {IMAGE}\nUSER root\nRUN rm -rf /usr/local/bin/python* /usr/bin/python* && ! command -v python3\n"
    engine.images.build(fileobj=io.BytesIO(text.encode()), tag=BARE_IMAGE, rm=True)
    engine.close()
    return BARE_IMAGE


def _move_to_the_nodes(image: str, cluster: KindCluster) -> None:
    """Load the image into the nodes, and take it from the engine."""
    engine = docker.from_env()
    kind_images(cluster.name).ensure(NamedEnvironment("own", EnvironmentSpec(image=image, ready=True)), lambda _: None)
    engine.images.remove(image)
    engine.close()


def _ready(image: str) -> str:
    return f"""
config = RunConfiguration()
config.environment = Environment.from_docker_image("own", "{image}")
submit(step("only", "only.py", config))
"""


def _submit(desk: RunContext, patch: pytest.MonkeyPatch, resources: Resources) -> str:
    """Start a plan whose step asks for what the v1 words cannot say; its run."""
    for name in ("RUNNER_CONFIG", "XDG_CACHE_HOME"):
        patch.setenv(name, desk.environ[name])
    source = str(desk.write("scripts/only.py", "print(len(bytearray(200 << 20)))").parent)
    step = StepSpec(
        key="only-1",
        name="only",
        command=(Interpreter(), "only.py"),
        environment="e",
        compute="c",
        source=source,
        script="only.py",
        resources=resources,
    )
    plan = Plan(steps=(step,), environments={"e": NamedEnvironment("e", EnvironmentSpec(image=IMAGE, ready=True))})
    return open_session(desk.folder, "kind").submit(plan, Request(experiment="end-to-end"))


def _reason(desk: RunContext, run: str) -> str:
    """Why the step waits, or has failed, as soon as anything is known."""
    return patiently(lambda: desk.view(run).state.steps["only-1"].reason, "a reason", TOLD_WITHIN, 0.5)


def _end(desk: RunContext, run: str) -> None:
    desk.runner("cancel", "--target", "kind").ok()
    patiently(lambda: desk.view(run).state.over, "the end of the run", 60, 0.5)
    Namespace(desk.cluster).empties_of(run)


def test_a_failing_script_fails_its_branch_alone(desk: RunContext, kind_cluster: KindCluster) -> None:
    desk.driver(
        """
data = PipelineData("data")
submit(
    step("fails", "half.py", arguments=[data], outputs=[data]),
    step("reads", "slow.py", arguments=[data], inputs=[data]),
    step("other", "slow.py"),
)
""",
        half=HALF,
        slow=SLOW,
    )
    done = desk.run()
    assert done.code == 1, done.text
    assert "ValueError: the reason on stderr" in done.out
    assert "fails failed" in done.out
    state = desk.view().state
    assert {key: step.status for key, step in state.steps.items()} == {
        "fails-1": StepStatus.FAILED,
        "reads-1": StepStatus.SKIPPED,
        "other-1": StepStatus.SUCCEEDED,
    }
    assert "fails" in state.steps["reads-1"].reason
    told = [line for line in done.out.splitlines() if "reads" in line]
    assert any("skipped" in line and "fails" in line for line in told), done.text
    assert state.steps["fails-1"].exit_code == 1
    assert not [key for key in desk.listing() if "half" in key], "nothing half-written can be seen"
    Namespace(kind_cluster).empties_of(desk.newest())


@pytest.mark.all_data
def test_an_image_that_cannot_be_pulled_is_told(desk: RunContext) -> None:
    desk.driver(_ready("registry.invalid/runner/none:1"), only="print('never')")
    begun = time.monotonic()
    process = desk.start("run", "driver.py", "--target", "kind")
    run = desk.await_run(process)
    reason = _reason(desk, run)
    print(f"told after {time.monotonic() - begun:.1f} s: {reason}")
    assert "the image cannot be pulled" in reason
    assert "registry.invalid/runner/none:1" in reason
    if not desk.view(run).state.over:
        desk.runner("cancel", "--target", "kind").ok()
    done = finished(process, begun)
    assert done.code == 1
    assert "the image cannot be pulled" in done.out
    Namespace(desk.cluster).empties_of(run)


@pytest.mark.all_data
def test_a_pod_that_no_node_can_take_is_told(desk: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    run = _submit(desk, monkeypatch, Resources(cpu="64"))
    reason = _reason(desk, run)
    print(f"told after {time.monotonic() - begun:.1f} s: {reason}")
    assert "cpu" in reason
    status = desk.runner("status", "--target", "kind").ok().out
    assert reason[:40] in status
    _end(desk, run)


@pytest.mark.all_data
def test_a_script_that_needs_too_much_memory_is_told_so(desk: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _submit(desk, monkeypatch, Resources(memory="32Mi", memory_limit="96Mi"))
    patiently(lambda: desk.view(run).state.over, "the end of the run", 90, 0.5)
    state = desk.view(run).state
    step = state.steps["only-1"]
    assert (state.status, step.failure, step.attempt) == (RunStatus.FAILED, Failure.OOM, 1)
    assert "96 MiB" in step.reason
    assert "set memory to 192Mi" in step.remedy
    Namespace(desk.cluster).empties_of(run)


def test_an_image_without_python_is_refused_before_the_run_where_the_engine_has_it(desk: RunContext) -> None:
    desk.driver(_ready(_bare_image()), only="print('never')")
    before = desk.listing()
    done = desk.run()
    assert done.code == 2, done.text
    assert f"image {BARE_IMAGE} has no Python: a step needs 3.8 or newer" in done.text
    assert desk.listing() == before


@pytest.mark.all_data
def test_an_image_without_python_that_only_the_nodes_have_is_one_clear_error_of_its_step(desk: RunContext) -> None:
    _move_to_the_nodes(_bare_image(), desk.cluster)
    desk.driver(_ready(BARE_IMAGE), only="print('never')")
    done = desk.run()
    assert done.code == 1, done.text
    (failed,) = [event for event in desk.events() if isinstance(event, e.StepFailed)]
    assert failed.failure is Failure.IMAGE
    assert failed.reason == f"the image {BARE_IMAGE} has no Python (tried python3 python)"
    assert failed.reason in done.out
    Namespace(desk.cluster).empties_of(desk.newest())
