"""What a script gets when no step runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sdk import Run
from runner.sdk.base.exceptions import RunEnvironmentException, UserErrorException
from runner.sdk.runs import run as run_module
from runner.sdk.runs.offline_run import _OfflineRun


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _OfflineRun:
    monkeypatch.delenv("RUNNER_STEP", raising=False)
    monkeypatch.setattr(run_module, "_contexts", {})
    monkeypatch.chdir(tmp_path)
    made = Run.get_context()
    assert isinstance(made, _OfflineRun)
    return made


def test_scripts_tell_it_by_what_it_lacks(run: _OfflineRun) -> None:
    for name in ("experiment", "parent", "input_datasets"):
        assert not hasattr(run, name)
    assert run.id.startswith("OfflineRun_")


def test_it_says_what_it_would_record_and_remembers_it(run: _OfflineRun, capsys: pytest.CaptureFixture[str]) -> None:
    run.log("m", 1)
    run.log("m", 2)
    run.tag("t", "v")
    run.add_properties({"p": 1})
    run.display_name = "n"
    assert capsys.readouterr().out.splitlines() == [
        "Attempted to log metric m: 1",
        "Attempted to log metric m: 2",
        "Attempted to log tag t: v",
        "Attempted to log property p: 1",
    ]
    assert (run.get_metrics(), run.tags, run.properties, run.display_name) == (
        {"m": [1, 2]}, {"t": "v"}, {"p": "1"}, "n",
    )  # fmt: skip


def test_files_go_to_the_current_folder(run: _OfflineRun) -> None:
    Path("x").write_text("x")
    run.upload_file("outputs/x", "x")
    assert Path("outputs/x").read_text() == "x"
    run.log_image("picture", path="x")
    run.download_file("outputs/x", "y")
    assert Path("y").read_text() == "x"
    with pytest.raises(UserErrorException):
        run.download_file("missing")


def test_nothing_ends_it(run: _OfflineRun) -> None:
    run.complete()
    run.fail("why")
    run.cancel()
    run.flush()
    with run as same:
        assert same is run
    child = run.child_run("c")
    assert isinstance(child, _OfflineRun)
    assert list(run.get_children()) == [child]
    assert Run.get_context() is run
    with pytest.raises(RunEnvironmentException):
        Run.get_context(allow_offline=False)
