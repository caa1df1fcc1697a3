"""What v1's words add to a cluster: sizes, node counts, secrets, several datastores, publishing, reuse, shared memory."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from runner.model import events as e
from runner.model.document import Document
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import root_client
from tests.support.kind_runs import Desk, Namespace, a_desk, finished, read_object

pytestmark = pytest.mark.kind
REPOSITORY = Path(__file__).resolve().parents[2]
DRIVERS = REPOSITORY / "tests" / "v1" / "drivers"
CANARY = "canary-5f0b7c1d9e"

SECRETS = """
from azureml.core import Run
run = Run.get_context()
values = run.get_secrets(["db", "api"])
print("read", *values.values(), flush=True)
run.log("read", all(value.startswith("canary") for value in values.values()))
run.log("lengths", [len(value) for value in values.values()])
"""
SIZES = """
import os, pathlib
from azureml.core import Run
free = os.statvfs("/dev/shm")
Run.get_context().log("shared", free.f_frsize * free.f_blocks >> 20)
pathlib.Path("/dev/shm/probe").write_bytes(bytes(100 << 20))
"""
MAKE = """
import os, sys
os.makedirs(sys.argv[1], exist_ok=True)
for name in ("a", "b"):
    with open(os.path.join(sys.argv[1], name + ".txt"), "w") as file:
        file.write(name * 3)
print("made here")
from azureml.core import Run
Run.get_context().log("made", 2)
"""
TAKE = """
import os, sys
from azureml.core import Dataset, Run
run = Run.get_context()
files = {name: open(os.path.join(sys.argv[1], name)).read() for name in sorted(os.listdir(sys.argv[1]))}
assert files == {"a.txt": "aaa", "b.txt": "bbb"}, files
one = Dataset.get_by_name(run.experiment.workspace, "made_files")
with one.mount() as mounted:
    assert open(os.path.join(mounted.mount_point, "a.txt")).read() == "aaa"
assert run.parent.id == os.environ["AZUREML_ROOT_RUN_ID"]
child = run.child_run("part")
child.log("size", len(files))
child.complete()
run.parent.log("taken", len(files))
run.log("version", one.version)
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[Desk]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


@contextmanager
def a_bucket(desk: Desk, name: str) -> Iterator[Document]:
    """A second bucket with keys of its own, as a datastore in the configuration; gone afterwards."""
    cluster, root, bucket = desk.cluster, root_client(desk.cluster), f"{name}-{desk.prefix[-12:]}"
    root.make_bucket(bucket_name=bucket)
    keys = desk.write("keys.json", json.dumps(root_keys(cluster)))
    keys.chmod(0o600)
    try:
        yield {
            "type": "bucket",
            "bucket": bucket,
            "prefix": "base/",
            "endpoint": cluster.endpoint,
            "cluster_endpoint": cluster.cluster_endpoint,
            "credentials": str(keys),
        }
    finally:
        for entry in root.list_objects(bucket_name=bucket, recursive=True):
            root.remove_object(bucket_name=bucket, object_name=str(entry.object_name))
        root.remove_bucket(bucket_name=bucket)
