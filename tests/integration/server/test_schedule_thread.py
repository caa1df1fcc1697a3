from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.errors import StoreUnreachable
from runner.model.schedule import Frequency, Recurrence, ScheduleRecord
from runner.operations.published import schedules
from runner.server import firing
from runner.server.firing import ScheduleThread
from runner.server.metrics import Metrics
from tests.support.served_workspace import TRAIN, ServedWorkspace


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_two_threads_fire_an_occurrence_once(tmp_path: Path) -> None:
    workspace = ServedWorkspace(tmp_path / "w")
    now = datetime.now(timezone.utc)
    hour = now.replace(minute=0, second=0, microsecond=0)
    record = ScheduleRecord(
        id="44444444-4444-4444-8444-444444444444",
        name="hourly",
        pipeline=TRAIN,
        experiment="nightly",
        recurrence=Recurrence(
            frequency=Frequency.HOUR, interval=1, start=f"{hour - timedelta(hours=5):%Y-%m-%dT%H:%M:%S}"
        ),
        active_since=hour - timedelta(minutes=1),
        created=hour - timedelta(days=1),
    )
    schedules.documents(workspace.store).create(record.id, record)
    metrics = [Metrics(), Metrics()]
    threads = [ScheduleThread(workspace.opened, each, pause=0.01) for each in metrics]
    for thread in threads:
        thread.start()
    until(lambda: len(workspace.submissions()) == 1)
    for thread in threads:
        thread.stop(30)
        assert not thread.is_alive()
    (made,) = workspace.submissions().values()
    assert (made.schedule, made.experiment) == (record.id, "nightly")


def test_errors_end_no_thread_and_the_workspace_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = ServedWorkspace(tmp_path / "w")
    seen: list[object] = []

    def fire_all(host: object, _looks: object, _report: object) -> list[object]:
        seen.append(host)
        if len(seen) == 1:
            raise StoreUnreachable("no connection")
        if len(seen) == 2:
            raise ValueError("a fault")
        return []

    monkeypatch.setattr(firing, "fire_all", fire_all)
    metrics = Metrics()
    thread = ScheduleThread(workspace.opened, metrics, pause=0.01)
    thread.start()
    until(lambda: len(seen) >= 5)
    thread.stop(30)
    assert seen[0] is not seen[1] is not seen[2]
    assert seen[2] is seen[4]
    assert b"runner_schedule_errors_total 2.0" in metrics.text()


def test_errors_that_last_are_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = ServedWorkspace(tmp_path / "w")
    looks: list[None] = []
    now = datetime.now(timezone.utc)

    def fire_all(_host: object, _looks: object, report: Callable[[ScheduleRecord, Exception], None]) -> list[object]:
        looks.append(None)
        for name in ("first", "second"):
            if len(looks) != 4:  # it has passed, and comes again
                record = ScheduleRecord(
                    id=name, name=name, pipeline=TRAIN, experiment="e", active_since=now, created=now
                )
                report(record, StoreUnreachable("gone"))
        return []

    monkeypatch.setattr(firing, "fire_all", fire_all)
    thread = ScheduleThread(workspace.opened, Metrics(), pause=0.01)
    thread.start()
    until(lambda: len(looks) >= 7)
    thread.stop(30)
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    one, other = "schedule 'first' (first): gone", "schedule 'second' (second): gone"
    assert told == [one, other, one, other]
