from __future__ import annotations

import os
import subprocess
import sys

from runner.operations.controller_health import process_exists


def test_processes_are_told_apart_by_their_command_line() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", "the-mark"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert process_exists(process.pid, "the-mark")
        assert not process_exists(process.pid, "another-mark")
        process.kill()
        process.wait()
        assert not process_exists(process.pid, "the-mark")
    assert not process_exists(2**22 + 1, str(os.getpid()))
