"""What happens to tests that this machine cannot run (tests/conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BARE = ["-p", "no:hypothesispytest", "-p", "no:xdist"]
NEEDY = """
import pytest

@pytest.mark.docker
def test_with_docker(): pass

@pytest.mark.kind(own_cluster=True)
def test_with_kind(): pass

def test_with_nothing(): pass
"""


def run_pytest(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs NEEDY on a machine without Docker and without kind."""
    (folder / "test_needy.py").write_text(NEEDY)
    nothing = {"DOCKER_HOST": f"unix://{folder}/no.sock", "PATH": "/nowhere", "RUNNER_REQUIRE_ALL": ""}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-p", "tests.conftest", *_BARE, folder],
        cwd=ROOT,
        env={**os.environ, **nothing, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_missing_needs_skip_and_are_listed_with_their_reasons(tmp_path: Path) -> None:
    done = run_pytest(tmp_path)
    assert done.returncode == 0
    assert "could not run: 1 test, because no Docker daemon answers" in done.stdout
    assert "could not run: 1 test, because the program 'kind' is not on the PATH" in done.stdout
    assert "RUNNER_REQUIRE_ALL=1" in done.stdout
    assert "1 passed, 2 skipped" in done.stdout.splitlines()[-1]


def test_missing_needs_fail_where_everything_is_required(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, RUNNER_REQUIRE_ALL="1")
    assert done.returncode == 1
    assert "ERROR at setup of test_with_docker" in done.stdout
    assert "ERROR at setup of test_with_kind" in done.stdout
