from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from runner.processes import table

RLIMIT_LOCKS = 10
WAIT = "import sys; print('here', flush=True); sys.stdin.read()"


def waiting(**options: object) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", WAIT]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)  # type: ignore[call-overload]
    assert process.stdout.readline() == b"here\n"
    return process  # type: ignore[no-any-return]


def test_a_process_is_described() -> None:
    process = waiting(start_new_session=True, env={**os.environ, "A": "1"})
    found = table.of(process.pid)
    assert found is not None
    assert (found.parent, found.group, found.ended) == (os.getpid(), process.pid, False)
    assert found in set(table.every()) or process.pid in {one.pid for one in table.every()}
    assert process.pid in table.children()
    assert b"A=1" in table.environment(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    zombie = table.of(process.pid)
    assert zombie is not None
    assert zombie.ended
    assert process.pid in table.children()
    process.wait()
    assert table.of(process.pid) is None
    assert process.pid not in table.children()


def test_a_name_may_hold_parentheses(tmp_path: Path) -> None:
    odd = tmp_path / "a) S 1 (b"
    odd.symlink_to("/bin/sleep")
    process = subprocess.Popen([odd, "60"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    found = table.of(process.pid)
    process.kill()
    process.wait()
    assert found is not None
    assert found.parent == os.getpid()


def test_a_mark_is_inherited_whatever_happens_to_the_environment() -> None:
    before = resource.getrlimit(RLIMIT_LOCKS)
    resource.setrlimit(RLIMIT_LOCKS, (123456789, before[1]))
    try:
        process = waiting(env={}, start_new_session=True)
    finally:
        resource.setrlimit(RLIMIT_LOCKS, before)
    assert table.locks_limit(process.pid) == "123456789"
    process.kill()
    process.wait()
    assert table.locks_limit(process.pid) == ""


def test_a_kernel_that_lists_no_children_is_asked_for_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    process = waiting()
    assert process.pid in table.children()
    process.kill()
    process.wait()
