"""How `runner run` shows the runs that a pipeline file waits for."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from runner.cli.background_logs import BackgroundLogs
from runner.cli.waiting import WaitDisplay
from runner.model import events as e
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.runs import journal, plans
from runner.storage.directory import DirectoryStore
from runner.wiring import OpenWorkspace, open_session
from tests.support import builders as b
from tests.support.stored_run import RUN, store_run

GOING = "20260203t040506789z-bbbbbbbbbbbbbbbb"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWorkspace:
    """A workspace with a run that has ended, and one that goes on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    (tmp_path / "runner.yaml").write_text("name: mine\n")
    store = DirectoryStore(tmp_path / ".runner", durable=False)
    store_run(store, {"a": {}})
    store.put(f"{TaskId(RUN, 'a').logs}00000001.txt", b"old output\n")
    plan = b.plan(b.step("a"))
    plans.save(store, plan)
    begun: list[e.Event] = [
        e.RunSubmitted(b.submission(plan)),
        e.AttemptStarted("a", 1, "u"),
        e.AttemptRunning("a", b.T0),
    ]
    journal.Writer(store, GOING, "submit", 0).append(begun, b.T0)
    store.put(f"{TaskId(GOING, 'a').logs}00000001.txt", b"one\n")
    return open_session(tmp_path)


def test_in_a_pipe_v1s_lines_stay(session: OpenWorkspace) -> None:
    with WaitDisplay(None, None)(session, GOING) as shown:
        assert (shown.statuses, shown.log) == (True, True)


def test_output_is_printed_by_one_reader_and_whole_at_the_end_of_the_wait(session: OpenWorkspace) -> None:
    out = io.StringIO()
    logs = BackgroundLogs(session=session, stream=out)
    display = WaitDisplay(None, logs)
    for _ in range(2):  # a file may wait again
        with display(session, GOING) as shown:
            assert (shown.statuses, shown.log) == (True, False)
            store = session.store
            store.put(f"{TaskId(GOING, 'a').logs}00000001.txt", b"one\ntwo\n")
    assert out.getvalue() == "a │ one\na │ two\n"
    time.sleep(0.1)
    logs.end()
    assert out.getvalue() == "a │ one\na │ two\n"


def test_the_output_of_a_run_that_had_ended_is_that_of_its_waiter(session: OpenWorkspace) -> None:
    out = io.StringIO()
    logs = BackgroundLogs(session=session, stream=out)
    with WaitDisplay(None, logs)(session, RUN) as shown:
        assert shown.log, "the waiter of a step prints it, as in v1"
    logs.end()
    assert out.getvalue() == ""
    assert session.view(RUN).state.status is RunStatus.SUCCEEDED
