"""Without the extra `web` the server has no pages, and everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
CODE = """
import sys
sys.modules["jinja2"] = sys.modules["markupsafe"] = None
import runner.server.process
from runner.server.app import all_operations
from runner.server.metrics import Metrics
print(sorted({one.page for one in all_operations(Metrics())}))
"""


def test_the_server_needs_no_jinja() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[False]\n", "")
