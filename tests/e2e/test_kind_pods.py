"""What a script finds around it in a pod, whoever the image says it is and however much it reads."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from runner.compute.kubernetes import render
from runner.compute.kubernetes.settings import ClusterSettings
from runner.data import manifest
from runner.model.digest import digest_of_bytes
from runner.model.task import TaskId
from runner.runs import records
from runner.runs.store_format import claim
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk
from tests.support.leftovers import LEAVES

pytestmark = pytest.mark.kind
ROOT_IMAGE = "runner-e2e-root:1"
MANIFEST_LIMIT = 8 << 10

LOOK = """
import getpass, json, os, pathlib, sys, tempfile

data = pathlib.Path("/data")
data.mkdir(exist_ok=True)
(data / "made").write_text("by its absolute path")
for place in (os.environ["HOME"], os.environ["TMPDIR"], tempfile.gettempdir(), os.environ["XDG_CACHE_HOME"], "."):
    pathlib.Path(place, "probe").write_text("x")
facts = {
    "output": sys.argv[1],
    "uid": os.getuid(), "gid": os.getgid(), "user": getpass.getuser(),
    "tokens": os.path.exists("/var/run/secrets/kubernetes.io"),
    "ours": sorted(name for name in os.environ if name.startswith("RUNNER_")),
    "secret": os.access("/runner/secret/stores.json", os.W_OK),
}
print(json.dumps(facts))
"""
READ = """
import pathlib, sys
print(sys.argv[1], pathlib.Path(sys.argv[1], "made").read_text())
"""
MANY = 1000
WRITE_MANY = """
import sys
for number, path in enumerate(sys.argv[1:]):
    with open(path, "w") as file:
        file.write(str(number))
"""
SUM = """
import os, sys
references = [name for name in os.environ if name.startswith("AZUREML_DATAREFERENCE_")]
print("sum", sum(int(open(path).read()) for path in sys.argv[1:]), "of", len(sys.argv) - 1)
print("variables", len(references))
"""


@pytest.fixture(scope="module")
def root_image() -> Iterator[str]:
    """An image whose USER is root."""
    engine = docker.from_env()
    engine.images.build(
        fileobj=io.BytesIO(f"FROM {IMAGE}\nUSER root\nWORKDIR /root\n".encode()), tag=ROOT_IMAGE, rm=True
    )
    yield ROOT_IMAGE
    engine.close()


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


def test_a_step_runs_unprivileged_and_writes_where_it_wants(desk: RunContext, root_image: str) -> None:
    desk.driver(
        f"""
data = PipelineData("data", output_path_on_compute="/data", is_directory=True)
config = RunConfiguration()
config.environment = Environment.from_docker_image("root", "{root_image}")
submit(
    step("look", "look.py", config, arguments=[data], outputs=[data]),
    step("read", "read.py", arguments=[data], inputs=[data]),
)
""",
        look=LOOK,
        read=READ,
    )
    print(f"two steps: {desk.run().ok().seconds:.1f} s")
    facts = json.loads(desk.runner("logs", "look", "--target", "kind").ok().out)
    assert facts == {
        "output": "/data",
        "uid": 10001,
        "gid": 10001,
        "user": "runner",
        "tokens": False,
        "ours": ["RUNNER_STEP"],
        "secret": False,
    }
    assert desk.runner("logs", "read", "--target", "kind").ok().out.endswith(" by its absolute path\n")


@pytest.mark.all_data
def test_a_thousand_inputs_take_no_more_manifest_than_one(desk: RunContext) -> None:
    desk.driver(
        f"""
parts = [PipelineData(f"a_part_of_the_whole_{{number:04d}}") for number in range({MANY})]
submit(
    step("producer", "write.py", arguments=parts, outputs=parts),
    step("many", "sum.py", arguments=parts, inputs=parts),
    step("one-1", "sum.py", arguments=parts[7:8], inputs=parts[7:8]),
)
""",
        write=WRITE_MANY,
        sum=SUM,
    )
    done = desk.run().ok()
    print(f"1000 outputs, 1000 inputs: {done.seconds:.1f} s")
    run = desk.newest()
    for key, total, count, variables in (("many-1", sum(range(MANY)), MANY, 0), ("one-1-1", 7, 1, 1)):
        out = desk.runner("logs", key, "--target", "kind").ok().out
        assert f"sum {total} of {count}\n" in out
        assert f"variables {variables}\n" in out
        assert ("their variables would pass 64 KiB" in out) == (variables == 0), out
    many, one = (_manifest_size(desk, TaskId(run, key)) for key in ("many-1", "one-1-1"))
    print(f"manifests: {many} bytes with 1000 inputs, {one} with one")
    assert many < MANIFEST_LIMIT
    assert abs(many - one) < 64


def _manifest_size(desk: RunContext, task: TaskId) -> int:
    """The Job as it was posted: made again from the assignment in the store."""
    assignment = records.assignment(desk.store, task.assignment)
    settings = ClusterSettings(store_id=claim(desk.store, b"", "the bucket"), namespace=desk.cluster.namespace)
    uid = "00000000-0000-0000-0000-000000000000"
    return len(json.dumps(render.job(assignment, settings, owner=uid, archive="0" * 64)))


@pytest.mark.all_data
def test_what_a_script_leaves_running_does_not_write_into_its_committed_output(desk: RunContext) -> None:
    """Not even a daemon without environment. Empty folders come along, and what lies beside the output is named."""
    before = "import os, sys\nos.makedirs(sys.argv[2] + '/for/later')\nopen(sys.argv[2] + 'x.csv', 'w').close()\n"
    desk.driver(
        """
data = PipelineData("data", is_directory=True)
submit(
    step("leave", "leave.py", arguments=["a daemon without environment", data], outputs=[data]),
    step("look", "look.py", arguments=[data], inputs=[data]),
)
""",
        leave=before + LEAVES,
        look="import os, sys\nassert os.path.isdir(sys.argv[1] + '/for/later')\n",
    )
    print(f"two steps: {desk.run().ok().seconds:.1f} s")
    (leave,) = [state for state in desk.view().state.steps.values() if state.outputs]
    ref = leave.outputs["data"]
    entries = manifest.load(desk.store, ref.digest).entries
    assert {"data.txt", "pid"} <= {entry.path for entry in entries}
    uploaded = {entry.path: digest_of_bytes(desk.store.get(f"{ref.key}/{entry.path}")) for entry in entries}
    assert uploaded == {entry.path: entry.digest for entry in entries}
    assert "nothing is kept: datax.csv" in leave.warnings[0]


@pytest.mark.all_data
def test_drivers_and_scripts_may_have_our_names(desk: RunContext) -> None:
    """``import runner``, ``import step`` … mean the user's own files, in the driver and in the step."""
    desk.driver(
        "import model, plan, runner, step as own\n"
        "assert model.MINE and plan.MINE and runner.MINE and own.MINE\n"
        'submit(step("names", "names.py"))\n',
        names="import model, plan, runner, step\n"
        "from azureml.core import Run\n"
        "Run.get_context().log('all', sum(one.MINE for one in (model, plan, runner, step)))\n",
    )
    names = ("runner.py", "step.py", "plan.py", "model/__init__.py")
    for folder in ("", "scripts/"):
        for name in names:
            desk.write(folder + name, "MINE = True\n")
    print(f"names: {desk.run().ok().seconds:.1f} s")
    (step,) = desk.on_kind("status")["steps"]
    assert [metric["value"] for metric in step["metrics"]] == [4]


@pytest.mark.all_data
def test_nothing_of_a_run_is_left_in_the_namespace(desk: RunContext, kind_cluster: KindCluster) -> None:
    desk.driver('submit(step("a", "a.py"), step("b", "a.py"))\n', a="print('here')")
    desk.run().ok()
    namespace, uids = Namespace(kind_cluster), desk.uids()
    assert len(set(uids)) == 2
    assert namespace.pods_made(uids) == dict.fromkeys(uids, 1)
    namespace.empties_of(desk.newest())
