"""Steps on this machine whose workspace lies in a bucket: nothing but the keys differs from a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.small_s3 import CANARY, SmallS3, small_s3

LOOK = """\
import os
import sys
from pathlib import Path
from azureml.core import Run

run = Run.get_context()
run.log("seen", 1)
here = Path(os.environ["RUNNER_STEP"])
keys = here.parent / "stores.json"
secret, canary = sys.argv[1], sys.argv[2][::-1]
text = Path(sys.argv[3], "out.txt").read_text() + Path(sys.argv[4], "out.txt").read_text()
told = [run.get_secret("token") == secret, canary in str(dict(os.environ)), oct(keys.stat().st_mode & 0o777)]
told += [canary in path.read_text() for path in here.rglob("*.json")]
shared = run.experiment.workspace.datastores["shared"]
print("TOLD", *told, text, shared.datastore_type, flush=True)
print("LEAK", canary, secret)
os.makedirs(sys.argv[5])
Path(sys.argv[5], "out.txt").write_text(text)
"""
DRIVER = """
    import runner
    one, two = data("one"), data("two")
    shared = Datastore.get(ws, "shared")
    names = Dataset.File.from_files((shared, "in")).as_named_input("names").as_mount()
    look = PythonScriptStep("look.py", "look", [SECRET, CANARY, one, names, two], "laptop", inputs=[one, names],
                            outputs=[two], source_directory="steps")
    runner.configure(look, secrets=["token"])
    run = submit(look, step("first", outputs=[one], compute="laptop"))
    run.wait_for_completion(show_output=False)
    print("METRICS", run.find_step_run("look")[0].get_metrics())
"""
SECRET = "token-0123456789"


@pytest.fixture
def server() -> SmallS3:
    return SmallS3()


@pytest.fixture
def project(tmp_path: Path, server: SmallS3) -> Iterator[Project]:
    made = Project(tmp_path / "project", tmp_path / "cache", environ={"TOKEN": SECRET})
    made.write("../shared/in/out.txt", "ab")
    made.write("steps/look.py", LOOK)
    with small_s3(server) as endpoint:
        keys = endpoint.credentials
        private = made.write("../keys.json", json.dumps({"access_key": keys.access_key, "secret_key": keys.secret_key}))
        private.chmod(0o600)
        store = f"{{bucket: {endpoint.bucket}, endpoint: '{endpoint.endpoint}', credentials: ../keys.json}}"
        made.write(
            "runner.yaml",
            f"name: shop\ntarget: laptop\nsecrets: {{token: {{env: TOKEN}}}}\n"
            f"targets:\n  laptop: {{type: process, store: {store}}}\n"
            "datastores: {shared: {type: folder, path: ../shared}}\n",
        )
        yield made


def test_a_run_is_in_the_bucket_and_its_keys_are_nowhere_else(project: Project, server: SmallS3) -> None:
    project.driver(DRIVER.replace("SECRET", repr(SECRET)).replace("CANARY", repr(CANARY[::-1])))
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    log = project.run("logs", "latest", "look").stdout
    (told,) = (line for line in log.splitlines() if "TOLD" in line)
    assert told.split() == ["TOLD", "True", "False", "0o600", "False", "xab", "AzureBlob"]
    assert "LEAK *** ***" in log
    assert "METRICS {'seen': 1" in ended.stdout
    assert [data for key, data in server.objects.items() if key.endswith("/two/out.txt")] == [b"xab"]
    assert [key for key, data in server.objects.items() if CANARY.encode() in data] == []
    left = [path for path in (project.folder / ".runner").rglob("*") if path.is_file()]
    assert [path for path in left if CANARY.encode() in path.read_bytes()] == []
    assert "reused" in project.run("run", "pipeline.py").stdout
