"""Two clean clones of a project, of users with different home folders, share one registry and one store."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from runner.images.docker import DockerBuilder
from tests.support.minio_server import minio_server
from tests.support.registry import serving

DRIVER = """
from azureml.core import Environment, Workspace
environment = Environment("training")
environment.docker.base_dockerfile = "FROM python:3.11-slim\\nLABEL test={mark}"
environment.docker.base_image = None
environment.python.conda_dependencies.add_pip_package("six==1.16.0")
print(environment.build(Workspace.from_config()).status)
"""
CONFIG = """
name: penguins
target: team
targets:
  team:
    type: kubernetes
    registry: {registry}/team
    store: {{bucket: lake, endpoint: "{endpoint}", credentials: key.json}}
"""


@pytest.mark.docker
def test_the_second_clone_builds_nothing(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    with minio_server("lake") as bucket, serving() as registry:
        outputs = []
        for clone in ("ada", "bob"):
            folder = tmp_path / clone / "project"
            folder.mkdir(parents=True)
            (folder / "runner.yaml").write_text(CONFIG.format(registry=registry, endpoint=bucket.endpoint))
            key = folder / "key.json"
            key.write_text(
                f'{{"access_key": "{bucket.credentials.access_key}", "secret_key": "{bucket.credentials.secret_key}"}}'
            )
            key.chmod(0o600)
            (folder / "driver.py").write_text(DRIVER.format(mark=mark))
            outputs.append(_run(folder, home=folder.parent))
        try:
            assert "building image" in outputs[0]
            assert "pushing image" in outputs[0]
            assert outputs[1].strip() == "Succeeded"
        finally:
            _remove(mark)


def _run(folder: Path, home: Path) -> str:
    variables = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-m", "runner", "run", "driver.py"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _remove(mark: str) -> None:
    client = DockerBuilder().engine.client
    for image in client.images.list(filters={"label": f"test={mark}"}):
        client.images.remove(image.id or "", force=True)
