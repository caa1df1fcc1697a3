"""PublishedPipeline: what is kept, and what a submission of it asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath
from runner.operations.published import pipelines
from runner.operations.values import ServerFacts
from runner.sdk import (
    DataPath,
    DataPathComputeBinding,
    Dataset,
    DatasetConsumptionConfig,
    Datastore,
    Experiment,
    Pipeline,
    PipelineParameter,
    PipelineRun,
    PublishedPipeline,
    PythonScriptStep,
    Workspace,
)
from runner.sdk.base.exceptions import PipelineInvalid, UserErrorException
from tests.support.fake_session import FakeSession


@pytest.fixture
def pipeline(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("print()\n")
    place = PipelineParameter("place", DataPath(Datastore(ws), "in/1"))
    data = (place, DataPathComputeBinding())
    rounds = PipelineParameter("rounds", 3)
    step = PythonScriptStep("a.py", name="one", arguments=[data, rounds], inputs=[data], compute_target="cpu")
    return Pipeline(ws, [step], description="of the pipeline")


def test_the_record_has_what_was_said(ws: Workspace, pipeline: Pipeline) -> None:
    made = pipeline.publish(name="nightly", description="d", version="7", continue_on_step_failure=True)
    assert (made.name, made.description, made.version, made.status) == ("nightly", "d", "7", "Active")
    assert made.continue_on_step_failure
    assert (made.total_run_steps, made.get_step_names()) == (1, ["one"])
    assert made.get_graph().params == {"rounds": 3}
    found = PublishedPipeline.get(ws, id=made.id)
    assert found == made
    assert hash(found) == hash(made)
    assert found.record == made.record
    assert PublishedPipeline.list(ws) == PublishedPipeline.get_all(ws) == [made]


def test_what_is_not_said(pipeline: Pipeline) -> None:
    made = pipeline.publish()
    assert (made.name, made.version, made.description) == ("pipeline", None, "of the pipeline")
    assert not made.continue_on_step_failure


def test_a_version_may_be_a_number(pipeline: Pipeline) -> None:
    assert pipeline.publish("nightly", version=20).version == "20"  # type: ignore[arg-type]


def test_ids_and_urls(pipeline: Pipeline) -> None:
    made = pipeline.publish("nightly")
    assert made.endpoint == f"http://127.0.0.1:8270/pipelines/v1.0/PipelineRuns/PipelineSubmit/{made.id}"
    assert [len(part) for part in made.graph_id.split("-")] == [8, 4, 4, 4, 12]
    assert pipeline.publish("other").graph_id == made.graph_id


def test_a_submission_has_values_and_options(ws: Workspace, session: FakeSession, pipeline: Pipeline) -> None:
    made = pipeline.publish("nightly")
    run = made.submit(
        ws, "e", {"rounds": 4, "place": DataPath(Datastore(ws), "in/2")}, parent_run_id="p", regenerate_outputs=True
    )
    assert isinstance(run, PipelineRun)
    request = session.requests[-1]
    assert (request.experiment, request.parameters, request.parent) == ("e", {"rounds": 4}, "p")
    assert (request.published, request.regenerate_outputs) == (made.id, True)
    assert run.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "in/2")
    assert run.properties["azureml.pipelineid"] == made.id
    assert run.get_details()["properties"] == run.get_properties()


@pytest.mark.parametrize(
    ("published", "asked", "meant"), [(True, None, True), (True, False, False), (None, None, False), (None, True, True)]
)
def test_continue_on_step_failure_is_that_of_the_submission_else_of_the_publication(
    ws: Workspace, session: FakeSession, pipeline: Pipeline, published: bool | None, asked: bool | None, *, meant: bool
) -> None:
    pipeline.publish(continue_on_step_failure=published).submit(ws, "e", continue_on_step_failure=asked)
    assert session.requests[-1].continue_on_step_failure is meant


def test_an_experiment_submits_it_with_tags(ws: Workspace, session: FakeSession, pipeline: Pipeline) -> None:
    made = pipeline.publish("nightly")
    experiment = Experiment(ws, "e")
    experiment.archive()
    run = experiment.submit(made, tags={"build": 7}, pipeline_parameters={"rounds": 1}, unknown="ignored")
    assert run.get_tags() == {"build": "7"}
    assert session.requests[-1].parameters == {"rounds": 1}
    assert experiment.archived_time is None


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"round": 1}, ["'round'", "did you mean 'rounds'"]),
        ({"rounds": "1"}, ["'rounds' is a int", "pass a int"]),
        ({"rounds": 1.5}, ["'rounds' is a int"]),
        ({"place": "in/2"}, ["'place' stands for a DataPath"]),
        ({"place": 1, "round": 1}, ["'place'", "'round'"]),
        ({"rounds": [1]}, ["'rounds' cannot be a list"]),
        ([1], ["pipeline_parameters is a dict"]),
        ("rounds=1", ["pipeline_parameters is a dict"]),
    ],
)
def test_wrong_parameters_start_nothing(
    ws: Workspace, session: FakeSession, pipeline: Pipeline, parameters: object, words: list[str]
) -> None:
    made = pipeline.publish("nightly")
    with pytest.raises(BadInput) as caught:
        made.submit(ws, "e", parameters)  # type: ignore[arg-type]
    assert all(word in str(caught.value) for word in words), caught.value
    assert session.requests == []


@pytest.mark.parametrize("method", ["disable", "archive"])
def test_an_inactive_one_is_not_run_or_listed(
    ws: Workspace, session: FakeSession, pipeline: Pipeline, method: str
) -> None:
    made, other = pipeline.publish("nightly"), pipeline.publish("other")
    known_before = PublishedPipeline.get(ws, made.id)
    getattr(made, method)()
    for stale in (made, known_before):
        with pytest.raises(UserErrorException, match=r"'nightly'.*(disabled|archived)"):
            stale.submit(ws, "e")
    assert session.requests == []
    assert PublishedPipeline.list(ws) == [other]
    assert len(PublishedPipeline.list(ws, active_only=False)) == 2
    made.enable()
    assert known_before.submit(ws, "e").id in session.views


@pytest.mark.parametrize(
    "ask", [lambda ws: PublishedPipeline.get(ws, "x"), lambda ws: PublishedPipeline.get(ws, "../pipelines")]
)
def test_an_unknown_id(ws: Workspace, ask: Callable[[Workspace], object]) -> None:
    with pytest.raises(UserErrorException, match="no published pipeline") as caught:
        ask(ws)
    assert caught.value.problems[0].remedy


def test_a_run_is_published_with_the_values_that_it_had(
    ws: Workspace, session: FakeSession, pipeline: Pipeline
) -> None:
    run = pipeline.submit("e", {"rounds": 9, "place": DataPath(Datastore(ws), "in/9")}, continue_on_step_failure=True)
    made = run.publish_pipeline(name="good", description="d", version="1")
    assert (made.name, made.version, made.record.origin) == ("good", "1", run.id)
    assert made.continue_on_step_failure
    again = made.submit(ws, "e")
    assert again.view.plan.parameters == {"rounds": 9}
    assert again.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "in/9")
    assert not run.publish_pipeline("b", None, None, continue_on_step_failure=False).continue_on_step_failure
    assert pipelines.get(session.store, made.id) == made.record


@pytest.mark.parametrize("named", [False, True])
def test_a_dataset_is_a_value_by_itself_or_as_a_named_input(
    ws: Workspace, session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("print()\n")
    store = Datastore(ws)
    one, two = (Dataset.File.from_files((store, f"in/{number}"), validate=False) for number in (1, 2))
    data = DatasetConsumptionConfig("data", PipelineParameter("files", one)).as_mount()
    made = Pipeline(ws, [PythonScriptStep("a.py", inputs=[data], compute_target="cpu")]).publish("nightly")
    run = made.submit(ws, "e", {"files": two.as_named_input("other") if named else two})
    (given,) = run.view.plan.steps[0].inputs
    assert isinstance(given.source, DatasetDefinition)
    assert (given.name, given.parameter, given.source.bare) == ("data", "files", two.definition.bare)
    tabular = Dataset.Tabular.from_delimited_files((store, "in/3"), validate=False)
    with pytest.raises(PipelineInvalid, match="FileDataset"):
        made.submit(ws, "e", {"files": tabular})
    assert len(session.requests) == 1


def test_what_a_notebook_shows_is_escaped(pipeline: Pipeline) -> None:
    made = pipeline.publish('<script>alert("x")</script>')
    assert "<script>" not in made._repr_html_()
    assert "&lt;script&gt;" in made._repr_html_()
    assert str(made).startswith('Pipeline(Name: <script>alert("x")</script>,\nId: ')


def test_text_of_a_name_cannot_move_the_cursor(ws: Workspace, pipeline: Pipeline) -> None:
    record = pipeline.publish("nightly").record
    made = PublishedPipeline(ws, record.__class__(**{**vars(record), "name": "a\x1b[2Jb"}))
    assert "\x1b" not in repr(made)


def test_a_url_without_its_last_slash(
    session: FakeSession, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSession, "server_facts", lambda _: ServerFacts("https://runs.example/"))
    assert session.server_facts().url == "https://runs.example/"
    assert pipeline.publish("n").endpoint.startswith("https://runs.example/pipelines/v1.0/")
