"""``runner logs`` of a step with workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import main
from runner.model.names import short
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from runner.storage.directory import DirectoryStore
from tests.support.stored_run import RUN, store_run

TWO = Workers(kind=WorkerKind.GANG, nodes=3)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.yaml").write_text("name: mine\n")
    store = DirectoryStore(tmp_path / ".runner", durable=False)
    store_run(store, {"a": {}, "b": {}}, workers=TWO)
    store_run(store, {"lone": {}}, "20260203t040506789z-bbbbbbbbbbbbbbbb", workers=TWO)
    store.put(f"{TaskId(RUN, 'a').logs}00000001.txt", b"zero\n")
    return store


def logs(capfd: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert main(["logs", *words]) == code
    told = capfd.readouterr()
    return told.out, told.err


def test_one_worker_and_who_the_others_are(store: DirectoryStore, capfd: pytest.CaptureFixture[str]) -> None:
    store.put(f"{TaskId(RUN, 'a').worker_logs(2)}00000001.txt", b"two\n")
    out, err = logs(capfd, RUN, "a")
    assert out == "zero\n"
    assert err == f"this is the output of worker 0; worker 2 wrote too: runner logs {short(RUN)} a --worker 2\n"
    assert logs(capfd, RUN, "a", "--worker", "2") == ("two\n", "")
    store.put(f"{TaskId(RUN, 'a').worker_logs(1)}00000001.txt", b"one\n")
    assert "2 more workers wrote too" in logs(capfd, RUN, "a")[1]
    assert logs(capfd, RUN, "a", "-f", "--worker", "1") == ("one\n", "")


def test_one_process_that_plays_all_workers(store: DirectoryStore, capfd: pytest.CaptureFixture[str]) -> None:
    assert logs(capfd, RUN, "a") == ("zero\n", "")
    out, err = logs(capfd, RUN, "a", "--worker", "1")
    assert (out, err) == (
        "",
        "worker 1 has written nothing; the output of all workers of one machine is that of worker 0\n",
    )


def test_the_only_step_needs_no_name(store: DirectoryStore, capfd: pytest.CaptureFixture[str]) -> None:
    assert logs(capfd, "latest", "--worker", "0") == ("", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--worker", "1"), "--worker needs a step"), (("a", "--worker", "3"), "has the workers 0 to 2")],
)
def test_a_worker_that_cannot_be_shown(
    store: DirectoryStore, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert told in logs(capfd, RUN, *words, code=2)[1]
