"""Workspace, compute targets, environments, models: what surrounds a pipeline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_importing_the_api_imports_nothing_of_it() -> None:
    code = "import sys, runner.sdk; print([m for m in sys.modules if m.startswith('runner.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['runner.sdk']"
