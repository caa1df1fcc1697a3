"""Values of configured secrets are in no object, log, manifest or message of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.compute.kubernetes import render
from runner.compute.kubernetes.conventions import stores_key
from runner.compute.kubernetes.json_fields import value_at
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.access import Access
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.step.bootstrap import _secrets
from tests.support.leaking import IN_THE_STORE, LEAKING

CANARY = "canary-1c94e7"
SECRETS = "secrets:\n  db: {file: secret}\n  api: {env: MY_API}\n"
DRIVER = """
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
assert ws.get_default_keyvault().get_secret("db").startswith("canary")
steps = [PythonScriptStep("step.py", name=name, source_directory="steps", arguments=[name]) for name in ("ok", "bad")]
Experiment(ws, "e").submit(Pipeline(ws, steps))
"""
STEP = """
import sys
from azureml.core import Run

value = Run.get_context().get_secret("db")
other = Run.get_context().get_secret("api")
print("read", value, other, flush=True)
assert value.startswith("canary") and len(other) == 15
if "bad" in sys.argv:
    sys.exit("dying with " + value)
"""

UNDECLARED = """
import os
from azureml.core import Run

run = Run.get_context()
listed = run.experiment.workspace.get_default_keyvault().list_secrets()
print("db", run.get_secret("db"), "variable", "MY_API" in os.environ, "listed", listed)
run.get_secret("api")
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    (work / "steps").mkdir(parents=True)
    (work / "steps" / "step.py").write_text(STEP)
    (work / "driver.py").write_text(DRIVER)
    (work / "secret").write_text(f"{CANARY}-1\n")
    (work / "secret").chmod(0o600)
    (work / "runner.yaml").write_text(f"{SECRETS}access: {{secrets: [db, api]}}\n")
    return work


def runner(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_CACHE_HOME": str(work.parent / "cache"), "RUNNER_CONFIG": "/nowhere/none.yaml"}
    environ |= {"PYTHONPATH": str(Path(__file__).parents[3]), "MY_API": f"{CANARY}-2"}
    argv = [sys.executable, "-m", "runner", *arguments]
    return subprocess.run(argv, cwd=work, env=environ, capture_output=True, text=True, check=False)


def test_a_secret_is_read_by_steps_and_left_nowhere(work: Path) -> None:
    done = runner(work, "run", "driver.py", "--logs")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "read *** ***" in done.stdout
    assert "dying with ***" in done.stdout
    assert CANARY not in done.stdout + done.stderr
    left = [path for path in work.parent.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert left == [work / "secret"]


def test_a_secret_that_a_step_writes_everywhere_is_in_no_file_of_the_workspace(work: Path) -> None:
    secret = f'{CANARY}-"\\\u00e9'
    (work / "secret").write_text(f"{secret}\n", encoding="utf-8")
    dying = "if 'bad' in sys.argv:\n    raise RuntimeError(value)\n"
    (work / "steps" / "step.py").write_text(LEAKING + IN_THE_STORE + dying)
    done = runner(work, "run", "driver.py", "--logs", "--continue-on-failure")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "RuntimeError: ***" in done.stdout
    assert "refused: " in done.stdout
    shown = [runner(work, *overrides).stdout for overrides in (("status", "--json"), ("show", "ok"), ("show", "bad"))]
    files = [path for path in work.parent.rglob("*") if path.is_file() and path != work / "secret"]
    found = [path for path in files if CANARY.encode() in path.read_bytes() or CANARY in str(path)]
    assert found == []
    assert CANARY not in done.stdout + done.stderr + "".join(shown)
    (good,) = (step for step in json.loads(shown[0])["steps"] if step["name"] == "ok")
    assert {"***", "row", "list", "table", "matrix"} == {metric["name"] for metric in good["metrics"]}
    logs = [path for path in files if path.parent.name == "***" and path.name == "x.txt"]
    assert len(logs) == 2
    assert all(path.read_bytes().startswith(b"x" * 1000) and b"x***" in path.read_bytes() for path in logs)


def test_a_file_that_others_can_read_stops_the_run(work: Path) -> None:
    (work / "secret").chmod(0o644)
    done = runner(work, "validate", "driver.py")
    assert done.returncode != 0
    assert "chmod 600" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_a_step_gets_the_secrets_that_it_declares_and_is_told_how_to_declare_others(work: Path) -> None:
    (work / "runner.yaml").write_text(SECRETS)
    (work / "steps" / "step.py").write_text(UNDECLARED)
    done = runner(work, "run", "driver.py", "--logs", "--secrets", "db", "--continue-on-failure")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "db *** variable False listed ['db']" in done.stdout
    assert "this step does not declare the secret 'api'" in done.stdout
    assert "runner.configure(step, secrets=['api'])" in done.stdout
    assert CANARY not in done.stdout + done.stderr


def test_a_declared_secret_without_a_value_stops_the_run_before_it_starts(work: Path) -> None:
    (work / "runner.yaml").write_text(f"{SECRETS}  none: {{env: NOT_SET}}\naccess: {{secrets: [none, other]}}\n")
    done = runner(work, "run", "driver.py")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "secret 'none' has no value: the environment variable NOT_SET is not set" in done.stderr
    assert "there is no secret 'other'" in done.stderr


def test_a_pod_masks_them_and_its_objects_name_none() -> None:
    stores = StepStores(
        BucketEndpoint(bucket="b", endpoint="http://x", credentials=Credentials("", "k3y")),
        secrets={"db": CANARY, "short": "abc"},
    )
    assert _secrets(stores) == (b"k3y", CANARY.encode())
    settings = ClusterSettings(store_id="store", namespace="runner")
    secret = render.run_secret("r", {Access(): "{}"}, settings, owner="u")
    assert value_at(secret, "data") == {stores_key(Access()): "e30="}
