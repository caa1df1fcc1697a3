"""RunDetails: lines on a terminal, HTML in a notebook, neither in the caller's way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace

import pytest

from runner.model import events as e
from runner.sdk import Experiment, Pipeline, PythonScriptStep, RunDetails, Workspace
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.runs import progress_threads as live
from runner.sdk.runs import widgets
from runner.sdk.runs.offline_run import _OfflineRun
from runner.sdk.runs.pipeline_run import PipelineRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession


@pytest.fixture
def run(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineRun]:
    monkeypatch.setattr(live, "_SECONDS", 0.01)
    made = Experiment(ws, "e").submit(Pipeline(ws, [PythonScriptStep("a.py", name="<a>")]))
    assert isinstance(made, PipelineRun)
    yield made
    live.stop(made.id)


def finish(session: FakeSession, run: PipelineRun) -> None:
    session.tell(
        run.id,
        started("a-1"),
        e.AttemptRunning("a-1", at(1)),
        e.StepSucceeded(key="a-1", attempt=1, started=at(1), ended=at(2)),
    )
    session.end(run.id)


def until(said: Callable[[], bool]) -> None:
    for _ in range(500):
        if said():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_lines_go_on_until_the_run_ends(
    session: FakeSession, run: PipelineRun, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    RunDetails(run).show()
    assert capsys.readouterr().out.splitlines() == [f"PipelineRun {run.id}: NotStarted", "  <a>: NotStarted"]
    finish(session, run)
    shown = ""

    def told() -> bool:
        nonlocal shown
        shown += capsys.readouterr().out
        return f"PipelineRun {run.id}: Finished" in shown

    until(told)
    assert "<a> [a-1]: Finished" in shown


def test_a_waiter_takes_over(session: FakeSession, run: PipelineRun, capsys: pytest.CaptureFixture[str]) -> None:
    RunDetails(run).show()
    live.stop(run.id)
    time.sleep(0.05)
    finish(session, run)
    capsys.readouterr()
    run.wait_for_completion()
    assert capsys.readouterr().out.count("Finished") == 2  # the step's and the run's, each once


def test_a_steps_waiter_takes_over_too(session: FakeSession, run: PipelineRun) -> None:
    RunDetails(run).show()
    (step,) = run.get_steps()
    finish(session, run)
    step.wait_for_completion()
    assert run.id not in live._stops


def test_a_notebook_gets_html_that_is_replaced(
    session: FakeSession, run: PipelineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def keep(page: widgets._Page) -> None:
        shown.append(page._repr_html_())

    def display(page: widgets._Page, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        keep(page)
        return SimpleNamespace(update=keep)

    shell, notebook = ModuleType("IPython"), ModuleType("IPython.display")
    monkeypatch.setattr(shell, "get_ipython", lambda: SimpleNamespace(kernel=object()), raising=False)
    monkeypatch.setattr(notebook, "display", display, raising=False)
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    monkeypatch.setitem(sys.modules, "runner.sdk.runs.live_widget", None)  # as without anywidget
    RunDetails(run).show()
    assert "&lt;a&gt;" in shown[0]
    run.log("m", 1)
    finish(session, run)
    until(lambda: "Finished" in shown[-1])
    assert "<code>1</code>" in shown[-1]


def test_an_ended_run_is_shown_once(session: FakeSession, run: PipelineRun) -> None:
    finish(session, run)
    RunDetails(run).show()
    assert run.id not in live._stops


def test_the_document_of_the_widget(session: FakeSession, run: PipelineRun) -> None:
    finish(session, run)
    run.log("m", 1)
    data = RunDetails(run).get_widget_data()
    assert (data["status"], data["run_id"]) == ("Completed", run.id)
    assert data["child_runs"] == [{"run_id": f"{run.id}.a-1", "name": "<a>", "status": "Finished"}]
    assert data["run_metrics"] == [{"name": "m", "value": 1}]


def test_logged_runs_are_shown_as_well(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    logged = Experiment(ws, "e").start_logging(snapshot_directory=None)
    logged.complete()
    RunDetails(logged).show()
    assert capsys.readouterr().out == f"LoggedRun {logged.id}: Completed\n"
    for wrong in ("run", _OfflineRun()):
        with pytest.raises(UserErrorException, match="RunDetails shows"):
            RunDetails(wrong)
