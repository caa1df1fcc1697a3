"""`runner schedules` in one process: what is said, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.operations.published import pipelines, schedules
from runner.sdk.base.session import use
from runner.sdk.published.recurrence import ScheduleRecurrence
from runner.sdk.published.schedule import Schedule
from runner.sdk.workspaces.workspace import Workspace
from runner.wiring import open_session
from runner.wiring.controllers import Controllers
from runner.wiring.workspace import OpenWorkspace

PLAN = """\
experiment: numbers
parameters: {rows: 3}
steps:
  make: {source: steps, script: make.py, arguments: [{parameter: rows}]}
"""


@pytest.fixture(autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make a project with a schedule of each kind; return the runs that get a controller."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setattr(Controllers, "prepare", lambda _self: None)
    runs: list[str] = []
    monkeypatch.setattr(OpenWorkspace, "start_controller", lambda _self, run: runs.append(run))
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "make.py").write_text("print('made')")
    (tmp_path / "plan.yaml").write_text(PLAN)
    assert main(["publish", "plan.yaml", "--name", "numbers"]) == 0
    session = open_session(tmp_path)
    (published,) = pipelines.all_of(session.store)
    use(session)
    workspace = Workspace.from_config()
    daily = ScheduleRecurrence("Week", 2, "2099-01-01T09:00:00", "Europe/Berlin", week_days=["Friday"])
    Schedule.create(workspace, "nightly", published.id, "e", daily, "of the team", {"rows": 7})
    store = workspace.get_default_datastore()
    Schedule.create(workspace, "arrivals", published.id, "e", datastore=store, path_on_datastore="in")
    return runs


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["schedules", *words]) == code
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_list_show_and_next(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "list")
    assert re.search(r"nightly +numbers +2099-01-02 ", text)
    assert "every 2 weeks on Friday from 2099-01-01T09:00:00 Europe/Berlin" in text
    assert "files of workspaceblobstore/in, looked at every 5 minutes" in text
    shown = said(capsys, "show", "nightly")
    assert all(words in shown for words in ("nightly  active", "pipeline numbers", "of the team", "rows=7"))
    times = said(capsys, "next", "nightly", "2").splitlines()
    assert times == [
        "Fri 2099-01-02 09:00 CET  (2099-01-02 08:00 UTC)",
        "Fri 2099-01-16 09:00 CET  (2099-01-16 08:00 UTC)",
    ]
    assert json.loads(said(capsys, "next", "nightly", "1", "--json"))["next"] == ["2099-01-02T08:00:00.000Z"]
    found = json.loads(said(capsys, "list", "--json"))["schedules"]
    assert [(each["name"], each["runs"], each["next"]) for each in found] == [
        ("arrivals", "numbers", None),
        ("nightly", "numbers", "2099-01-02T08:00:00.000Z"),
    ]


def test_disabled_ones_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "disable", "nightly") == "schedule 'nightly' is disabled\n"
    assert said(capsys, "disable", "nightly") == "schedule 'nightly' is already disabled\n"
    assert "nightly" not in said(capsys, "list")
    assert re.search(r"nightly +numbers +disabled", said(capsys, "list", "--all"))
    assert "none of these starts a run" in said(capsys, "next", "nightly")
    assert "fires while `runner serve` runs" in said(capsys, "enable", "nightly")
    assert json.loads(said(capsys, "show", "nightly", "--json"))["status"] == "Active"


def test_a_run_by_hand_and_a_file_that_arrives(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, started: list[str]
) -> None:
    assert "has not been due yet" in said(capsys, "history", "nightly")
    assert f"run {started[0] if started else ''}" in said(capsys, "run-now", "nightly")
    assert "submitted by hand" in said(capsys, "history", "nightly")
    assert said(capsys, "fire") == ""
    open_session(tmp_path).store.put("in/a.csv", b"1")
    fired = said(capsys, "fire", "arrivals")
    assert re.fullmatch(r"schedule 'arrivals': due .* UTC, submitted as run \S+\n", fired)
    assert "in/a.csv" in said(capsys, "history", "arrivals")
    assert len(started) == 2
    made = json.loads(said(capsys, "history", "arrivals", "--json"))["history"][0]
    assert (made["run"], made["state"], made["changed"]) == (started[1], "submitted", ["in/a.csv"])
    assert json.loads(said(capsys, "fire", "--json")) == {"fired": [], "failed": []}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "nightlly"), "did you mean 'nightly'"),
        (("next", "arrivals"), "watches files"),
        (("fire", "x"), "unknown schedule 'x'"),
    ],
)
def test_what_is_refused(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str) -> None:
    assert expected in said(capsys, *words, code=2)


def test_one_that_cannot_be_fired_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_session(tmp_path).store
    store.put("in/a.csv", b"1")
    monkeypatch.setattr(OpenWorkspace, "datastore", lambda *_: store.get("missing"))
    text = said(capsys, "fire", code=1)
    assert "schedule 'arrivals'" in text
    assert "could not be fired" in text
    assert schedules.named(store, "arrivals").status.value == "Active"


def test_one_of_another_target_is_shown_and_not_fired(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = open_session(tmp_path).store
    known = schedules.named(store, "arrivals")
    schedules.change(store, known.id, lambda record: replace(record, target="team"), known.active_since)
    assert re.search(r"nightly .* local ", said(capsys, "list"))
    assert re.search(r"arrivals .* team ", said(capsys, "list"))
    store.put("in/a.csv", b"1")
    assert said(capsys, "fire") == ""
    words = "belongs to the target 'team', and 'local' is in force here"
    assert f"schedule 'arrivals' is not fired from here: it {words}" in said(capsys, "fire", "arrivals")
    refused = said(capsys, "run-now", "arrivals", code=2)
    assert words in refused
    assert "pass --target team" in refused
