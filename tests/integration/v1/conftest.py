"""Fixtures for tests that use the names that v1 users import: `azureml.*` is runner's own here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.azureml import install
from runner.model.digest import digest_of
from tests.support.fake_session import FakeSession
from tests.support.projects import Project
from tests.support.v1_drivers import ASKING

install()

if TYPE_CHECKING:
    Answers = dict[str, Any]


@pytest.fixture
def ws(session: FakeSession) -> Any:
    from azureml.core import Workspace

    return Workspace.from_config()


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Answers]:
    """Run a driver on this machine as its user does; what it and its scripts answered. Once for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def run(*parts: str, **scripts: str) -> Answers:
        driver = "".join([ASKING, *parts])
        folder = shared / f"told-{digest_of([driver, scripts])[:16]}"
        result = folder / "result.json"
        try:
            folder.mkdir()
        except FileExistsError:
            _wait_for(result)
        else:
            result.with_suffix(".part").write_text(json.dumps(_tell(Project(folder, own / "cache"), driver, scripts)))
            result.with_suffix(".part").rename(result)
        found: Answers = json.loads(result.read_text())
        assert "answers" in found, found["said"]
        return {**found["answers"], "folder": str(folder), "said": found["said"]}

    return run


def _tell(project: Project, driver: str, scripts: dict[str, str]) -> Answers:
    for name, text in scripts.items():
        project.write(f"steps/{name}.py", text)
    project.write("driver.py", driver)
    ended = project.run("run", "driver.py")
    said = {"said": ended.stdout + ended.stderr}
    answers = project.folder / "answers.json"
    return {**said, "answers": json.loads(answers.read_text())} if answers.exists() else said


def _wait_for(path: Path) -> None:
    limit = time.monotonic() + 120
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.05)
