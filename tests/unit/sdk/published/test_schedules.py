"""Schedule: what is stored and put in place, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from runner.data import retention
from runner.errors import BadInput, StoreUnreachable, TargetUnreachable
from runner.model.data import DatastorePath
from runner.model.firing import Firing, FiringState
from runner.model.names import computed_run_id
from runner.model.schedule import DatastoreTrigger, ScheduleRecord
from runner.operations.published import drafts, firing, schedule_history, schedules
from runner.sdk import (
    DataPath,
    DataPathComputeBinding,
    Datastore,
    Pipeline,
    PipelineDraft,
    PipelineEndpoint,
    PipelineParameter,
    PublishedPipeline,
    PythonScriptStep,
    Schedule,
    ScheduleRecurrence,
    Workspace,
)
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from runner.sdk.base.refused_in_step import RefusedInStep
from tests.support.fake_session import FakeSession

LATER = ScheduleRecurrence("Day", 1, start_time="2099-01-01T09:00:00")


@pytest.fixture
def published(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublishedPipeline:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("print()\n")
    place = PipelineParameter("place", DataPath(Datastore(ws), "in/1"))
    data = (place, DataPathComputeBinding())
    rounds = PipelineParameter("rounds", 3)
    step = PythonScriptStep("a.py", name="one", arguments=[data, rounds], inputs=[data], compute_target="cpu")
    return Pipeline(ws, [step]).publish("nightly")


def test_a_schedule_has_what_was_said(ws: Workspace, session: FakeSession, published: PublishedPipeline) -> None:
    made = Schedule.create(
        ws, "s", published.id, "e", LATER, "d", {"rounds": 5}, wait_for_provisioning=True, continue_on_step_failure=True
    )
    assert (made.name, made.description, made.status, made.pipeline_id) == ("s", "d", "Active", published.id)
    assert (made.pipeline_endpoint_id, made.datastore_name, made.polling_interval) == (None, None, None)
    assert (made.path_on_datastore, made.data_path_parameter_name) == (None, None)
    assert made.continue_on_step_failure is True
    assert made.recurrence == LATER
    assert made.record.values.scalars == {"rounds": 5}
    assert Schedule.get(ws, made.id) == made
    assert len({made, Schedule.get(ws, made.id)}) == 1
    assert session.placed == [made.record]
    assert session.requests == []
    assert made.get_last_pipeline_run() is None
    assert made.get_pipeline_runs() == []
    assert f"Id: {made.id}" in repr(made)
    assert "<td>s</td>" in made._repr_html_()


def test_a_recurrence_without_a_start_fires_at_once(
    ws: Workspace, session: FakeSession, published: PublishedPipeline
) -> None:
    made = Schedule.create(
        ws, "s", published.id, "e", ScheduleRecurrence("Hour", 12), pipeline_parameters={"rounds": 5}
    )
    last = made.get_last_pipeline_run()
    assert last is not None
    assert [run.id for run in made.get_pipeline_runs()] == [last.id]
    (request,) = session.requests
    assert (request.experiment, request.schedule, request.source) == ("e", made.id, "Schedule")
    assert request.parameters == {"rounds": 5}
    assert last.experiment.name == "e"


def test_one_with_hours_waits_for_them(ws: Workspace, session: FakeSession, published: PublishedPipeline) -> None:
    now = session.store.now()
    Schedule.create(ws, "s", published.id, "e", ScheduleRecurrence("Day", 1, hours=[(now.hour + 12) % 24]))
    assert session.requests == []


def test_changes(ws: Workspace, session: FakeSession, published: PublishedPipeline) -> None:
    made = Schedule.create(ws, "s", published.id, "e", LATER, pipeline_parameters={"rounds": 5})
    other = ScheduleRecurrence("Week", 2, start_time="2099-01-01T09:00:00", week_days=["Friday"])
    made.update(name="t", description="d", recurrence=other, pipeline_parameters={}, status="Disabled")
    assert (made.name, made.description, made.recurrence, made.status) == ("t", "d", other, "Disabled")
    assert made.record.values.scalars == {"rounds": 5}
    assert Schedule.list(ws) == []
    assert Schedule.list(ws, active_only=False) == Schedule.get_all(ws, active_only=False) == [made]
    made.enable(wait_for_provisioning=True, wait_timeout=3600)
    assert Schedule.list(ws, pipeline_id=published.id) == [made]
    assert Schedule.list(ws, pipeline_id="x") == []
    assert Schedule.get_schedules_for_pipeline_id(ws, published.id) == [made]
    made.disable(wait_for_provisioning=True)
    assert [record.status.value for record in session.placed] == ["Active", "Disabled", "Active", "Disabled"]


def test_an_endpoint_has_schedules_too(ws: Workspace, published: PublishedPipeline) -> None:
    endpoint = PipelineEndpoint.publish(ws, "nightly", "d", published)
    made = Schedule.create_for_pipeline_endpoint(ws, "s", endpoint.id, "e", recurrence=LATER)
    assert (made.pipeline_id, made.pipeline_endpoint_id) == (None, endpoint.id)
    assert Schedule.list(ws, pipeline_endpoint_id=endpoint.id) == [made]
    assert Schedule.get_schedules_for_pipeline_endpoint_id(ws, endpoint.id) == [made]


def test_a_schedule_of_files(ws: Workspace, session: FakeSession, published: PublishedPipeline) -> None:
    session.store.put("in/old.csv", b"1")
    made = Schedule.create(
        ws, "s", published.id, "e", datastore=Datastore(ws), path_on_datastore="/in/", data_path_parameter_name="place",
        polling_interval=1,
    )  # fmt: skip
    assert made.record.trigger == DatastoreTrigger(
        datastore="workspaceblobstore", path="in", polling_minutes=1, parameter="place"
    )
    assert (made.recurrence, made.datastore_name, made.polling_interval) == (None, "workspaceblobstore", 1)
    assert (made.path_on_datastore, made.data_path_parameter_name) == ("in", "place")
    session.store.put("in/new.csv", b"1")
    firing.fire(session, made.record)
    last = made.get_last_pipeline_run()
    assert last is not None
    assert last.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "in/new.csv")
    made.update(polling_interval=10, path_on_datastore="other")
    assert (made.polling_interval, made.path_on_datastore, made.data_path_parameter_name) == (10, "other", "place")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda ws, _: Schedule.create(ws, "s", "x", "e", LATER), ["no published pipeline of id 'x'"]),
        (lambda ws, _: Schedule.create_for_pipeline_endpoint(ws, "s", "x", "e", LATER), ["no pipeline endpoint"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e"), ["needs a recurrence or a datastore"]),
        (lambda ws, p: Schedule.create(ws, "", p.id, "", LATER), ["cannot name a schedule", "an experiment"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", cast("Any", "daily")), ["a str is no recurrence"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", ScheduleRecurrence("Day", 0)), ["interval is 0"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", LATER, datastore=Datastore(ws)), ["datastore and a rec"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", LATER, path_on_datastore="in"), ["path_on_datastore"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", datastore=cast("Any", "x")), ["a str is no datastore"]),
        (
            lambda ws, p: Schedule.create(ws, "s", p.id, "e", datastore=Datastore(ws), polling_interval=0),
            ["polling interval is 0"],
        ),
        (
            lambda ws, p: Schedule.create(
                ws, "s", p.id, "e", datastore=Datastore(ws), data_path_parameter_name="plase"
            ),
            ["no parameter 'plase'", "did you mean 'place'"],
        ),
        (
            lambda ws, p: Schedule.create(
                ws, "s", p.id, "e", datastore=Datastore(ws), data_path_parameter_name="rounds"
            ),
            ["'rounds'"],
        ),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", LATER, None, {"round": 1}), ["did you mean 'rounds'"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", LATER, None, {"rounds": "x"}), ["'rounds' is a int"]),
        (lambda ws, p: Schedule.create(ws, "s", p.id, "e", LATER, None, cast("Any", "rounds=1")), ["is a dict"]),
        (lambda ws, _: Schedule.get(ws, "x"), ["no schedule of id 'x'"]),
    ],
)
def test_what_cannot_be_creates_nothing(
    ws: Workspace,
    session: FakeSession,
    published: PublishedPipeline,
    ask: Callable[..., object],
    words: list[str],
) -> None:
    before = set(session.store.objects)
    with pytest.raises((UserErrorException, ValueError)) as caught:
        ask(ws, published)
    assert all(word in str(caught.value) for word in words), caught.value
    assert isinstance(caught.value, BadInput)
    assert (set(session.store.objects), session.placed) == (before, [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"datastore": "x"}, "has no datastore"),
        ({"polling_interval": 5}, "has no polling_interval"),
        ({"status": "Archived"}, "no status"),
        ({"recurrence": ScheduleRecurrence("Day", -1)}, "interval is -1"),
        ({"pipeline_parameters": {"round": 1}}, "did you mean 'rounds'"),
        ({"name": " "}, "cannot name"),
    ],
    ids=str,
)
def test_what_cannot_be_changes_nothing(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, change: dict[str, object], words: str
) -> None:
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    before = made.record
    with pytest.raises(BadInput, match=words):
        made.update(**change)  # type: ignore[arg-type]
    assert made.record == schedules.get(session.store, made.id) == before
    assert len(session.placed) == 1


def test_a_schedule_of_files_gets_no_recurrence(ws: Workspace, published: PublishedPipeline) -> None:
    made = Schedule.create(ws, "s", published.id, "e", datastore=Datastore(ws))
    with pytest.raises(ValueError, match="watches files"):
        made.update(recurrence=LATER)


def test_a_disabled_pipeline_gets_no_schedule(ws: Workspace, published: PublishedPipeline) -> None:
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    published.disable()
    with pytest.raises(UserErrorException, match="is disabled"):
        Schedule.create(ws, "t", published.id, "e", LATER)
    made.disable()
    with pytest.raises(UserErrorException, match="is disabled"):
        made.enable()
    assert made.status == "Disabled"


@pytest.mark.parametrize("error", [TargetUnreachable("no cluster"), KeyboardInterrupt()], ids=repr)
def test_one_that_could_not_be_put_in_place_stays_disabled(
    ws: Workspace, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(FakeSession, "place_schedule", Mock(side_effect=error))
    with pytest.raises(type(error)):
        Schedule.create(ws, "s", published.id, "e", LATER)
    assert [one.status for one in Schedule.list(ws, active_only=False)] == ["Disabled"]


def test_nobody_fires_one_before_it_is_in_place(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was killed there would leave a schedule that no timer fires."""
    seen: list[tuple[str, str]] = []

    def place_schedule(_session: FakeSession, record: ScheduleRecord) -> None:
        seen.append((record.status.value, schedules.get(session.store, record.id).status.value))

    monkeypatch.setattr(FakeSession, "place_schedule", place_schedule)
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    assert seen == [("Active", "Disabled")]
    assert schedules.get(session.store, made.id) == made.record
    assert made.status == "Active"


def test_one_that_no_pod_could_run_leaves_nothing(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(session.store.objects)
    monkeypatch.setattr(FakeSession, "place_schedule", Mock(side_effect=BadInput("no pod has the folder")))
    with pytest.raises(UserErrorException, match="no pod has"):
        Schedule.create(ws, "s", published.id, "e", LATER)
    with pytest.raises(UserErrorException, match="no pod has"):
        Schedule.create(ws, "s", published.id, "e", datastore=Datastore(ws), path_on_datastore="in")
    assert set(session.store.objects) == before


def test_a_first_run_that_cannot_be_submitted_is_told_and_fails_no_creation(
    ws: Workspace, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSession, "fire_schedule", Mock(side_effect=StoreUnreachable("no answer")))
    with pytest.warns(RuntimeWarning, match="'s' is created, and its first run could not be submitted now: no answer"):
        made = Schedule.create(ws, "s", published.id, "e", ScheduleRecurrence("Minute", 1))
    assert Schedule.list(ws) == [made]


def test_what_became_due_while_it_was_put_in_place_is_fired(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make an image takes minutes, and a timer starts nothing for the time before it existed."""
    at = datetime(2026, 11, 29, 8, 58, tzinfo=timezone.utc)
    clock = [at]

    def place_schedule(*_: object) -> None:
        clock[0] = at + timedelta(minutes=5)

    monkeypatch.setattr(session.store, "now", lambda: clock[0])
    monkeypatch.setattr(FakeSession, "place_schedule", place_schedule)
    Schedule.create(ws, "s", published.id, "e", ScheduleRecurrence("Day", 1, start_time="2026-01-01T09:00:00"))
    assert len(session.requests) == 1


def test_disabling_completes_what_a_killed_process_claimed(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its timer starts no other process that could."""
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    at = schedules.now(session.store)
    claim = Firing(due=at, state=FiringState.CLAIMED, run=computed_run_id(at, made.id), decided=at)
    assert schedule_history.claim(session.store, made.id, claim)
    with monkeypatch.context() as patch:
        patch.setattr(FakeSession, "fire_schedule", Mock(side_effect=StoreUnreachable("no answer")))
        with pytest.warns(
            RuntimeWarning, match="is disabled, and the run .* could not be submitted: no answer"
        ) as told:
            made.disable()
    assert told[0].filename == __file__
    assert schedules.get(session.store, made.id).status.value == "Disabled"
    made.disable()
    assert list(schedule_history.newest_first(session.store, made.id)) == [replace(claim, state=FiringState.SUBMITTED)]
    assert [run.id for run in made.get_pipeline_runs()] == [claim.run]
    made.disable()
    assert len(session.requests) == 1


def test_a_change_that_could_not_be_put_in_place_is_undone(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    before = made.record
    monkeypatch.setattr(FakeSession, "place_schedule", Mock(side_effect=TargetUnreachable("no cluster")))
    with pytest.raises(TargetUnreachable):
        made.update(recurrence=ScheduleRecurrence("Day", 1, start_time="2099-01-01T07:00:00"))
    assert schedules.get(session.store, made.id) == before
    with pytest.raises(TargetUnreachable):
        made.disable()
    assert schedules.get(session.store, made.id).status.value == "Disabled"
    with pytest.raises(TargetUnreachable):
        made.enable()
    assert schedules.get(session.store, made.id).status.value == "Disabled"


def test_a_run_that_is_being_deleted_gets_no_schedule(
    ws: Workspace, session: FakeSession, published: PublishedPipeline
) -> None:
    """As if `runner gc` had condemned it just before."""
    run = "20260102t030405678z-aaaaaaaaaaaaaaaa"
    session.store.put(f"runs/{run}/journal/00000001.json", b"{}")
    place = DataPath(Datastore(ws), f"azureml/{run}.a/out")
    session.store.put(f"azureml/{run}.a/out/x", b"1")
    made = Schedule.create(ws, "s", published.id, "e", LATER, None, {"place": place})
    plain = Schedule.create(ws, "t", published.id, "e", LATER)
    draft = PipelineDraft.create(ws, published, "d")
    retention.condemn(session.store, run)
    before = set(session.store.objects)
    with pytest.raises(UserErrorException, match="being deleted by runner gc"):
        Schedule.create(ws, "u", published.id, "e", LATER, None, {"place": place})
    with pytest.raises(UserErrorException, match="being deleted by runner gc"):
        PipelineDraft.create(ws, published, "e", pipeline_parameters={"place": place})
    assert set(session.store.objects) == before
    with pytest.raises(UserErrorException, match="being deleted by runner gc"):
        plain.update(pipeline_parameters={"place": place})
    with pytest.raises(UserErrorException, match="being deleted by runner gc"):
        draft.update(pipeline_parameters={"place": place})
    assert not schedules.get(session.store, plain.id).values.data
    assert not drafts.get(session.store, draft.id).values.data
    made.disable()
    assert made.status == "Disabled"


def test_a_step_makes_no_schedules(
    ws: Workspace, session: FakeSession, published: PublishedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Schedule.create(ws, "s", published.id, "e", LATER)
    before = set(session.store.objects)
    monkeypatch.setattr(session, "__class__", type("InStep", (RefusedInStep, FakeSession), {}))
    for ask in (made.disable, lambda: Schedule.create(ws, "t", published.id, "e", LATER)):
        with pytest.raises(NotOffered, match="inside a step"):
            ask()
    assert set(session.store.objects) == before


def test_a_file_of_v1(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        """
Schedule:
    description: "Test create with recurrence"
    recurrence:
        frequency: Week # Can be "Minute", "Hour", "Day", "Week", or "Month".
        interval: 1
        start_time: 2019-06-07T10:50:00
        time_zone: UTC
        hours:
        - 1
        minutes:
        - 0
        time_of_day: null
        week_days:
        - Friday
    pipeline_parameters: {'a': 1}
    wait_for_provisioning: True
    wait_timeout: 3600
    datastore_name: ~
    polling_interval: ~
    continue_on_step_failure: None
"""
    )
    found = Schedule.load_yaml(ws, str(tmp_path / "s.yaml"))
    expected = ScheduleRecurrence("Week", 1, "2019-06-07T10:50:00", "UTC", hours=[1], minutes=[0], week_days=["Friday"])
    assert found["recurrence"] == expected
    expected.validate()
    assert (found["description"], found["pipeline_parameters"]) == ("Test create with recurrence", {"a": 1})
    assert (found["wait_timeout"], found["datastore_name"], found["continue_on_step_failure"]) == (3600, None, None)
    (tmp_path / "d.yaml").write_text("Schedule:\n  datastore_name: workspaceblobstore\n  polling_interval: 7\n")
    data = Schedule.load_yaml(ws, str(tmp_path / "d.yaml"))
    assert isinstance(data["datastore_name"], Datastore)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1", "no mapping 'Schedule:'"),
        ("Schedule:\n  recurence: {}", "did you mean 'recurrence'"),
        ("Schedule:\n  recurrence: {interval: 1, frequenzy: Day}", "did you mean 'frequency'"),
        ("Schedule:\n  recurrence: daily", "'recurrence' is no mapping"),
        ("Schedule:\n  datastore_name: missing", "missing"),
        ("Schedule: [", "not YAML"),
    ],
)
def test_files_that_are_none(ws: Workspace, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(BadInput, match=words):
        Schedule.load_yaml(ws, str(tmp_path / "s.yaml"))
