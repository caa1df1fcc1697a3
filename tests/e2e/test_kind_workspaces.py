"""Two workspaces in one bucket: each has its own data, and reads the other's where that is configured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from runner.errors import BadInput
from runner.runs import index
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind

REGISTERS = """
from azureml.core import Dataset
store = ws.get_default_datastore()
with open("t.csv", "w") as file:
    file.write("a\\n" + ws.name + "\\n")
store.upload_files(["t.csv"], target_path="t", overwrite=True, show_progress=False)
assert "raw_dataset" not in ws.datasets, ws.datasets
Dataset.File.from_files((store, "t/t.csv")).register(ws, "raw_dataset")
"""
READS = """
from azureml.core import Datastore
from azureml.data.data_reference import DataReference
theirs = DataReference(Datastore.get(ws, "first"), "theirs", "t")
submit(step("look", "look.py", arguments=["--theirs", theirs], inputs=[theirs]))
"""
LOOK = """
import os, sys
from azureml.core import Datastore, Run, Workspace
ws = Run.get_context().experiment.workspace
assert ws.name == os.environ["AZUREML_ARM_WORKSPACE_NAME"] == "Second one", ws.name
assert open(os.path.join(sys.argv[2], "t.csv")).read() == "a\\nfirst\\n"
own = ws.datasets["raw_dataset"].download("own")
assert open(own[0]).read() == "a\\nSecond one\\n"
uploads = lambda: Datastore.get(ws, "first").upload_files([own[0]], overwrite=True)
for attempt in (uploads, lambda: Workspace.get("first")):
    try:
        attempt()
    except Exception as error:
        print("refused:", error)
    else:
        raise SystemExit("not refused")
"""


def test_two_projects_share_a_bucket_and_nothing_in_it(tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    first, second = _project(desk, "first", {}), _project(desk, "other", {"name": "Second one"})
    shared = {"first": {"type": "workspace", "workspace": "first"}}
    second.write("runner.yaml", yaml.safe_dump({"name": "Second one", "datastores": shared}))
    first.driver(REGISTERS)
    second.driver(REGISTERS + READS, look=LOOK)
    first.run().ok()
    second.run().ok()
    run = second.newest()
    log = second.runner("logs", "--target", "kind").ok().out
    assert log.count("refused:") == 2, log
    assert "read-only" in log
    assert next(iter(index.run_ids(first.store)), "") == ""
    with pytest.raises(BadInput, match="no run"):
        index.find(first.store, run)

    elsewhere = _project(desk, "machine", {"name": "Second one"})
    watched = elsewhere.runner("attach", run, "--target", "kind").ok()
    assert run in watched.text
    desk.delete()


def _project(desk: RunContext, name: str, overrides: dict[str, str]) -> RunContext:
    """A folder of its own, with the desk's configuration of the cluster and its part of the bucket."""
    made = replace(desk, folder=desk.folder / name)
    made.folder.mkdir()
    made.configure()
    if overrides:
        made.write("runner.yaml", yaml.safe_dump(overrides))
    return made
