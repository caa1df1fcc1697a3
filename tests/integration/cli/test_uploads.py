"""Uploads and transfers that take long are told: on the board of a terminal, else by a line now and then."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from runner.cli.board import BoardFacts, Screen, board
from runner.cli.paint import Paint
from runner.cli.terminal import Terminal
from runner.cli.transfer_notes import TransferNotes
from runner.cli.uploads import shown_uploads
from runner.compute.process.ending import Attempt
from runner.compute.process.files import AttemptFiles
from runner.data.transfers import count, uploads, wire
from runner.data.transfers.count import TransferCount
from runner.errors import StoreUnreachable
from runner.images.layer_progress import LayerProgress
from runner.model import events as e
from runner.model.observation import Observation, Phase
from runner.model.state import begin, fold
from runner.model.task import TaskId
from runner.operations.values import RunView
from runner.override import override
from runner.storage.s3.store import BucketStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore
from tests.support.screen import Screen as Seen
from tests.support.screen import ScreenStream, use_size
from tests.support.small_s3 import SmallS3, small_s3

SIZE = 4 << 20


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "FIRST", 0.0)


def test_bytes_on_their_way_to_a_bucket_and_back_are_heard(tmp_path: Path) -> None:
    sent: list[int] = []
    received: list[int] = []
    with small_s3(SmallS3()) as endpoint:
        store = BucketStore(endpoint)
        (tmp_path / "file").write_bytes(b"x" * SIZE)
        with wire.heard(sent.append, incoming=False), wire.heard(received.append, incoming=True):
            store.upload("a", tmp_path / "file")
            store.put("b", b"y" * SIZE)
            store.download("a", tmp_path / "again")
    assert sum(sent) == 2 * SIZE
    assert len(sent) > 2, "they are heard while they are sent"
    assert SIZE <= sum(received) < SIZE + 10_000


def test_a_pipe_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "PERIOD", 0.0)
    pipe = io.StringIO()
    with shown_uploads(pipe), uploads.shown("upload of src", 1, SIZE) as progress:
        wire.sent(SIZE // 2)
        time.sleep(0.4)
        wire.sent(SIZE)
        progress.completed()
    first, *_, last = pipe.getvalue().splitlines()
    assert first.startswith("upload of src: 2.0 of 4.0 MiB, ")
    assert first.endswith(" s left")
    assert last == "upload of src: 4.0 of 4.0 MiB, 1 of 1 file"


def test_what_is_quick_or_small_or_unwatched_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "FIRST", 2.0)
    pipe = io.StringIO()
    with shown_uploads(pipe):
        for size in (SIZE, 10):
            with uploads.shown("upload of src", 1, size) as progress:
                progress.completed()
    with uploads.shown("upload of src", 1, SIZE) as progress:
        progress.completed()
    assert pipe.getvalue() == ""


def test_a_terminal_has_a_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    use_size(monkeypatch, 80, 12)
    out = ScreenStream()
    terminal, upload = Terminal(out), uploads.shown("upload of src", 1, SIZE)
    with redirect_stdout(out), redirect_stderr(out), shown_uploads(out), terminal.in_place(), upload:
        wire.sent(SIZE // 4)
        time.sleep(0.5)
        during = Seen(80, 12).feed(out.getvalue()).text
        print("printed meanwhile")
    assert "upload of src: 1.0 of 4.0 MiB, " in during
    assert Seen(80, 12).feed(out.getvalue()).lines == ["printed meanwhile"]


def running(*keys: str) -> RunView:
    plan = b.plan(*(b.step(key) for key in ("a", "b")))
    events: list[e.Event] = [e.RunSubmitted(b.submission(plan))]
    for key in keys:
        events += [e.AttemptStarted(key, 1, "u"), e.AttemptRunning(key, b.T0)]
    return RunView(fold(begin(b.RUN, plan), [b.entry(1, *events)]), plan)


def said(**values: object) -> bytes:
    known = {"files": 1, "files_total": 4, "bytes": 1 << 20, "bytes_total": 4 << 20, "seconds": 2.0}
    return json.dumps({"runner": "staging", "phase": "inputs", **known, **values}).encode() + b"\n"


class Away(MemoryStore):
    away = False

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        if self.away:
            raise StoreUnreachable("gone")
        return super().read_range(key, start, length, etag)


def test_a_pipe_has_lines_about_the_inputs_of_steps() -> None:
    store, clock = Away(), [0.0]
    notes = TransferNotes(store, lambda: clock[0])
    view, log = running("a"), f"{TaskId(b.RUN, 'a', 1).logs}00000001.txt"

    def look(seconds: float) -> list[str]:
        clock[0] += seconds
        return [line.split("  ", 1)[1] for line in notes.lines(view, Paint(), 1)]

    store.put(log, said())
    assert look(1) == []
    told = [f"{view.plan.names['a']}  staging    inputs: 1.0 of 4.0 MiB, 512.0 KiB/s, 6 s left"]
    assert look(5) == told
    assert look(5) == [], "nothing new"
    store.put(log, said() + said(bytes=2 << 20))
    store.away = True
    assert look(5) == []
    store.away = False
    assert len(look(5)) == 1
    store.put(log, said() + said(files=4) + b"the script\n")
    assert look(5) == []


def test_a_queued_step_of_this_machine_tells_how_far_its_inputs_are(tmp_path: Path) -> None:
    attempt = Attempt(
        task=b.task(),
        files=AttemptFiles(tmp_path),
        observation=Observation(phase=Phase.PENDING, uid="u", placed=True),
        begun=0.0,
        staged=0.0,
    )
    assert attempt.seen(0.0).reason == ""
    attempt.transfers = TransferCount(phase="inputs")
    assert attempt.seen(0.0).reason == "", "nothing is to be moved"
    attempt.transfers.begin(2, SIZE)
    attempt.transfers.moved(SIZE)
    attempt.transfers.completed()
    assert attempt.seen(0.0).reason.startswith("brings its inputs: 4.0 of 4.0 MiB, ")


def test_layers_of_an_image_are_added_up() -> None:
    now = [0.0]
    progress = LayerProgress(lambda: now[0])

    def message(layer: str, current: object, status: str = "Downloading") -> Mapping[str, object]:
        return {"id": layer, "status": status, "progressDetail": {"current": current, "total": 100 << 20}}

    progress.line(message("a", 0))
    progress.line(message("b", 25 << 20))
    now[0] = 5.0
    assert progress.line(message("a", 75 << 20)) == "layers pulled: 100.0 of 200.0 MiB, 20.0 MiB/s, 5 s left"
    assert progress.line(message("a", 80 << 20)) == ""
    assert progress.line(message("c", "odd")) == ""
    assert progress.line({"status": "Pull complete", "id": "a"}) == ""


def test_the_board_tells_for_how_long_an_environment_has_been_made() -> None:
    plan = b.plan(b.step("a"))
    (key,) = plan.environments
    making: list[e.Event] = [e.RunSubmitted(b.submission(plan)), e.EnvironmentBuilding(key, "local", "Collecting x")]
    view = RunView(fold(begin(b.RUN, plan), [b.entry(1, *making)]), plan)
    shown = board(view, b.at(90), Screen(100, 20), Paint(), BoardFacts(making={(key, "local"): b.at(30)}))
    name = plan.environments[key].name
    assert shown[-1].strip() == f"making environment '{name}' for 1 m 00 s: Collecting x"
