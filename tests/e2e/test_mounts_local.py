"""Steps on this machine that read a bucket through a mount, where rclone and FUSE are, and download else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.needs import needs_mounts
from tests.support.projects import Project
from tests.support.small_s3 import CANARY, SmallS3, small_s3

LOOK = """\
import os, sys
from pathlib import Path
from azureml.core import Run
given = Path(sys.argv[1])
mounted = os.path.ismount(os.path.realpath(given))
print("READ", (given / "a.txt").read_text(), (given / "deep/b.txt").read_text(), mounted)
for change in (lambda: (given / "a.txt").write_text("evil"), lambda: (given / "new").touch()) if mounted else ():
    try:
        change()
    except OSError:
        continue
    sys.exit("it can be changed")
print("TABLE", Run.get_context().input_datasets["table"].to_pandas_dataframe().to_dict())
print("ENVIRON", CANARY[::-1] in str(dict(os.environ)))
os.makedirs(sys.argv[2])
"""
DRIVER = """
    lake, one = Datastore.get(ws, "lake"), data("one")
    files = Dataset.File.from_files((lake, "raw")).as_named_input("files").as_mount()
    table = Dataset.Tabular.from_delimited_files((lake, "table.csv")).as_named_input("table")
    submit(PythonScriptStep("look.py", "look", [files, one], "COMPUTE", inputs=[files, table], outputs=[one],
                            source_directory="steps"))
"""


@pytest.fixture
def server() -> SmallS3:
    return SmallS3({"raw/a.txt": b"aa", "raw/deep/b.txt": b"bb", "table.csv": b"x,y\n1,2\n", "other": b"o"})


@pytest.fixture
def project(tmp_path: Path, server: SmallS3) -> Iterator[Project]:
    made = Project(tmp_path / "project of mine", tmp_path / "cache")
    made.write("steps/look.py", LOOK.replace("CANARY", repr(CANARY[::-1])))
    with small_s3(server) as endpoint:
        keys = endpoint.credentials
        private = made.write("../keys.json", json.dumps({"access_key": keys.access_key, "secret_key": keys.secret_key}))
        private.chmod(0o600)
        bucket = f"bucket: {endpoint.bucket}, endpoint: '{endpoint.endpoint}', credentials: ../keys.json"
        made.write(
            "runner.yaml",
            "name: shop\n"
            f"datastores: {{lake: {{type: bucket, {bucket}}}}}\n"
            f"targets: {{laptop: {{type: process, store: {{{bucket}, prefix: own}}}}}}\n",
        )
        yield made


def without_rclone(folder: Path) -> str:
    """A search path with all programs of the system but that one."""
    folder.mkdir()
    for place in (Path("/bin"), Path("/usr/bin")):
        for one in place.iterdir():
            if one.name != "rclone" and not (folder / one.name).is_symlink():
                (folder / one.name).symlink_to(one)
    return str(folder)


@pytest.mark.parametrize(("target", "mounts"), [("local", True), ("laptop", True), ("local", False)])
def test_a_bucket_is_read_where_it_lies(project: Project, target: str, mounts: bool) -> None:
    if mounts:
        needs_mounts()
    if not mounts:
        project.environ["PATH"] = without_rclone(project.folder / "bin")
    project.driver(DRIVER.replace("COMPUTE", target))
    ended = project.run("run", "pipeline.py", "--target", target)
    log = project.run("logs", "latest", "look", "--target", target).stdout
    assert ended.returncode == 0, ended.stdout + ended.stderr + log
    assert f"READ aa bb {mounts}" in log
    assert "TABLE {'x': {0: 1}, 'y': {0: 2}}" in log
    assert "ENVIRON False" in log
    assert ("this machine has no rclone" in ended.stdout) is not mounts
    assert project.folder.parent.name not in Path("/proc/self/mountinfo").read_text()
    assert not list((project.folder / ".runner/work").glob("mounts/*"))
    left = [path for path in (project.folder / ".runner").rglob("*") if path.is_file()]
    assert [path for path in left if CANARY.encode() in path.read_bytes()] == []


CACHED = """
    lake = Datastore.get(ws, "lake")
    files = Dataset.File.from_files((lake, "raw")).as_named_input("files").as_download()
    read = "import os, sys; print(open(os.path.join(sys.argv[1], 'a.txt')).read()); os.makedirs(sys.argv[2])"
    open("steps/read.py", "w").write(read)
    first, second = data("first"), data("second")
    one, two = (PythonScriptStep("read.py", name, [files, out], inputs=[files], outputs=[out], source_directory="steps")
                for name, out in (("one", first), ("two", second)))
    two.run_after(one)
    submit(two)
"""


@pytest.mark.parametrize("target", ["local", "laptop"])
def test_a_file_of_a_bucket_is_fetched_once(project: Project, target: str) -> None:
    text = (project.folder / "runner.yaml").read_text().replace("type: process,", "type: process, input_cache: 1Mi,")
    local = "" if target == "laptop" else "  local: {type: process, input_cache: 1Mi}\n"
    lines = text.replace("targets: {laptop: ", "targets:\n  laptop: ").replace("}}}\n", "}}\n")
    project.write("runner.yaml", lines + local)
    project.driver(CACHED)
    ended = project.run("run", "pipeline.py", "--target", target)
    logs = [project.run("logs", "latest", name, "--target", target).stdout for name in ("one", "two")]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ["from the cache of the node: 2 files" in log for log in logs] == [False, True], logs
    assert len(list((project.cache / "runner/inputs/objects").glob("*/*"))) >= 2
