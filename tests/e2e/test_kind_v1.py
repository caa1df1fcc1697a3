"""What v1's words add on a cluster: sizes, node counts, shared memory, secrets, datastores, publishing, reuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.document import Document
from tests.support.canary import CANARY, tells
from tests.support.kind_bucket import a_bucket, root_keys
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import Namespace, RunContext, a_desk, finished
from tests.support.leaking import IN_THE_STORE, LEAKING

pytestmark = pytest.mark.kind
PAUSE = 0.2
"""Seconds between two looks at the namespace: the machine is small."""

SIZES = """
import os, pathlib
from azureml.core import Run
shared = os.statvfs("/dev/shm")
pathlib.Path("/dev/shm/probe").write_bytes(bytes(100 << 20))
Run.get_context().log("MiB", shared.f_frsize * shared.f_blocks >> 20)
"""
SECRETS = f"""
{LEAKING}{IN_THE_STORE}
values = run.get_secrets(["db", "api"])
print("read", *values.values(), flush=True)
run.log("read", all(value.startswith("canary") for value in values.values()))
sys.exit("dying with " + values["db"])
"""
MAKE = """
import os, sys
from azureml.core import Run
for name in ("a", "b"):
    with open(os.path.join(sys.argv[1], name + ".txt"), "w") as file:
        file.write(name * 3)
print("made here")
Run.get_context().log("made", 2)
"""
TAKE = """
import os, sys
from azureml.core import Dataset, Run
run = Run.get_context()
for folder in sys.argv[1:]:
    files = {name: open(os.path.join(folder, name)).read() for name in os.listdir(folder)}
    assert files == {"a.txt": "aaa", "b.txt": "bbb"}, (folder, files)
known = Dataset.get_by_name(run.experiment.workspace, "made_files")
assert sorted(known.to_path()) == ["/a.txt", "/b.txt"], known.to_path()
assert run.parent.id == os.environ["AZUREML_ROOT_RUN_ID"], run.parent
child = run.child_run("part")
child.log("size", len(files))
child.complete()
run.parent.log("taken", len(files))
run.log("version", known.version)
"""
CHAIN = """
from azureml.core import Dataset
from azureml.data import OutputFileDatasetConfig
from azureml.data.data_reference import DataReference
from azureml.pipeline.steps import DataTransferStep, EstimatorStep
from azureml.train.estimator import Estimator

lake = ws.datastores["lake"]
made = OutputFileDatasetConfig("made", destination=(lake, "published/latest")).register_on_complete("made_files")
make = step("make", "make.py", arguments=[made])
kept = DataReference(lake, data_reference_name="kept", path_on_datastore="published/latest")
copied = DataReference(ws.get_default_datastore(), data_reference_name="copied", path_on_datastore="copies/latest")
move = DataTransferStep("move", source_data_reference=kept, destination_data_reference=copied, compute_target="c",
                        source_reference_type="directory", destination_reference_type="directory")
move.run_after(make)
estimator = Estimator(source_directory="scripts", compute_target="c", entry_script="take.py", shm_size="1g")
take = EstimatorStep("take", estimator, [made.as_input("made").as_mount(), copied], inputs=[copied], compute_target="c")
take.run_after(move)
run = Experiment(ws, "chain").submit(Pipeline(ws, [take]))
run.wait_for_completion()
(taken,) = run.find_step_run("take")
reused = "azureml.reusedrunid" in taken.get_properties()
assert run.get_metrics().get("taken") == (None if reused else 2), run.get_metrics()  # what a step said to its parent
assert taken.get_metrics() == {"version": 1}, taken.get_metrics()
assert [child.get_metrics() for child in taken.get_children()] == [{"size": 2}], list(taken.get_children())
assert Dataset.get_by_name(ws, "made_files").version == 1
"""

WRITE = """
import os, sys
place = sys.argv[1]
print("found", sorted(os.listdir(place)))
for name in ("seed.txt", "made/new.txt"):
    os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
    with open(os.path.join(place, name), "a") as file:
        file.write("written")
"""
REFERENCES = """
from azureml.core import Dataset
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import PipelineData

store = ws.get_default_datastore()
open("seed.txt", "w").write("seed ")
for place in ("mounted", "kept", "data"):
    store.upload_files(["seed.txt"], target_path=place, overwrite=True, show_progress=False)
mounted = DataReference(store, "mounted", "mounted")
absent = DataReference(store, "absent", "not/there/yet")
kept = DataReference(store, "kept", "kept", mode="upload")
files = Dataset.File.from_files((store, "data")).as_named_input("files").as_mount()
steps = [step(place.data_reference_name, "write.py", arguments=[place], inputs=[place])
         for place in (mounted, absent, kept)]
made = PipelineData("made", store, is_directory=True)
make = step("make", "write.py", arguments=[made], outputs=[made])
copied = step("copied", "write.py", arguments=[made], inputs=[made])
last = step("last", "write.py", arguments=[files])
pipeline = Pipeline(ws, [*steps, make, copied, last])
run = Experiment(ws, "references").submit(pipeline, continue_on_step_failure=True)
run.wait_for_completion(raise_on_error=False)
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


def test_a_big_size_fits_a_small_node_and_its_node_count_bounds_the_jobs(
    desk: RunContext, kind_cluster: KindCluster
) -> None:
    desk.driver(
        """
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import DockerConfiguration

wish = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
ComputeTarget.create(ws, "c", wish).wait_for_completion()
ready.docker = DockerConfiguration(use_docker=True, shm_size="300m")
submit(*(step(f"part {number}", "part.py") for number in range(5)))
""",
        part=SIZES,
    )
    process = desk.start("run", "driver.py", "--target", "kind")
    run, namespace = desk.await_run(process), Namespace(kind_cluster)
    most, containers = 0, []
    while process.poll() is None:
        time.sleep(PAUSE)
        jobs = namespace.items("jobs", f"runner/run={run}")
        most = max(most, len(_at_work(desk, run, jobs)))
        containers += [job["spec"]["template"]["spec"]["containers"][0] for job in jobs]
    finished(process, time.monotonic()).ok()
    assert most == 2
    assert _most_at_once(desk) == 2
    assert {json.dumps(one["resources"], sort_keys=True) for one in containers} == {
        '{"limits": {"memory": "7Gi"}, "requests": {"cpu": "100m", "memory": "256Mi"}}'
    }
    steps = desk.on_kind("status")["steps"]
    assert [metric["value"] for step in steps for metric in step["metrics"]] == [300] * 5


def _at_work(desk: RunContext, run: str, jobs: list[Document]) -> list[Document]:
    """The Jobs whose steps are not done yet: the pod of one that has committed is about to end."""
    done = {key.split("/")[2] for key in desk.listing() if key.startswith(f"runs/{run}/") and "committed" in key}
    return [job for job in jobs if job["metadata"]["labels"]["runner/step"] not in done]


def _most_at_once(desk: RunContext) -> int:
    """The most attempts that the journal has begun and not ended."""
    open_ones: set[str] = set()
    most = 0
    for event in desk.events():
        if isinstance(event, e.AttemptStarted):
            open_ones.add(event.key)
        if isinstance(event, e.StepSucceeded):
            open_ones.discard(event.key)
        most = max(most, len(open_ones))
    return most


def test_a_secret_reaches_the_script_and_lies_nowhere_else(desk: RunContext, kind_cluster: KindCluster) -> None:
    desk.driver('submit(step("use", "use.py"))\n', use=SECRETS)
    desk.write("db.txt", f"{CANARY}-1\n").chmod(0o600)
    desk.write(
        "runner.yaml",
        "secrets: {db: {file: db.txt}, api: {env: MY_API}, none: {env: NOT_SET}}\naccess: {secrets: [db, api]}\n",
    )
    desk = RunContext(desk.folder, desk.cluster, desk.prefix, {"MY_API": f"{CANARY}-2"})
    process = desk.start("run", "driver.py", "--target", "kind")
    run, namespace = desk.await_run(process), Namespace(kind_cluster)
    seen: dict[str, Document] = {}
    while process.poll() is None:
        time.sleep(PAUSE)
        for kind in ("jobs", "pods", "configmaps", "secrets"):
            seen |= {f"{kind}/{json.dumps(item)}": item for item in namespace.items(kind, f"runner/run={run}")}
    done = finished(process, time.monotonic())
    assert done.code == 1, done.text
    assert "read *** ***" in desk.runner("logs", "use", "--target", "kind").out
    metrics = [(each["name"], each["value"]) for step in desk.on_kind("status")["steps"] for each in step["metrics"]]
    assert ("***", "***") in metrics
    assert ("read", True) in metrics

    holding = {kind.partition("/")[0] for kind, item in seen.items() if tells(json.dumps(item))}
    assert {kind.partition("/")[0] for kind in seen} == {"jobs", "pods", "configmaps", "secrets"}
    assert holding == {"secrets"}
    for key in desk.listing():
        assert not tells(key + desk.store.get(key).decode("latin-1")), key
    said = [desk.runner(*words, "--target", "kind").out for words in (("status",), ("show", "use"), ("logs", "use"))]
    assert not any(map(tells, (done.text, desk.controller_log(run), *said)))
    namespace.empties_of(run)


def test_what_is_published_moved_and_registered_is_not_done_again(desk: RunContext, kind_cluster: KindCluster) -> None:
    """Two buckets; the second run makes no Job, and its steps show what the first ones did."""
    keys = root_keys(kind_cluster)
    desk.write("keys.json", json.dumps({"access_key": keys.access_key, "secret_key": keys.secret_key})).chmod(0o600)
    desk.driver(CHAIN, make=MAKE, take=TAKE)
    with a_bucket(kind_cluster, "lake") as (lake, bucket):
        places = {"endpoint": kind_cluster.endpoint, "cluster_endpoint": kind_cluster.cluster_endpoint}
        settings = {"type": "bucket", "bucket": bucket, "prefix": "base/", "credentials": "keys.json", **places}
        desk.write("runner.yaml", json.dumps({"datastores": {"lake": settings}}))
        print(f"first: {desk.run().ok().seconds:.1f} s")
        first = desk.newest()
        assert len(desk.uids(first)) == 3
        found = [str(one.object_name) for one in lake.list_objects(bucket_name=bucket, recursive=True)]
        assert [key for key in found if key.startswith("base/published/")] == [
            "base/published/latest/a.txt",
            "base/published/latest/b.txt",
        ]
        assert "copies/latest/a.txt" in desk.listing()

        for key in ("published/latest/a.txt", "published/latest/b.txt"):
            lake.remove_object(bucket_name=bucket, object_name=f"base/{key}")
        desk.store.delete("copies/latest/a.txt")
        namespace = Namespace(kind_cluster)
        jobs = namespace.jobs_with_pods()
        print(f"again: {desk.run().ok().seconds:.1f} s")
        again = desk.newest()
        assert namespace.jobs_with_pods() <= jobs, "events go after an hour"
        assert again != first
        assert sorted(one.key for one in desk.events(again) if isinstance(one, e.StepReused)) == [
            "make-1",
            "move-1",
            "take-1",
        ]
        assert desk.uids(again) == []
        assert namespace.of_run(again) == []
        assert [str(one.object_name) for one in lake.list_objects(bucket_name=bucket, recursive=True)] == found
        assert "copies/latest/a.txt" in desk.listing(), "what lies at a fixed place is put there again"
        _check_views(desk, first, again)


def _check_views(desk: RunContext, first: str, again: str) -> None:
    """What people see of a step that was done before."""
    (make,) = [step for step in desk.on_kind("status", again)["steps"] if step["name"] == "make"]
    assert (make["status"], [metric["value"] for metric in make["metrics"]]) == ("reused", [2])
    told = {
        ("logs", "make"): "made here\n",
        ("show", "make"): f"outputs of {first}.make-1",
        ("why", again, "make"): f"nothing differs from {first}.make-1",
        ("graph", again): "make  reused",
        ("dataset", "list"): "lake/published/latest",
    }
    for words, expected in told.items():
        assert expected in desk.runner(*words, "--target", "kind").ok().out, words


@pytest.mark.all_data
def test_what_a_script_writes_into_its_inputs_is_kept_or_refused(desk: RunContext) -> None:
    """References are written to; a mount refuses the write itself; a write into a copy is found afterwards."""
    desk.driver(REFERENCES, write=WRITE)
    done = desk.run()
    assert done.code == 1, done.text
    places = ("mounted", "not", "kept", "data")
    found = {key: desk.store.get(key).decode() for key in desk.listing() if key.startswith(places)}
    assert found == {
        "mounted/seed.txt": "seed written",
        "mounted/made/new.txt": "written",
        "not/there/yet/seed.txt": "written",
        "not/there/yet/made/new.txt": "written",
        "kept/seed.txt": "seed ",
        "kept/made/new.txt": "written",
        "data/seed.txt": "seed ",
    }
    assert "2 files (made/new.txt, seed.txt) written to workspaceblobstore/mounted" in done.text
    assert "seed.txt in workspaceblobstore/kept already, not overwritten" in done.text
    assert "OSError: [Errno 30] Read-only file system" in done.text
    assert "the input 'files' is mounted, and mounted inputs are read-only: write to an output of the step" in done.text
    assert "the script wrote into its input 'made' (data at workspaceblobstore/azureml/" in done.text
    steps = {step["name"]: step["status"] for step in desk.on_kind("status")["steps"]}
    assert steps == {
        **dict.fromkeys(("mounted", "absent", "kept", "make"), "succeeded"),
        **dict.fromkeys(("copied", "last"), "failed"),
    }
