"""PipelineDraft: what it keeps, what it runs, and what it publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.data import DatastorePath
from runner.sdk import (
    DataPath,
    DataPathComputeBinding,
    Datastore,
    Experiment,
    Pipeline,
    PipelineDraft,
    PipelineParameter,
    PythonScriptStep,
    Workspace,
)
from runner.sdk.base.exceptions import PipelineInvalid, SnapshotException, UserErrorException
from tests.support.fake_session import FakeSession


@pytest.fixture
def pipeline(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("print()\n")
    place = PipelineParameter("place", DataPath(Datastore(ws), "in/1"))
    data = (place, DataPathComputeBinding())
    step = PythonScriptStep(
        "a.py", arguments=[data, PipelineParameter("rounds", 3)], inputs=[data], compute_target="cpu"
    )
    return Pipeline(ws, [step])


def test_options_that_are_not_given(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineDraft.create(ws, pipeline)
    assert (made.name, made.description, made.experiment_name) == ("draft", "", "default")
    assert (made.tags, made.properties, made.continue_on_step_failure) == ({}, {}, False)
    assert made.pipeline_parameters == made.get_graph().params == {"rounds": 3}
    assert PipelineDraft.get(ws, made.id).record == made.record


def test_values_of_data_are_those_of_its_runs_and_of_what_is_published(
    ws: Workspace, session: FakeSession, pipeline: Pipeline
) -> None:
    values = {"rounds": 4, "place": DataPath(Datastore(ws), "in/2")}
    made = PipelineDraft.create(ws, pipeline, experiment_name="e", pipeline_parameters=values)
    run = made.submit()
    assert run.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "in/2")
    assert session.requests[-1].parameters == {"rounds": 4}
    published = made.publish()
    assert published.get_graph().params == {"rounds": 4}
    again = published.submit(ws, "e")
    assert again.view.plan.steps[0].inputs[0].source == DatastorePath("workspaceblobstore", "in/2")


def test_an_experiment_submits_a_draft_with_more_values(
    ws: Workspace, session: FakeSession, pipeline: Pipeline
) -> None:
    made = PipelineDraft.create(ws, pipeline, tags={"a": "b"}, continue_on_step_failure=True)
    Experiment(ws, "other").submit(made, tags={"c": "d"}, pipeline_parameters={"rounds": 9})
    request = session.requests[-1]
    assert (request.experiment, request.parameters) == ("other", {"rounds": 9})
    assert (request.tags, request.continue_on_step_failure) == ({"a": "b", "c": "d"}, True)
    Experiment(ws, "other").submit(made, continue_on_step_failure=False)
    assert not session.requests[-1].continue_on_step_failure


def test_it_is_made_of_a_published_pipeline_or_of_a_run(ws: Workspace, pipeline: Pipeline) -> None:
    published = pipeline.publish("nightly")
    of_published = PipelineDraft.create(ws, published)
    assert of_published.record.plan == published.record.plan
    run = pipeline.submit("e", {"rounds": 7})
    assert PipelineDraft.create(ws, run).pipeline_parameters == {"rounds": 7}
    of_published.update(pipeline=run, continue_on_step_failure=True)
    assert (of_published.pipeline_parameters, of_published.continue_on_step_failure) == ({"rounds": 7}, True)


def test_lists_by_a_key(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineDraft.create(ws, pipeline, tags={"team": 1})
    assert [one.id for one in PipelineDraft.list(ws, tags="team")] == [made.id]
    assert [one.id for one in PipelineDraft.list(ws, tags={"team": 1})] == [made.id]
    assert PipelineDraft.list(ws, tags="other") == []
    with pytest.raises(UserErrorException, match="a key or a dict, not a int"):
        PipelineDraft.list(ws, tags=1)


def test_a_clone_has_everything_and_a_life_of_its_own(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineDraft.create(ws, pipeline, name="n", tags={"a": "b"}, pipeline_parameters={"rounds": 4})
    other = PipelineDraft.clone(ws, made)
    made.delete()
    assert (other.name, other.tags, other.pipeline_parameters) == ("n", {"a": "b"}, {"rounds": 4})
    assert [one.id for one in PipelineDraft.list(ws)] == [other.id]
    with pytest.raises(UserErrorException, match="no pipeline draft"):
        PipelineDraft.clone(ws, made)


@pytest.mark.parametrize(
    ("values", "said"),
    [({"round": 1}, "did you mean 'rounds'"), ({"rounds": "1"}, "pass a int"), ({"place": "in/2"}, "DataPath")],
)
def test_wrong_values_make_and_change_nothing(
    ws: Workspace, session: FakeSession, pipeline: Pipeline, values: dict[str, object], said: str
) -> None:
    with pytest.raises(PipelineInvalid, match=said):
        PipelineDraft.create(ws, pipeline, pipeline_parameters=values)
    assert PipelineDraft.list(ws) == []
    made = PipelineDraft.create(ws, pipeline)
    with pytest.raises(PipelineInvalid, match=said):
        made.update(name="other", pipeline_parameters=values)
    assert PipelineDraft.get(ws, made.id).record == made.record
    with pytest.raises(PipelineInvalid, match=said):
        Experiment(ws, "e").submit(made, pipeline_parameters=values)
    assert session.requests == []


def test_other_things_cannot_become_drafts(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="a str cannot become a draft"):
        PipelineDraft.create(ws, "pipeline")


def test_a_deleted_draft_is_not_run_changed_or_published(
    ws: Workspace, session: FakeSession, pipeline: Pipeline
) -> None:
    made = PipelineDraft.create(ws, pipeline)
    made.delete()
    for ask in (made.submit_run, made.publish, made.delete, lambda: made.update(name="n")):
        with pytest.raises(UserErrorException, match="no pipeline draft"):
            ask()
    with pytest.raises(UserErrorException, match=r"PipelineDraft\.list"):
        PipelineDraft.get(ws, made.id)
    assert session.requests == []


def test_a_folder_that_cannot_be_stored(ws: Workspace, pipeline: Pipeline) -> None:
    Path("everything").symlink_to("/")
    with pytest.raises(SnapshotException, match="everything"):
        PipelineDraft.create(ws, pipeline)
    assert PipelineDraft.list(ws) == []


def test_what_a_notebook_shows_is_escaped(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineDraft.create(ws, pipeline, name="<b>")
    assert "<td>&lt;b&gt;</td>" in made._repr_html_()
    assert str(made).startswith("PipelineDraft(Name: <b>,\nId: ")
