from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.compute.process.files import GIVEN_UP, STATE, WRAPPER, AttemptFiles, Beginning, oom_kills, wrapper


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
    state, moved = files.folder / STATE, files.folder / "moved"
    # As little can be written to the link as to a full disk.
    script = f"mv {state} {moved}; ln -s nowhere/at-all {state}; touch {files.folder}/full; exit 7"
    argv = ["/bin/sh", "-c", wrapper(through), str(files.folder), "sh", "-c", script]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert (files.folder / "full").exists()
    assert files.exit_code is None
    moved.replace(state)
    assert process.communicate(timeout=30)[1] == b""
    assert files.met_full_disk
    assert files.exit_code == 7


def test_nobody_waits_for_room_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = AttemptFiles(tmp_path / "attempt")
    gone.folder.mkdir()
    assert wrapped(gone, "rm", "-r", str(gone.folder)) != 7


def test_what_is_given_up_never_starts(files: AttemptFiles) -> None:
    assert files.give_up()
    assert files.give_up(), "whoever gave it up before may have died before it could say so"
    assert wrapped(files, "touch", str(files.folder / "ran")) == 126
    assert not (files.folder / "ran").exists()
    assert not files.alive()


def test_what_runs_cannot_be_given_up(files: AttemptFiles) -> None:
    wrapped(files, "true")
    assert not files.give_up()


def test_what_is_gone_cannot_start_either(tmp_path: Path) -> None:
    gone = AttemptFiles(tmp_path / "gone")
    assert gone.give_up()
    gone.kill()
    assert not gone.alive()


def test_a_process_that_took_over_the_number_is_not_ours(files: AttemptFiles) -> None:
    (files.folder / STATE).write_text(f"pid {os.getpid()}\n")
    assert not files.alive()
    files.kill()


def test_a_wrapper_that_has_added_its_id_looks_if_it_was_given_up(files: AttemptFiles) -> None:
    """Whichever of the two comes first, no script runs that a controller has given up for unstarted."""
    (files.folder / GIVEN_UP).touch()
    assert wrapped(files, "touch", str(files.folder / "ran")) == 126
    assert files.pid > 0
    assert not files.give_up(), "the controller sees a process, whose end it finds lost"
    assert files.exit_code is None
    assert not (files.folder / "ran").exists()


def test_an_unfinished_line_is_none_yet(files: AttemptFiles) -> None:
    state = files.folder / STATE
    state.write_text("pid 12")
    assert files.pid == 0
    state.write_text("pid 12\nexit 1")
    assert (files.pid, files.exit_code) == (12, None)
    state.write_text("pid 12\nexit 1\n")
    assert (files.exit_code, files.met_full_disk) == (1, False)


def test_the_exit_code_counts_when_the_filter_has_written_all(files: AttemptFiles) -> None:
    state = files.folder / STATE
    codes: list[int | None] = []
    for lines in ("ended 3 full\n", "ended 3 full\nshown\n"):
        state.write_text(f"pid 12\n{lines}")
        codes.append(files.exit_code)
    assert codes == [None, 3]
    assert files.met_full_disk


def test_a_folder_is_made_once_with_its_task_in_it(tmp_path: Path) -> None:
    files = AttemptFiles(tmp_path / "run" / "step.1")
    files.make("abc")
    assert files.task == "abc"
    with pytest.raises(FileExistsError):
        files.make("another")
    assert files.task == "abc"
    assert [path.name for path in files.folder.parent.iterdir()] == ["step.1"]


def test_of_two_controllers_that_make_a_folder_at_the_same_time_one_wins(tmp_path: Path) -> None:
    files = AttemptFiles(tmp_path / "run" / "step.1")

    def meanwhile(_draft: Path) -> bool:
        files.make("first")
        return False

    with pytest.raises(FileExistsError):
        AttemptFiles(files.folder).make("second", meanwhile)
    assert files.task == "first"
    assert [path.name for path in files.folder.parent.iterdir()] == ["step.1"]


def test_when_it_began_is_known_later(files: AttemptFiles) -> None:
    files.begin(Beginning(12.5, 3, 99.5))
    assert files.beginning == Beginning(12.5, 3, 99.5)


@pytest.mark.parametrize("text", [None, "", "begun 12.5 "])
def test_an_unfinished_beginning_is_none(files: AttemptFiles, text: str | None) -> None:
    if text is not None:
        (files.folder / STATE).write_text(text)
    assert files.beginning is None


def test_kills_of_the_machine_are_counted() -> None:
    assert oom_kills() >= 0
