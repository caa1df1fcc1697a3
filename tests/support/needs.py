"""What a test needs of the machine and finds out itself. Markers say the rest: see tests/conftest.py."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

from runner.compute.process import local_mounts, view


def cannot_run(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything is required."""
    if os.environ.get("RUNNER_REQUIRE_ALL") == "1":
        pytest.fail(f"cannot run here: {reason}", pytrace=False)
    pytest.skip(f"cannot run here: {reason}")


def needs_mounts() -> None:
    """Go on only where rclone and FUSE are."""
    if missing := local_mounts.missing():
        cannot_run(f"there is no {missing}")


def needs_namespaces() -> None:
    """Go on only where a process may make a user namespace."""
    if not view.possible():
        cannot_run("no process may make a user namespace")


def chromium() -> str:
    """Return the path of Chromium; go on only where it is."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    if not program:
        cannot_run("there is no Chromium")
    return program
