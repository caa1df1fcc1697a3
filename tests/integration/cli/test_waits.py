"""What a controller of this machine waits for and cannot write down: its disk may be the one that is full."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from runner.cli import reports, watching
from runner.cli.main import main
from runner.cli.watching import Viewer, follow, tell
from runner.errors import StoreUnreachable
from runner.model import events as e
from runner.operations import store_retries as patience
from runner.operations.follow import Follower
from runner.runs import head, journal
from runner.storage.directory import DirectoryStore
from runner.wiring import OpenWorkspace, open_session
from runner.wiring.controllers import log_folder
from tests.support import sample_run as sample

WAITS = "cannot write the journal: No space left on device: make room on that disk"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    """A workspace with the sample run in it, driven by this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(OpenWorkspace, "why_stopped", lambda *_: "")
    made = DirectoryStore(tmp_path / ".runner", durable=False)
    for key, data in sample.stored().objects.items():
        made.put(key, data)
    last = len(sample.entries())
    made.delete(journal.entry_key(sample.RUN, last))
    begun = [e.ControllerStarted("c9", socket.gethostname(), os.getpid())]
    journal.Writer(made, sample.RUN, "c9", last - 1).append(begun, made.now())
    return made


def said(line: str, store: DirectoryStore, *, later: float) -> None:
    """The controller has written this to its log, so many seconds after it was last seen to be well."""
    log_folder().mkdir(parents=True, exist_ok=True)
    log = log_folder() / f"{sample.RUN}.log"
    log.write_text(f"before\n{line}\n", encoding="utf-8")
    well = store.now()
    head.write(store, open_session(Path.cwd()).view(sample.RUN).state, well)
    moment = (well + timedelta(seconds=later)).timestamp()
    os.utime(log, (moment, moment))


def test_status_tells_what_a_run_waits_for(store: DirectoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    said(f"waiting: {WAITS}", store, later=10)
    main(["status"])
    assert f"it waits: {WAITS}\n" in capsys.readouterr().err


@pytest.mark.parametrize(("line", "later"), [(f"waiting: {WAITS}", -10), ("installing numpy", 10)])
def test_what_has_passed_is_not_told(
    line: str, later: float, store: DirectoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    said(line, store, later=later)
    main(["status"])
    assert "it waits" not in capsys.readouterr().err


def test_whoever_looks_on_is_told_once(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.cli.watching._LOOK", 0.01)
    said(f"waiting: {WAITS}", store, later=10)
    out = StringIO()
    follow(Viewer(session=open_session(Path.cwd()), stream=out), sample.RUN, 0.2)
    assert out.getvalue().count(f"waits: {WAITS}\n") == 1


def test_a_viewer_waits_while_the_store_is_away(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on meanwhile; the viewer reports the outage and then the run's real end."""
    session = open_session(Path.cwd())
    away = iter(range(3))
    newer = Follower.advance

    def advance(follower: Follower) -> tuple[e.JournalEntry, ...]:
        if follower.view.state.number and next(away, None) is not None:
            raise StoreUnreachable("no answer from http://minio:9000")
        if follower.view.state.number and not follower.view.state.over:
            last = sample.entries()[-1]
            journal.Writer(store, sample.RUN, "c9", follower.view.state.number).append(last.events, store.now())
        return newer(follower)

    monkeypatch.setattr(Follower, "advance", advance)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    stream = StringIO()
    view = follow(Viewer(session=session, stream=stream), sample.RUN)
    assert view.state.over
    assert stream.getvalue().count("the store does not answer") == 1
    assert stream.getvalue().count("the store answers again") == 1


@pytest.mark.usefixtures("store")
def test_the_end_of_a_run_is_reported_once_the_store_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(Path.cwd())
    away = iter(range(2))
    whole = reports.report_of

    def report_of(*arguments: Any) -> Any:
        if next(away, None) is not None:
            raise StoreUnreachable("no answer")
        return whole(*arguments)

    monkeypatch.setattr(watching, "report_of", report_of)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    stream = StringIO()
    assert tell(Viewer(session=session, stream=stream), session.view(sample.RUN)).run == sample.RUN
    assert "the store answers again" in stream.getvalue()


def test_a_full_disk_is_named_though_the_controller_cannot_write(
    store: DirectoryStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not log_folder().exists() or not list(log_folder().glob(f"{sample.RUN}*"))
    monkeypatch.setattr(reports, "without_room", lambda folder: f"no room is left on the disk of {folder}")
    main(["status"])
    assert f"it waits: no room is left on the disk of {store.path('x').parent}\n" in capsys.readouterr().err
