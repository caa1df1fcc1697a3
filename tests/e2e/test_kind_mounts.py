"""Inputs that are mounted in step pods: read-only, alive through faults of the mounter, and gone with their pod."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from runner.compute.kubernetes.mount_failures import mount_problem
from runner.compute.kubernetes.pending_reason import PendingReason
from tests.support.kind_cluster import KindCluster
from tests.support.kind_mounts import Mounter, MountingPod
from tests.support.kind_runs import Namespace, RunContext, a_desk, patiently

pytestmark = pytest.mark.kind

MAKE = """
import os, sys
out = sys.argv[1]
os.makedirs(os.path.join(out, "sub"))
open(os.path.join(out, "sub", "a.txt"), "w").write("hello")
open(os.path.join(out, "big"), "wb").write(bytes(range(256)) * (1 << 14))
"""
READ = """
import json, os, sys, time
given, out = sys.argv[1:]
big = os.path.join(given, "big")
facts = {"names": sorted(os.listdir(given)), "text": open(os.path.join(given, "sub", "a.txt")).read()}
facts["kinds"] = [line.split()[2] for line in open("/proc/mounts") if "/run/runner/mounts/" in line]
facts["beside"] = os.listdir(os.path.join(os.path.dirname(os.path.realpath(big)), ".."))
try:
    open(os.path.join(os.path.dirname(os.path.realpath(big)), "new"), "w")
except OSError as error:
    facts["written"] = error.strerror
good = lost = 0
while not os.path.exists("/runner/work/stop"):
    try:
        with open(big, "rb") as file:
            whole = file.read()
        good += whole == bytes(range(256)) * (1 << 14)
    except OSError:
        lost += 1
    print(json.dumps({**facts, "good": good, "lost": lost}), flush=True)
    time.sleep(0.1)
os.makedirs(out)
open(os.path.join(out, "text"), "w").write(facts["text"])
"""
DRIVER = """
made, out = PipelineData("made"), PipelineData("out")
given = made.as_mount()
submit(
    step("make", "make.py", arguments=[made], outputs=[made]),
    step("read", "read.py", arguments=[given, out], inputs=[given], outputs=[out]),
)
"""


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path: Path) -> RunContext:
    return a_desk(tmp_path / "desk", kind_cluster)


@pytest.fixture
def mounter(kind_cluster: KindCluster) -> Mounter:
    return Mounter(kind_cluster)


def reading(mounter: Mounter, run: str) -> MountingPod:
    """The pod of the step that reads, once it has read."""
    pod = patiently(lambda: mounter.pod_of(run, "read"), "a pod that reads")
    patiently(lambda: mounter.last_said(pod).get("good"), "a first read")
    return pod


def reads_on(mounter: Mounter, pod: MountingPod) -> dict[str, int]:
    """What the script says after three more good reads."""
    before = mounter.last_said(pod)["good"]
    patiently(lambda: mounter.last_said(pod)["good"] >= before + 3, "three more reads", 30)
    return dict(mounter.last_said(pod))


def problem_of(mounter: Mounter, pod: str) -> PendingReason:
    """What the events of a pod say about its mount."""
    return patiently(lambda: mount_problem(mounter.events(pod)), f"an event of {pod}")


def test_a_step_reads_on_whatever_happens_to_the_mounter(
    desk: RunContext, mounter: Mounter, kind_cluster: KindCluster
) -> None:
    desk.driver(DRIVER, make=MAKE, read=READ)
    process = desk.start("run", "driver.py", "--target", "kind")
    run = desk.await_run(process)
    pod = reading(mounter, run)
    said = mounter.last_said(pod)
    assert (said["names"], said["text"]) == (["big", "sub"], "hello")
    assert sorted(said["kinds"]) == ["fuse.rclone", "tmpfs"]
    assert (said["beside"], said["written"]) == (["data"], "Read-only file system")

    pod.signal_rclone("KILL")
    lost = reads_on(mounter, pod)["lost"]
    mounter.replace_plugins()
    assert reads_on(mounter, pod)["lost"] == lost

    pod.let_end()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    patiently(lambda: not pod.left, "nothing left on the node", 30)
    Namespace(kind_cluster).empties_of(run)


def test_a_step_whose_mount_hangs_can_be_canceled(desk: RunContext, mounter: Mounter) -> None:
    """The reads of a stopped rclone cannot be killed until the mounter ends them."""
    desk.driver(DRIVER, make=MAKE, read=READ)
    process = desk.start("run", "driver.py", "--target", "kind")
    run = desk.await_run(process)
    pod = reading(mounter, run)
    pod.signal_rclone("STOP")
    desk.runner("cancel", run, "--target", "kind").ok()
    process.communicate(timeout=120)
    patiently(lambda: not pod.left, "nothing left on the node", 60)


def test_what_cannot_be_mounted_says_why(mounter: Mounter, kind_cluster: KindCluster) -> None:
    keys = json.loads(kind_cluster.credentials.read_bytes())
    place = {"endpoint": kind_cluster.cluster_endpoint, "bucket": kind_cluster.bucket, "prefix": "x"}
    suffix = f"{time.time_ns():x}"
    asked = {
        "the store refuses to list": ({**keys, "secret_key": "wrong"}, place),
        "unknown attribute 'vfs-cache-mode'": (keys, {**place, "vfs-cache-mode": "writes"}),
        "ENDPOINTS of the DaemonSet mounter": (keys, {**place, "endpoint": "http://pod.runner.svc:9000"}),
        "names the node itself": (keys, {**place, "endpoint": "http://169.254.169.254"}),
    }
    with ExitStack() as stack:
        pods = {
            words: stack.enter_context(mounter.asking_pod(f"asking-{number}-{suffix}", *what))
            for number, (words, what) in enumerate(asked.items())
        }

        found = {words: problem_of(mounter, name) for words, name in pods.items()}
    for words, reason in found.items():
        assert words in reason.reason
        assert reason.remedy
        assert keys["secret_key"] not in str(reason)
