"""Mounted inputs of whole runs on kind: what a script sees, and what happens when it is not what was pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.data import Mode
from runner.model.record import Failure
from runner.model.task import Task, TaskId
from runner.runs import records
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind

MAKE = """
import os, sys
os.makedirs(os.path.join(sys.argv[1], "deep", "er"))
open(os.path.join(sys.argv[1], "deep", "er", "made.txt"), "w").write("made")
os.mkdir(os.path.join(sys.argv[1], "empty"))
"""
READ = """
import errno, os, sys
from azureml.core import Run
whole, part, lone, made, small, rows = sys.argv[1:]
mounts = "/run/runner/mounts/"


def texts(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            found[os.path.relpath(path, folder)] = open(path).read()
    return found


assert texts(whole) == {"a.txt": "a", "deep/b.txt": "b", "deep/c.csv": "c"}, texts(whole)
assert os.path.islink(whole) and os.path.realpath(whole).startswith(mounts), os.path.realpath(whole)
assert texts(part) == {"deep/b.txt": "b", "a.txt": "a"}, texts(part)
assert not os.path.islink(part) and os.path.realpath(os.path.join(part, "a.txt")).startswith(mounts)
assert open(lone).read() == "c" and lone.endswith("/c.csv") and os.path.islink(lone)
assert texts(made) == {"deep/er/made.txt": "made"} and os.listdir(os.path.join(made, "empty")) == []
assert texts(small) == {"a.txt": "a", "deep/b.txt": "b", "deep/c.csv": "c"}
assert not os.path.realpath(small).startswith(mounts)
for path in (os.path.join(whole, "new.txt"), os.path.join(whole, "a.txt"), lone):
    try:
        open(path, "w")
    except OSError as error:
        assert error.errno in (errno.EROFS, errno.EACCES, errno.EPERM), error
    else:
        raise AssertionError("a mount was written to")
table = Run.get_context().input_datasets["rows"]
assert table.id == rows, (table.id, rows)
with table.files().at_hand() as files:
    assert [(file.name, open(str(file.path)).read()) for file in files] == [("/c.csv", "c")]
try:
    os.remove(os.path.join(whole, "a.txt"))
except OSError:
    print("all as it should be")
"""
DRIVER = """
from azureml.core import Dataset
store = ws.get_default_datastore()
made = PipelineData("made")
whole, part, lone, small = (
    Dataset.File.from_files((store, path), validate=False)
    for path in ("raw", "raw/**/*.txt", "raw/deep/c.csv", "raw")
)
given = [
    whole.as_named_input("whole").as_mount(),
    part.as_named_input("part").as_mount(),
    lone.as_named_input("lone").as_mount(),
    made.as_mount(),
    small.as_named_input("small").as_download(),
    Dataset.Tabular.from_delimited_files((store, "raw/deep/*.csv"), validate=False).as_named_input("rows"),
]
submit(
    step("make", "make.py", arguments=[made], outputs=[made]),
    step("read", "read.py", arguments=given, inputs=given),
)
"""


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path: Path) -> RunContext:
    made = a_desk(tmp_path / "desk", kind_cluster)
    for path, text in (("a.txt", "a"), ("deep/b.txt", "b"), ("deep/c.csv", "c")):
        made.store.put(f"raw/{path}", text.encode())
    return made


def _task(desk: RunContext, run: str, name: str) -> Task:
    (key,) = [step.key for step in desk.view(run).plan.steps if step.name == name]
    return records.assignment(desk.store, TaskId(run, key, 1).assignment)


def test_a_script_reads_mounts_as_the_folders_and_files_that_v1_shows(desk: RunContext) -> None:
    desk.driver(DRIVER, make=MAKE, read=READ)
    done = desk.run().ok()
    assert "instead of mounting" not in done.err
    modes = {one.name: one.delivery.mode for one in _task(desk, desk.newest(), "read").inputs if one.delivery}
    mounts = dict.fromkeys(("whole", "part", "lone", "made"), Mode.MOUNT)
    assert modes == {**mounts, "small": Mode.DOWNLOAD, "rows": Mode.DIRECT}


LOSE = """
import os, sys
raise OSError(5, os.strerror(5), sys.argv[1])
"""
AGAIN = """
from azureml.core import Dataset
raw = Dataset.File.from_files((ws.get_default_datastore(), "raw"), validate=False).as_named_input("raw").as_mount()
submit(step("lose", "lose.py", arguments=[raw], inputs=[raw]))
"""


@pytest.mark.all_data
def test_a_script_that_meets_an_input_output_error_of_a_mount_is_tried_again(desk: RunContext) -> None:
    desk.driver(AGAIN, lose=LOSE)
    done = desk.runner("run", "driver.py", "--target", "kind", "--infrastructure-retries", "1", seconds=120)
    assert done.code == 1, done.text
    (step,) = desk.view(desk.newest()).state.steps.values()
    assert (step.failure, step.attempt) == (Failure.STORE, 2), done.text
    assert "a mounted input could not be read (Input/output error)" in step.reason
