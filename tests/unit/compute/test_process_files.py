from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.compute import process_files
from runner.compute.process_files import WRAPPER, AttemptFiles, Beginning, oom_kills, wrapper


@pytest.fixture
def files(tmp_path: Path) -> AttemptFiles:
    return AttemptFiles(tmp_path)


def wrapped(files: AttemptFiles, *command: str) -> int:
    return subprocess.run(["/bin/sh", "-c", WRAPPER, str(files.folder), *command], check=False).returncode


@pytest.mark.parametrize(
    ("command", "code"), [(("true",), 0), (("sh", "-c", "exit 7"), 7), (("sh", "-c", "kill -9 $$"), 137)]
)
def test_the_exit_code_is_kept(files: AttemptFiles, command: tuple[str, ...], code: int) -> None:
    assert (files.exit_code, files.pid) == (None, 0)
    assert wrapped(files, *command) == 0
    assert files.exit_code == code
    assert files.pid > 0
    assert not files.alive()


def test_a_script_gets_its_arguments_as_they_are(files: AttemptFiles) -> None:
    odd = ["a b", "$0", "'", '"', "*", "", "\n"]
    out = subprocess.run(
        ["/bin/sh", "-c", WRAPPER, str(files.folder), "printf", "%s|", *odd], check=True, capture_output=True, text=True
    )
    assert out.stdout == "".join(f"{word}|" for word in odd)


@pytest.mark.parametrize("through", [(), ("cat",)])
def test_an_exit_code_that_a_full_disk_does_not_take_is_kept_until_it_does(
    files: AttemptFiles, through: tuple[str, ...]
) -> None:
    taken = files.folder / ("ended" if through else "exit")
    taken.symlink_to("nowhere/at-all")  # as little can be written there as on a full disk
    argv = ["/bin/sh", "-c", wrapper(through), str(files.folder), "sh", "-c", "exit 7"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    assert (files.alive(), files.exit_code) == (True, None)
    taken.unlink()
    assert process.communicate(timeout=30)[1] == b""
    assert files.met_full_disk
    assert files.exit_code == 7


def test_nobody_waits_for_room_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = AttemptFiles(tmp_path / "attempt")
    gone.folder.mkdir()
    assert wrapped(gone, "rm", "-r", str(gone.folder)) != 7


def test_an_attempt_is_claimed_once(files: AttemptFiles) -> None:
    assert wrapped(files, "true") == 0
    (files.folder / "exit").unlink()
    assert wrapped(files, "touch", str(files.folder / "ran")) == 126
    assert not (files.folder / "ran").exists()
    assert files.exit_code is None


def test_what_is_given_up_never_starts(files: AttemptFiles) -> None:
    assert files.give_up()
    assert files.give_up(), "whoever gave it up before may have died before it could say so"
    assert wrapped(files, "touch", str(files.folder / "ran")) == 126
    assert not (files.folder / "ran").exists()
    assert (files.pid, files.alive()) == (0, False)


def test_what_runs_cannot_be_given_up(files: AttemptFiles) -> None:
    wrapped(files, "true")
    assert not files.give_up()


def test_what_is_gone_cannot_start_either(tmp_path: Path) -> None:
    gone = AttemptFiles(tmp_path / "gone")
    assert gone.give_up()
    assert gone.claimed_at > 0
    gone.kill()
    assert not gone.alive()


def test_a_process_that_took_over_the_number_is_not_ours(files: AttemptFiles) -> None:
    files.claim.write_text(f"{os.getpid()}\n")
    assert not files.alive()
    files.kill()


def test_an_unfinished_claim_is_waited_for_only_so_long(files: AttemptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_files, "_LOOKS", 3)
    files.claim.write_text("12")
    assert files.pid == 0
    files.claim.unlink()
    assert files.pid == 0


def test_an_unfinished_exit_code_is_none_yet(files: AttemptFiles) -> None:
    (files.folder / "exit").write_text("1")
    assert files.exit_code is None
    (files.folder / "exit").write_text("12\n")
    assert not files.met_full_disk
    assert files.exit_code == 12


def test_when_it_began_is_known_later(files: AttemptFiles) -> None:
    files.begin(Beginning(12.5, 3))
    assert files.beginning == Beginning(12.5, 3)


@pytest.mark.parametrize("text", [None, "", "12.5 "])
def test_an_unfinished_beginning_is_none(files: AttemptFiles, text: str | None) -> None:
    if text is not None:
        (files.folder / "begun").write_text(text)
    assert files.beginning is None


def test_kills_of_the_machine_are_counted() -> None:
    assert oom_kills() >= 0
