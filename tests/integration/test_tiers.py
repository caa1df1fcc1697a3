"""A unit test that starts a process or a thread, opens a connection or sleeps fails (tests/unit/conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VIOLATIONS = """
import os, socket, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

def test_process(): subprocess.run([sys.executable, "-c", ""])

def test_shell(): os.system("true")

def test_fork():
    if os.fork() == 0: os._exit(0)

def test_thread(): threading.Thread(target=print).start()

def test_pool(): ThreadPoolExecutor(1).submit(print)

def test_server(): socket.create_server(("127.0.0.1", 0))

def test_connection_though_its_error_is_caught():
    with suppress(Exception):
        socket.create_connection(("127.0.0.1", 9), timeout=1)

def test_values(tmp_path):
    (tmp_path / "a.txt").write_text("a")
"""


def test_a_unit_test_that_breaks_the_promise_of_its_tier_fails(tmp_path: Path) -> None:
    (tmp_path / "test_violations.py").write_text(VIOLATIONS)
    plugins = ["-p", "tests.unit.conftest", "-p", "no:hypothesispytest", "-p", "no:xdist"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", *plugins, "-q", "--tb=short", tmp_path],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "7 failed, 1 passed" in done.stdout.splitlines()[-1], done.stdout
    for what in ("starts a process", "starts a thread", "opens a socket", "asks for a name in the network"):
        assert f"a unit test {what}; move it to tests/integration" in done.stdout
