"""Runs are found, compared, drawn over time and tagged by commands; `runner gc` leaves nothing of old ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.operations.run_pages import RunFilter, page
from runner.runs import index_blocks
from runner.runs import tags as run_tags
from runner.storage.directory import DirectoryStore
from runner.wiring import open_session
from tests.support import shown_runs

Say = Callable[..., str]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    _ = open_session(tmp_path).store_id
    store = DirectoryStore(tmp_path / ".runner")
    now = datetime.now(timezone.utc).replace(microsecond=0)
    made = {
        "old": shown_runs.succeeded(store, now - timedelta(days=400), 1),
        "good": shown_runs.succeeded(store, now - timedelta(hours=3), 7, accuracy=0.95),
        "bad": shown_runs.failed(store, now - timedelta(hours=1)),
    }
    return {name: run.run for name, run in made.items()}


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def said(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    return said


def listed(said: str) -> list[str]:
    return [each["run"] for each in json.loads(said)["runs"]]


def test_runs_are_found_by_filters(runs: dict[str, str], say: Say) -> None:
    assert listed(say("list", "--json")) == [runs["bad"], runs["good"], runs["old"]]
    assert listed(say("list", "--json", "--state", "failed")) == [runs["bad"]]
    assert listed(say("list", "--json", "--tag", "team=birds")) == [runs["bad"]]
    assert listed(say("list", "--json", "--since", "2h")) == [runs["bad"]]
    assert listed(say("list", "--json", "--until", "30d", "--experiment", "penguins")) == [runs["old"]]
    first = json.loads(say("list", "--json", "-n", "1"))
    assert listed(say("list", "--json", "--cursor", first["cursor"])) == [runs["good"], runs["old"]]
    assert "no run fits" in say("list", "--user", "nobody")
    assert "did you mean 'failed'?" in say("list", "--state", "faild", code=2)


def test_a_run_is_tagged_and_found(runs: dict[str, str], say: Say) -> None:
    say("tag", runs["good"], "kind=best", "note=for the talk")
    assert json.loads(say("tag", runs["good"], "note=", "--json"))["tags"] == {"kind": "best"}
    assert listed(say("list", "--json", "--tag", "kind")) == [runs["good"]]
    assert "kind=best" in say("list")
    assert "no change of a tag" in say("tag", runs["good"], "kind", code=2)


def test_runs_are_compared_and_drawn_over_time(runs: dict[str, str], say: Say) -> None:
    shown = say("compare", runs["good"], runs["bad"])
    assert "evaluate" in shown
    assert "the same:" in shown
    assert len(json.loads(say("compare", runs["good"], runs["bad"], "--json"))["runs"]) == 2
    assert "two runs or more" in say("compare", runs["good"], code=2)
    assert "critical path (*), 3 steps" in say("timeline", runs["bad"])
    assert json.loads(say("timeline", runs["bad"], "--json"))["critical"] == ["fetch", "clean", "train"]
    assert json.loads(say("show", runs["good"], "--receipt", "--json"))["parameters"] == {"rate": 0.05, "rows": 344}


def test_nothing_is_left_of_a_deleted_run(
    runs: dict[str, str], say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_blocks, "LEAST", 1)
    store = DirectoryStore(tmp_path / ".runner")
    say("tag", runs["old"], "secret=x")
    assert [run.run for run in page(store, RunFilter(tag="secret")).runs] == [runs["old"]]
    assert list(index_blocks.infos(store))
    say("tag", runs["old"], "secret=")  # which would keep the run
    long_ago = (datetime.now(timezone.utc) - timedelta(days=399)).timestamp()
    for path in (tmp_path / ".runner").rglob("*"):
        if runs["old"] in str(path):
            os.utime(path, (long_ago, long_ago))
    told = say("gc", "--yes", "--keep-last", "2", "--keep-days", "30")
    assert listed(say("list", "--json")) == [runs["bad"], runs["good"]], told
    left = [info.key for prefix in (index_blocks.FOLDER, run_tags.MARKS) for info in store.list(prefix)]
    assert [key for key in left if runs["old"] in key or b"secret" in store.get(key)] == []
