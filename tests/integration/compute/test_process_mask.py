"""The filter between a local script and its log."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from runner.compute.process.files import STATE, AttemptFiles, wrapper
from runner.compute.process.mask import command, copy
from runner.data.masking import Masking
from runner.model.secret import SecretSource

CANARY = "canary-93ab"


def test_copying_ends_with_the_script_though_another_holds_the_pipe() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"half a secr")
    out: list[bytes] = []
    copy(Masking([b"secret-1"]), out.append, lambda: True, reading)
    assert b"".join(out) == b"half a secr"
    os.close(writing)
    os.close(reading)


def test_copying_ends_with_the_script_though_another_goes_on_writing() -> None:
    reading, writing = os.pipe()
    block = b"x" * 4095 + b"\n"
    os.write(writing, block)
    blocks: list[bytes] = []

    def write_and_get_more(data: bytes) -> None:
        blocks.append(data)
        assert len(blocks) < 10_000
        os.write(writing, block)

    copy(Masking([]), write_and_get_more, lambda: bool(blocks), reading)
    os.close(writing)
    os.close(reading)


def run(files: AttemptFiles, script: str) -> subprocess.CompletedProcess[bytes]:
    files.folder.mkdir()
    text = wrapper(
        command({"db": SecretSource(env="DB"), "gone": SecretSource(file="/nowhere/x")}, files.folder / STATE)
    )
    assert CANARY not in text
    argv = ["/bin/sh", "-c", text, str(files.folder), "/bin/sh", "-c", script]
    environ = {**os.environ, "DB": CANARY}
    return subprocess.run(argv, env=environ, capture_output=True, check=False, timeout=30)


def test_the_whole(tmp_path: Path) -> None:
    files = AttemptFiles(tmp_path / "it's one")
    done = run(files, 'echo "read $DB"; echo "error $DB" >&2; printf "end $DB"; exit 7')
    assert done.stdout == b"read ***\nerror ***\nend ***"
    assert files.exit_code == 7


def test_a_daemon_does_not_keep_a_step_from_ending(tmp_path: Path) -> None:
    files = AttemptFiles(tmp_path / "a")
    done = run(files, "sleep 20 & echo $DB")
    assert done.stdout == b"***\n"
    assert files.exit_code == 0
