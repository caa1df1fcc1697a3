"""What a script prints is seen while it runs, and is kept however it ends."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import docker
import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.task import TaskId
from runner.operations import watch
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import Namespace, RunContext, a_desk, finished, name_of, patiently

pytestmark = pytest.mark.kind
KEPT_AFTER = 3.0

TALK = """
import time
for _ in range(10):
    print("said", time.time(), flush=True)
    time.sleep(0.7)
"""
PRINT_UNTIL_KILLED = """
import json, os, signal, time
with open(os.path.join(os.environ["RUNNER_STEP"], "context.json")) as file:
    attempt = json.load(file)["attempt"]
until = time.time() + (90 if attempt == 1 else 0)
while time.time() < until:
    print("said", time.time())
    time.sleep(0.05)
print("attempt", attempt)
"""
KILL_ITSELF = """
import os, signal, time
until = time.time() + 4
while time.time() < until:
    print("said", time.time())
    time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""
KILL_BOOTSTRAP = """
for folder in /proc/[0-9]*; do
  if tr '\\0' '\\n' < $folder/environ 2>/dev/null | grep -qx 'RUNNER_ASSIGNMENT={assignment}'; then
    kill -9 ${{folder#/proc/}}
  fi
done
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


def _times(text: str) -> list[float]:
    return [float(line.split()[-1]) for line in text.splitlines() if "said" in line]


def _seen(lines: Iterable[str]) -> list[tuple[float, float]]:
    """Return when each line was seen, and when it was printed."""
    return [(time.time(), _times(line)[0]) for line in lines if "said" in line]


def _kept(desk: RunContext, run: str, key: str, attempt: int = 1) -> list[float]:
    return _times(watch.log_text(desk.store, TaskId(run, key, attempt)))


def test_a_line_is_on_the_terminal_while_its_step_goes_on(desk: RunContext) -> None:
    desk.driver('submit(step("talk", "talk.py"))\n', talk=TALK)
    process = desk.start("run", "driver.py", "--target", "kind", "--logs")
    assert process.stdout is not None
    seen = _seen(process.stdout)
    finished(process, time.monotonic()).ok()
    assert len(seen) == 10
    assert seen[0][0] < seen[-1][1], "the first line is seen before the last is printed"


@pytest.mark.all_data
def test_logs_can_be_followed_from_another_terminal(desk: RunContext) -> None:
    desk.driver('submit(step("talk", "talk.py"))\n', talk=TALK)
    running = desk.start("run", "driver.py", "--target", "kind")
    desk.await_run(running)
    follower = desk.start("logs", "talk", "-f", "--target", "kind")
    assert follower.stdout is not None
    seen = _seen(follower.stdout)
    assert finished(follower, time.monotonic()).code == 0
    finished(running, time.monotonic()).ok()
    assert len(seen) == 10
    assert seen[0][0] < seen[-1][1], "the first line is seen before the last is printed"


@pytest.mark.parametrize(
    "way", ["pod deleted by force", pytest.param("bootstrap killed by SIGKILL", marks=pytest.mark.all_data)]
)
def test_a_killed_pod_leaves_its_lines_and_another_attempt_follows(
    desk: RunContext, kind_cluster: KindCluster, way: str
) -> None:
    desk.driver('submit(step("talk", "talk.py"))\n', talk=PRINT_UNTIL_KILLED)
    process = desk.start("run", "driver.py", "--target", "kind")
    run, namespace = desk.await_run(process), Namespace(kind_cluster)
    patiently(lambda: len(_kept(desk, run, "talk-1")) > 60, "a few chunks of its log")
    at = _kill(kind_cluster, namespace, run) if way.startswith("boot") else _delete(namespace, run)
    done = finished(process, time.monotonic()).ok()
    print(f"{way}: another attempt after {done.seconds:.1f} s")
    kept = _kept(desk, run, "talk-1")
    first = [said for said in kept if said < at - KEPT_AFTER]
    gaps = [after - before for before, after in pairwise(first)]
    print(f"the last line kept is {at - kept[-1]:.1f} s older than the kill")
    assert kept[-1] >= at - KEPT_AFTER
    assert max(gaps) < 1.0, "no line is missing in between"
    (lost,) = [event for event in desk.events(run) if isinstance(event, e.AttemptFailed)]
    assert lost.failure is Failure.LOST
    assert lost.reason
    assert desk.view(run).state.steps["talk-1"].attempt == 2


def _delete(namespace: Namespace, run: str) -> float:
    (pod,) = namespace.pods(run)
    return namespace.kill_pod(name_of(pod))


def _kill(cluster: KindCluster, namespace: Namespace, run: str) -> float:
    """SIGKILL to the container's first process, as the kernel or a node's operator would."""
    engine = docker.from_env()
    node = engine.containers.get(f"{cluster.name}-control-plane")
    script = KILL_BOOTSTRAP.format(assignment=TaskId(run, "talk-1").assignment)
    at = time.time()
    code, output = node.exec_run(["sh", "-c", script])
    assert code == 0, output
    engine.close()
    return at


@pytest.mark.all_data
def test_a_script_that_kills_itself_leaves_every_line(desk: RunContext) -> None:
    desk.driver('submit(step("talk", "talk.py"))\n', talk=KILL_ITSELF)
    done = desk.run()
    assert done.code == 1
    assert "SIGKILL" in done.out + done.err or "signal 9" in done.out + done.err, done.text
    kept = _kept(desk, desk.newest(), "talk-1")
    assert len(kept) >= 60
    assert kept[-1] - kept[0] > 3.8
