"""The filter between a local script and its log."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.compute.process_files import AttemptFiles, wrapper
from runner.compute.process_mask import Masking, command, copy
from runner.model.secret import SecretSource

CANARY = "canary-93ab"


def test_a_line_leaves_when_it_is_whole() -> None:
    masking = Masking([b"secret-1"])
    assert masking.add(b"a secr") == b""
    assert masking.add(b"et-1 b\nnext ") == b"a *** b\n"
    assert masking.idle() == b"next "
    assert masking.rest() == b""


@pytest.mark.parametrize("cut", range(len(b"x secret-1 y")))
def test_a_value_cut_in_two_is_masked_also_without_line_ends(cut: int) -> None:
    masking, text = Masking([b"secret-1"]), b"x secret-1 y"
    out = masking.add(text[:cut]) + masking.idle() + masking.add(text[cut:]) + masking.idle() + masking.rest()
    assert out == b"x *** y"


def test_a_line_without_end_does_not_wait_for_ever() -> None:
    assert len(Masking([b"secret-1"]).add(b"x" * (1 << 18))) == 1 << 18


def test_nothing_to_mask_changes_nothing() -> None:
    masking = Masking([])
    assert masking.add(b"a\nb") + masking.idle() == b"a\nb"


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
    text = wrapper(command({"db": SecretSource(env="DB"), "gone": SecretSource(file="/nowhere/x")}, files.ended))
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
