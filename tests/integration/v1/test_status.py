"""Status values of v1 runs, and waiting for runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azureml.core import Experiment
from azureml.exceptions import ActivityFailedException, ExperimentExecutionException
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

from runner.model import events as e
from runner.model.record import Failure
from runner.model.status import RunStatus
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession

FAILED = e.StepFailed(
    key="first-1", failure=Failure.USER, reason="it ended with 3", exit_code=3, tail="Traceback\nKeyError: 'x'"
)

DRIVER = """
from azureml.core import Experiment, ScriptRunConfig, Workspace
ws = Workspace.from_config()
run = Experiment(ws, "plain").submit(ScriptRunConfig("steps", "hello.py", compute_target="cpu"))
ask("waited", lambda: run.wait_for_completion(show_output=False))
ask("status", run.get_status)
ask("type", lambda: type(run).__name__)
failing = Experiment(ws, "plain").submit(ScriptRunConfig("steps", "broken.py", compute_target="cpu"))
ask("failed", lambda: failing.wait_for_completion(show_output=False))
ask("unraised", lambda: failing.wait_for_completion(show_output=False, raise_on_error=False)["status"])


def log():
    logged = Experiment(ws, "plain").start_logging()
    said = [logged.get_status()]
    logged.log("accuracy", 0.5)
    logged.complete()
    return [*said, logged.get_status(), logged.get_metrics()]


ask("logged", log)
"""


@pytest.fixture
def run(ws: Any) -> Any:
    data = PipelineData("data")
    first = PythonScriptStep("a.py", name="first", outputs=[data])
    return Experiment(ws, "e").submit(Pipeline(ws, [PythonScriptStep("b.py", name="second", inputs=[data]), first]))


@pytest.fixture(scope="module")
def plain(told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return told(DRIVER, hello="print('hello')\n", broken="raise SystemExit('the data are odd')\n")


def succeed(session: FakeSession, run: Any) -> None:
    session.tell(
        run.id,
        started("first-1"),
        e.AttemptRunning("first-1", at(1)),
        e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2)),
    )
    session.tell(run.id, started("second-1"), e.AttemptRunning("second-1", at(3)))
    session.tell(run.id, e.StepSucceeded(key="second-1", attempt=1, started=at(3), ended=at(4)))
    session.end(run.id)


def fail(session: FakeSession, run: Any) -> None:
    session.tell(
        run.id, started("first-1"), e.AttemptRunning("first-1", at(1)), FAILED, e.StepSkipped("second-1", "no")
    )
    session.end(run.id, RunStatus.FAILED)


def cancel(session: FakeSession, run: Any) -> None:
    session.tell(run.id, e.CancelRequested(), e.StepCanceled("first-1"), e.StepCanceled("second-1"))
    session.end(run.id, RunStatus.CANCELED)


def test_a_pipeline_run_goes_from_not_started_over_running_to_finished(session: FakeSession, run: Any) -> None:
    assert run.get_status() == "NotStarted"
    session.tell(run.id, started("first-1"), e.AttemptRunning("first-1", at(1)))
    assert run.get_status() == "Running"
    session.tell(
        run.id,
        e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2)),
        e.StepReused("second-1", "other.second-1"),
    )
    session.end(run.id)
    assert run.get_status() == "Finished"


def test_a_pipeline_run_may_end_canceled(session: FakeSession, run: Any) -> None:
    cancel(session, run)
    assert (run.get_status(), run.get_details()["status"]) == ("Canceled", "Canceled")


def test_a_step_run_goes_from_not_started_over_queued_and_running_to_finished(session: FakeSession, run: Any) -> None:
    (first,) = run.find_step_run("first")
    words = [first.get_status()]
    for event in (
        started("first-1"),
        e.AttemptRunning("first-1", at(1)),
        e.StepSucceeded(key="first-1", attempt=1, started=at(1), ended=at(2)),
    ):
        session.tell(run.id, event)
        words.append(first.get_status())
    assert words == ["NotStarted", "Queued", "Running", "Finished"]


def test_a_step_that_can_no_longer_start_is_canceled(session: FakeSession, run: Any) -> None:
    fail(session, run)
    assert {step.name: step.get_status() for step in run.get_steps()} == {"first": "Failed", "second": "Canceled"}


def test_details_say_completed_where_the_status_says_finished(session: FakeSession, run: Any) -> None:
    succeed(session, run)
    (first,) = run.find_step_run("first")
    assert (run.get_status(), first.get_status()) == ("Finished", "Finished")
    assert (run.get_details()["status"], first.get_details()["status"]) == ("Completed", "Completed")


def test_a_failed_run_and_step_say_failed_everywhere(session: FakeSession, run: Any) -> None:
    fail(session, run)
    (first,) = run.find_step_run("first")
    assert [run.get_status(), run.get_details()["status"]] == ["Failed"] * 2
    assert [first.get_status(), first.get_details()["status"]] == ["Failed"] * 2


def test_waiting_for_a_pipeline_returns_the_status_word(session: FakeSession, run: Any) -> None:
    succeed(session, run)
    assert run.wait_for_completion(show_output=False) == "Finished"


def test_waiting_for_a_step_returns_the_status_word(session: FakeSession, run: Any) -> None:
    succeed(session, run)
    (first,) = run.find_step_run("first")
    assert first.wait_for_completion(show_output=False) == "Finished"


def test_a_waiter_leaves_at_every_word_but_those_of_a_run_under_way(session: FakeSession, run: Any) -> None:
    assert run.wait_for_completion(show_output=False, timeout_seconds=0) == "NotStarted"
    cancel(session, run)
    assert run.wait_for_completion(show_output=False) == "Canceled"


def test_a_failure_raises_unless_told_not_to(session: FakeSession, run: Any) -> None:
    fail(session, run)
    with pytest.raises(ActivityFailedException):
        run.wait_for_completion(show_output=False)
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"


def test_the_exception_of_a_failure_has_the_steps_last_lines(session: FakeSession, run: Any) -> None:
    fail(session, run)
    with pytest.raises(ActivityFailedException, match="KeyError: 'x'"):
        run.wait_for_completion(show_output=False)


def test_ctrl_c_ends_the_waiting_and_not_the_run(
    session: FakeSession, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "wait", interrupt)
    with pytest.raises(ExperimentExecutionException, match="goes on"):
        run.wait_for_completion(show_output=False)
    assert session.canceled == []


def test_a_script_run_ends_completed_and_waiting_for_it_returns_its_details(plain: dict[str, Any]) -> None:
    assert isinstance(plain["waited"], dict), plain["waited"]
    assert plain["waited"]["status"] == plain["status"] == "Completed"
    assert plain["type"] != "PipelineRun"


def test_a_script_run_that_fails_raises_unless_told_not_to(plain: dict[str, Any]) -> None:
    assert plain["failed"].startswith("ActivityFailedException")
    assert "the data are odd" in plain["failed"]
    assert plain["unraised"] == "Failed"


def test_an_interactive_run_is_running_until_completed(plain: dict[str, Any]) -> None:
    assert plain["logged"] == ["Running", "Completed", {"accuracy": 0.5}]
