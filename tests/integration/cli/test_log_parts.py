"""``runner logs --tail --since --grep`` and ``runner status --watch``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.model.task import TaskId
from runner.storage.directory import DirectoryStore
from tests.support.stored_run import RUN, store_run


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.yaml").write_text("name: mine\n")
    store = DirectoryStore(tmp_path / ".runner", durable=False)
    store_run(store, {"a": {}, "b": {}})
    for key in "ab":
        text = "".join(f"{key} {'error' if number % 3 == 0 else 'info'} {number}\n" for number in range(10))
        store.put(f"{TaskId(RUN, key).logs}00000001.txt", text.encode())
    return store


def told(capfd: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["logs", *words]) == code
    captured = capfd.readouterr()
    return captured.out if code == 0 else captured.err


@pytest.mark.usefixtures("store")
def test_the_last_lines_of_each_step(capfd: pytest.CaptureFixture[str]) -> None:
    assert told(capfd, RUN, "a", "--tail", "2") == "a info 8\na error 9\n"
    assert told(capfd, RUN, "--tail", "1") == "a │ a error 9\nb │ b error 9\n"
    assert told(capfd, RUN, "a", "--tail", "0") == ""
    assert told(capfd, RUN, "a", "-f", "--tail", "1") == "a error 9\n"


@pytest.mark.usefixtures("store")
def test_lines_that_match(capfd: pytest.CaptureFixture[str]) -> None:
    assert told(capfd, RUN, "a", "--grep", "error [69]") == "a error 6\na error 9\n"
    assert told(capfd, RUN, "--grep", "(?i)ERROR", "--tail", "1") == "a │ a error 9\nb │ b error 9\n"
    assert told(capfd, RUN, "a", "--grep", "error", "--tail", "2", "-f", "--since", "1d") == "a error 6\na error 9\n"
    assert told(capfd, RUN, "--grep", "nothing") == ""


def test_what_is_new(store: DirectoryStore, capfd: pytest.CaptureFixture[str]) -> None:
    old = time.time() - 7200
    os.utime(store.path(f"{TaskId(RUN, 'a').logs}00000001.txt"), (old, old))
    store.put(f"{TaskId(RUN, 'a').logs}00000002.txt", b"a late\n")
    assert told(capfd, RUN, "a", "--since", "1h") == "a late\n"
    assert told(capfd, RUN, "a", "--since", "3h", "--tail", "2") == "a error 9\na late\n"
    assert told(capfd, RUN, "a", "--since", "1h", "--tail", "5") == "a late\n"
    assert told(capfd, RUN, "a", "--since", "2999-01-01T00:00:00Z") == ""
    assert told(capfd, RUN, "a", "--since", "1970-01-02T00:00:00+01:00", "--tail", "1") == "a late\n"
    assert told(capfd, RUN, "a", "--since", "99999d", "--tail", "1") == "a late\n"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--grep", "("), "'(' is not a regular expression: missing ), unterminated subpattern at position 0"),
        (("--tail", "-1"), "'-1' is not a whole number of 0 or more"),
        (("--tail", "x"), "'x' is not a whole number of 0 or more"),
        (("--since", "soon"), "'soon' is neither a duration such as 90s, 10m, 2h or 1d nor a time such as"),
        (("--since=-5m",), "'-5m' is neither a duration"),
        (("--since", "2026-01-31T12:00:00"), "'2026-01-31T12:00:00' is neither a duration"),
        (("--since", "9" * 400 + "d"), "is neither a duration"),
    ],
)
def test_bad_options(words: tuple[str, ...], problem: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["logs", RUN, *words])
    assert ended.value.code == 2
    assert problem in capfd.readouterr().err


@pytest.mark.usefixtures("store")
def test_watching_an_ended_run_is_its_status(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["status", RUN]) == 0
    plain = capfd.readouterr()
    assert main(["status", RUN, "--watch", "-n", "0.1"]) == 0
    assert capfd.readouterr() == plain
    assert main(["status", RUN, "-n", "1"]) == 2
    assert "-n needs --watch" in capfd.readouterr().err
