"""A lone script as a run: v1's plain Run."""

from __future__ import annotations

import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.runs import records
from runner.sdk import CondaDependencies, Environment, Experiment, Run, ScriptRunConfig, Workspace
from runner.sdk.base.exceptions import ActivityFailedException
from runner.sdk.runs.script_run import ScriptRun
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession, lines


@pytest.fixture
def run(ws: Workspace) -> ScriptRun:
    environment = Environment("packages")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["requests"])
    config = ScriptRunConfig(".", "a.py", ["--x", 1], environment=environment)
    made = Experiment(ws, "e").submit(config, tags={"t": 1})
    assert isinstance(made, ScriptRun)
    return made


def begin(session: FakeSession, run: ScriptRun) -> None:
    session.tell(run.id, started("a-py-1"), e.AttemptRunning("a-py-1", at(1)))


def finish(session: FakeSession, run: ScriptRun) -> None:
    begin(session, run)
    session.tell(run.id, e.StepSucceeded(key="a-py-1", attempt=1, started=at(1), ended=at(2)))
    session.end(run.id)


def test_it_speaks_of_completion(session: FakeSession, run: ScriptRun) -> None:
    words = [run.get_status()]
    session.tell(run.id, started("a-py-1"))
    words.append(run.get_status())
    session.tell(run.id, e.AttemptRunning("a-py-1", at(1)))
    words.append(run.get_status())
    session.tell(run.id, e.StepSucceeded(key="a-py-1", attempt=1, started=at(1), ended=at(2)))
    session.end(run.id)
    assert [*words, run.get_status()] == ["NotStarted", "Queued", "Running", "Completed"]
    assert run.type == "azureml.scriptrun"


def test_waiting_returns_the_details_and_shows_the_log(
    session: FakeSession, run: ScriptRun, capsys: pytest.CaptureFixture[str]
) -> None:
    finish(session, run)
    session.store.put(f"{TaskId(run.id, 'a-py-1').logs}00000001.txt", b"one\ntwo")
    details = run.wait_for_completion(show_output=True)
    assert (details["runId"], details["status"], details["target"]) == (run.id, "Completed", "")
    assert capsys.readouterr().out.splitlines() == [f"Run {run.id}: Completed", "one", "two"]
    run.wait_for_completion()
    assert capsys.readouterr().out == ""


def test_a_failure_raises_with_the_last_lines(session: FakeSession, run: ScriptRun) -> None:
    begin(session, run)
    session.tell(
        run.id,
        e.StepFailed(key="a-py-1", failure=Failure.USER, reason="it ended with 1", exit_code=1, tail="ValueError: no"),
    )
    session.end(run.id, RunStatus.FAILED)
    with pytest.raises(ActivityFailedException, match="ValueError: no"):
        run.wait_for_completion()
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert details["error"] == {"error": {"code": "UserError", "message": "it ended with 1\nValueError: no"}}


def test_it_shows_what_its_script_reported(session: FakeSession, run: ScriptRun) -> None:
    finish(session, run)
    task = TaskId(run.id, "a-py-1")
    session.store.put(task.reports + "metrics.jsonl", lines({"name": "m", "value": 1, "kind": "scalar"}))
    session.store.put(task.artifacts + "outputs/m.pkl", b"m")
    run.log("late", 2)
    assert run.get_metrics() == {"m": 1, "late": 2}
    assert run.tags == {"t": "1"}
    assert run.get_file_names() == ["outputs/m.pkl", "user_logs/std_log.txt"]
    assert run.register_model("model", "outputs/m.pkl").run_id == run.id


def test_what_ran(run: ScriptRun, ws: Workspace) -> None:
    definition = run.get_details()["runDefinition"]
    assert isinstance(definition, dict)
    assert (definition["script"], definition["arguments"]) == ("a.py", ["--x", "1"])
    assert definition["environment"]["name"] == "packages"
    environment = run.get_environment()
    conda = environment.python.conda_dependencies
    assert environment.name == "packages"
    assert conda is not None
    assert list(conda.pip_packages) == ["requests"]
    assert isinstance(Run.get(ws, run.id), ScriptRun)
    assert isinstance(Run(Experiment(ws, "e"), run.id), ScriptRun)


def test_a_lone_script_is_always_run(session: FakeSession, run: ScriptRun) -> None:
    assert session.requests[-1].regenerate_outputs
    assert session.requests[-1].kind == "script"


def test_a_driver_may_fail_it(session: FakeSession, run: ScriptRun) -> None:
    """v1 refuses this of pipeline and step runs alone."""
    begin(session, run)
    run.fail(error_details="by hand", error_code="Mine")
    assert session.canceled == [run.id]
    assert run.get_status() == "Failed"
    session.tell(run.id, e.CancelRequested(), e.StepCanceled("a-py-1"))
    session.end(run.id, RunStatus.CANCELED)
    assert run.get_status() == "Failed"
    assert run.get_details()["error"] == {"error": {"code": "UserError", "message": "Mine: by hand"}}
    with pytest.raises(ActivityFailedException):
        run.wait_for_completion()


def test_what_is_over_stays_as_it_ended(session: FakeSession, run: ScriptRun) -> None:
    finish(session, run)
    run.fail("too late")
    assert (run.get_status(), session.canceled) == ("Completed", [])


def test_a_driver_may_complete_it_and_make_children_of_it(session: FakeSession, run: ScriptRun) -> None:
    begin(session, run)
    run.complete()
    assert run.get_status() == "Running"
    child = run.child_run("c")
    assert [found.id for found in run.get_children()] == [child.id]


def test_a_run_is_not_running_once_it_has_been_canceled(session: FakeSession, run: ScriptRun) -> None:
    begin(session, run)
    records.cancel(session.store, run.id)
    assert run.get_status() == "CancelRequested"
    session.tell(run.id, e.CancelRequested(), e.StepCanceled("a-py-1"))
    session.end(run.id, RunStatus.CANCELED)
    assert run.get_status() == "Canceled"
