"""Runs that somebody else drives: looking on, leaving them alone, and what cannot be detached."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from runner.cli.commands import attach
from runner.cli.exits import BAD_INPUT, DONE, FAILED, INTERRUPTED
from runner.cli.main import main
from runner.cli.watching import print_still_running
from runner.model import events as e
from runner.model.status import RunStatus
from runner.runs import journal
from runner.storage.directory import DirectoryStore
from runner.wiring import open_session
from tests.support import sample_run as sample

PIPELINE = "steps: {a: {script: a.py}}\n"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    """A workspace with the sample run in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = DirectoryStore(tmp_path / ".runner", durable=False)
    for key, data in sample.stored().objects.items():
        made.put(key, data)
    return made


def goes_on(store: DirectoryStore, host: str = "pod ml/controller-x-abcde") -> None:
    """Take the run's end away again, and let a controller have it."""
    last = len(sample.entries())
    store.delete(journal.entry_key(sample.RUN, last))
    entry = [e.ControllerStarted("c9", host, 1)]
    journal.Writer(store, sample.RUN, "c9", last - 1).append(entry, store.now())


def test_an_ended_run_is_told_and_the_exit_code_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["attach"])
    succeeded = sample.view().state.status is RunStatus.SUCCEEDED
    assert code == (DONE if succeeded else FAILED)
    assert sample.RUN in capsys.readouterr().out


def test_the_document_goes_to_the_output_and_the_view_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    main(["attach", "--json"])
    assert capsys.readouterr().out.startswith("{")


def test_an_unknown_run_is_bad_input() -> None:
    assert main(["attach", "nosuch"]) == BAD_INPUT


def test_ctrl_c_leaves_the_run_alone(
    store: DirectoryStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on(store)
    before = sorted(info.key for info in store.list(""))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(attach, "follow", interrupt)
    assert main(["attach"]) == INTERRUPTED
    told = capsys.readouterr().err
    assert "goes on, driven by pod ml/controller-x-abcde" in told
    assert "runner attach" in told
    assert sorted(info.key for info in store.list("")) == before


def test_of_a_run_that_nobody_has_taken_nothing_else_is_said(
    tmp_path: Path, store: DirectoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2, len(sample.entries()) + 1):
        store.delete(journal.entry_key(sample.RUN, number))
    print_still_running(open_session(tmp_path), [sample.RUN])
    told = capsys.readouterr().err
    assert "waits for a controller" in told
    assert "if none comes: runner resume" in told


def test_what_would_run_here_cannot_be_detached(
    tmp_path: Path, store: DirectoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.yaml").write_text(PIPELINE)
    (tmp_path / "a.py").write_text("")
    before = sorted(info.key for info in store.list("runs/"))
    assert main(["run", "p.yaml", "--detach"]) == BAD_INPUT
    told = capsys.readouterr().err
    for words in ("--detach needs a cluster", "where:", "do:", "--target NAME"):
        assert words in told
    assert sorted(info.key for info in store.list("runs/")) == before


def test_a_run_of_this_machine_cannot_be_handed_over(store: DirectoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    goes_on(store, "laptop")
    assert main(["resume", "--detach"]) == BAD_INPUT
    assert "--detach needs a cluster" in capsys.readouterr().err


def test_handing_over_what_a_pod_drives_already_says_so(
    store: DirectoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    goes_on(store)
    assert main(["resume", "--detach"]) == DONE
    assert "goes on, driven by pod ml/controller-x-abcde" in capsys.readouterr().out


def test_both_commands_take_the_word() -> None:
    from runner.cli.arguments import parse

    assert parse(["run", "p.py", "--detach"]).detach is True
    assert parse(["resume", "--detach"]).detach is True
    assert parse(["run", "p.py"]).detach is False


def test_watching_the_status_ends_when_nobody_drives_the_run(
    store: DirectoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    goes_on(store, socket.gethostname())  # no such process is there
    assert main(["status", "--watch", "-n", "0.1"]) == DONE
    told = capsys.readouterr()
    assert "train" in told.out
    assert "it does not go on: " in told.err


def test_ctrl_c_ends_the_watching_alone(
    store: DirectoryStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    goes_on(store)
    monkeypatch.setattr("runner.cli.watching.follow", interrupted)
    assert main(["status", "--watch"]) == INTERRUPTED
    assert capsys.readouterr().out == ""
