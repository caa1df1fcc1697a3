"""Facts of v1 about schedules."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.model.data import DatastorePath
from runner.model.occurrences import next_due
from runner.operations.published import firing
from tests.support.fake_session import FakeSession


@pytest.fixture
def published(ws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from azureml.data.datapath import DataPath, DataPathComputeBinding
    from azureml.pipeline.core import Pipeline, PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print()\n")
    files = PipelineParameter("input_data", DataPath(ws.get_default_datastore(), "in/first"))
    data = (files, DataPathComputeBinding(mode="mount"))
    step = PythonScriptStep("train.py", arguments=[data], inputs=[data], compute_target="cpu")
    return Pipeline(ws, [step]).publish(name="training")


def test_a_schedule_is_created_listed_changed_and_disabled(ws: Any, published: Any) -> None:
    from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence

    recurrence = ScheduleRecurrence(frequency="Day", interval=2, start_time="2099-01-01T22:30:00")
    made = Schedule.create(
        workspace=ws, name="My_Schedule", pipeline_id=published.id, experiment_name="e", recurrence=recurrence,
        wait_for_provisioning=True, description="d",
    )  # fmt: skip
    assert (made.name, made.status, made.pipeline_id) == ("My_Schedule", "Active", published.id)
    assert [one.id for one in Schedule.list(ws)] == [made.id]
    assert Schedule.get(ws, made.id).recurrence.interval == 2
    assert made.get_last_pipeline_run() is None
    made.update(name="other", recurrence=ScheduleRecurrence("Month", 1, "2099-01-01T09:00:00"))
    assert (made.name, made.recurrence.frequency) == ("other", "Month")
    made.disable(wait_for_provisioning=True)
    assert (Schedule.get(ws, made.id).status, Schedule.list(ws)) == ("Disabled", [])
    made.enable(wait_for_provisioning=True)
    assert made.status == "Active"


@pytest.mark.parametrize(
    "arguments",
    [
        {"frequency": "Hour", "interval": 1, "hours": [1]},
        {"frequency": "Month", "interval": 1, "minutes": [1]},
        {"frequency": "Day", "interval": 1, "week_days": ["Monday"]},
        {"frequency": "Day", "interval": 0},
        {"frequency": "Year", "interval": 1},
        {"frequency": "Day", "interval": 1, "hours": [24]},
        {"frequency": "Week", "interval": 1, "week_days": ["Mo"]},
    ],
    ids=str,
)
def test_a_wrong_recurrence_is_a_value_error(ws: Any, published: Any, arguments: dict[str, Any]) -> None:
    from azureml.pipeline.core import Schedule, ScheduleRecurrence

    made = ScheduleRecurrence(**arguments)
    with pytest.raises(ValueError, match="do:"):
        made.validate()
    with pytest.raises(ValueError, match="do:"):
        Schedule.create(ws, "s", published.id, "e", recurrence=made)
    assert Schedule.list(ws, active_only=False) == []


def test_without_a_start_the_first_run_is_at_once(ws: Any, published: Any) -> None:
    from azureml.pipeline.core import Schedule, ScheduleRecurrence

    made = Schedule.create(ws, "s", published.id, "e", recurrence=ScheduleRecurrence("Hour", 12))
    assert made.get_last_pipeline_run().experiment.name == "e"


def test_a_start_in_the_past_waits_for_the_next_due_time(ws: Any, published: Any) -> None:
    from azureml.pipeline.core import Schedule, ScheduleRecurrence

    past = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(hours=5, minutes=30)
    recurrence = ScheduleRecurrence("Hour", 1, start_time=past)
    made = Schedule.create(ws, "s", published.id, "e", recurrence=recurrence)
    assert made.get_last_pipeline_run() is None


def test_a_start_that_is_a_due_time_counts(ws: Any, published: Any) -> None:
    from azureml.pipeline.core import Schedule, ScheduleRecurrence

    recurrence = ScheduleRecurrence("Week", 1, "2099-01-02T09:00:00", week_days=["Friday"], time_of_day="09:00")
    made = Schedule.create(ws, "s", published.id, "e", recurrence=recurrence)
    start = datetime(2099, 1, 2, 9, tzinfo=timezone.utc)
    assert next_due(made.record.recurrence, start - timedelta(days=30)) == [start]


def test_a_changed_file_goes_to_the_parameter(ws: Any, published: Any, session: FakeSession) -> None:
    from azureml.pipeline.core import Schedule

    made = Schedule.create(
        ws, name="s", pipeline_id=published.id, experiment_name="e", datastore=ws.get_default_datastore(),
        polling_interval=1, data_path_parameter_name="input_data", path_on_datastore="incoming",
    )  # fmt: skip
    session.store.put("incoming/deep/b.csv", b"1")
    assert firing.fire(session, made.record) == []
    session.store.put("incoming/a.csv", b"1")
    firing.fire(session, made.record)
    run = made.get_last_pipeline_run()
    assert run.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "incoming/a.csv")
