"""Facts of v1 about published pipelines, endpoints and drafts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_session import FakeSession


@pytest.fixture
def pipeline(ws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from azureml.pipeline.core import Pipeline, PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print()\n")
    alpha = PipelineParameter(name="alpha", default_value=0.5)
    return Pipeline(ws, [PythonScriptStep("train.py", arguments=[alpha], compute_target="cpu")])


@pytest.fixture
def published(pipeline: Any) -> Any:
    return pipeline.publish(name="training", description="d", version="1")


@pytest.fixture
def endpoint(ws: Any, published: Any) -> Any:
    from azureml.pipeline.core import PipelineEndpoint

    return PipelineEndpoint.publish(workspace=ws, name="training", pipeline=published, description="e")


def test_publish_returns_the_published_pipeline(published: Any) -> None:
    assert (published.name, published.description, published.version) == ("training", "d", "1")
    assert published.status == "Active"
    assert published.continue_on_step_failure is False


def test_published_pipelines_may_share_name_and_version(ws: Any, pipeline: Any, published: Any) -> None:
    from azureml.pipeline.core import PublishedPipeline

    other = pipeline.publish(name="training", version="1")
    assert {p.id for p in PublishedPipeline.list(ws)} == {other.id, published.id}


def test_the_class_is_in_graph_too() -> None:
    from azureml.pipeline import core
    from azureml.pipeline.core import graph

    assert graph.PublishedPipeline is core.PublishedPipeline


def test_lists_have_active_ones_unless_told_otherwise(ws: Any, published: Any) -> None:
    from azureml.pipeline.core import PublishedPipeline

    published.disable()
    assert PublishedPipeline.get(ws, id=published.id).status == "Disabled"
    assert PublishedPipeline.list(ws) == []
    assert [p.id for p in PublishedPipeline.list(workspace=ws, active_only=False)] == [published.id]
    published.enable()
    assert [p.status for p in PublishedPipeline.list(ws)] == ["Active"]


def test_submit_takes_workspace_experiment_and_parameters(ws: Any, published: Any, session: FakeSession) -> None:
    run = published.submit(ws, "nightly", {"alpha": 0.1})
    assert type(run).__name__ == "PipelineRun"
    assert (run.experiment.name, session.requests[-1].parameters) == ("nightly", {"alpha": 0.1})


def test_an_experiment_submits_what_is_published(ws: Any, published: Any, session: FakeSession) -> None:
    from azureml.core import Experiment

    run = Experiment(ws, "nightly").submit(published, pipeline_parameters={"alpha": 0.1}, tags={"BuildId": "7"})
    assert run.tags == {"BuildId": "7"}
    assert session.requests[-1].parameters == {"alpha": 0.1}


def test_an_unknown_parameter_of_a_published_pipeline_is_an_exception(ws: Any, published: Any) -> None:
    with pytest.raises(Exception, match="alhpa"):
        published.submit(ws, "nightly", {"alhpa": 0.1})


def test_a_wrong_type_for_a_published_pipeline_is_refused(ws: Any, published: Any) -> None:
    with pytest.raises(ValueError, match="float"):
        published.submit(ws, "nightly", {"alpha": "high"})


def test_a_run_names_the_published_pipeline(ws: Any, published: Any) -> None:
    properties = published.submit(ws, "nightly").properties
    assert properties["azureml.pipelineid"] == published.id
    assert properties["azureml.runsource"] == "azureml.PipelineRun"


def test_a_run_publishes_its_pipeline_with_its_values(ws: Any, pipeline: Any) -> None:
    from azureml.core import Experiment

    run = Experiment(ws, "nightly").submit(pipeline, pipeline_parameters={"alpha": 0.1})
    made = run.publish_pipeline(name="My_Published_Pipeline", description="d", version="1.0")
    assert (made.name, made.version) == ("My_Published_Pipeline", "1.0")
    assert made.get_graph().params == {"alpha": 0.1}


def test_versions_of_an_endpoint_are_numbers_from_0_as_text(endpoint: Any, pipeline: Any, published: Any) -> None:
    other = pipeline.publish(name="other")
    endpoint.add(other)
    assert endpoint.get_default_version() == "0"
    assert [(v.version, v.pipeline.id) for v in endpoint.list_versions()] == [("0", published.id), ("1", other.id)]
    endpoint.add_default(published)
    assert endpoint.get_default_version() == "2"


def test_an_endpoint_is_found_by_name_and_by_id(ws: Any, endpoint: Any) -> None:
    from azureml.pipeline.core import PipelineEndpoint

    assert PipelineEndpoint.get(workspace=ws, name="training").id == endpoint.id
    assert PipelineEndpoint.get(workspace=ws, id=endpoint.id).name == "training"
    assert [e.id for e in PipelineEndpoint.list(ws, active_only=True)] == [endpoint.id]


def test_a_submission_to_an_endpoint_names_a_version_or_takes_the_default(
    endpoint: Any, pipeline: Any, published: Any, session: FakeSession
) -> None:
    other = pipeline.publish(name="other")
    endpoint.add(other)
    endpoint.submit("nightly", pipeline_parameters={"alpha": 0.1})
    endpoint.submit("nightly", pipeline_version="1")
    assert [request.published for request in session.requests] == [published.id, other.id]


def test_the_url_of_an_endpoint_can_be_cut_at_its_first_id(endpoint: Any) -> None:
    base, rest = endpoint.endpoint.split("Id", 1)
    assert rest == f"/{endpoint.id}"
    assert base.endswith("/PipelineEndpointSubmit/")


def test_a_draft_has_options_and_is_listed_by_tags(ws: Any, pipeline: Any, session: FakeSession) -> None:
    from azureml.pipeline.core import PipelineDraft

    draft = PipelineDraft.create(
        ws, pipeline=pipeline, name="d", experiment_name="tuning", tags={"dev": "true"}, properties={"p": "q"}
    )
    assert [d.id for d in PipelineDraft.list(ws, tags={"dev": "true"})] == [draft.id]
    draft.update(name="e", pipeline_parameters={"alpha": 0.1})
    assert PipelineDraft.get(ws, id=draft.id).name == "e"
    draft.submit_run()
    assert (session.requests[-1].experiment, session.requests[-1].parameters) == ("tuning", {"alpha": 0.1})
    assert draft.publish().name == "e"
    draft.delete()
    assert PipelineDraft.list(ws) == []


def test_a_draft_and_what_is_published_of_a_run_keep_its_environments_and_node_parameters(
    ws: Any, session: FakeSession, pipeline: Any
) -> None:
    from azureml.core import Experiment
    from azureml.pipeline.core import Pipeline, PipelineDraft, PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    nodes = {"NodeCount": PipelineParameter("nodes", 1)}
    pipeline = Pipeline(ws, [PythonScriptStep("train.py", runconfig_pipeline_params=nodes)])
    run = Experiment(ws, "tuning").submit(pipeline)
    published = run.publish_pipeline(name="p", description="", version="1")
    assert session.published[-1].settled
    with pytest.raises(ValueError, match="asks for 4 nodes"):
        published.submit(ws, "tuning", pipeline_parameters={"nodes": 4})
    draft = PipelineDraft.create(ws, pipeline=pipeline)
    draft.submit_run()
    assert [each.settled for each in session.requests] == [False, False]
    for origin in (run, published):
        draft.update(pipeline=origin)
        draft.submit_run()
        assert session.requests[-1].settled
        draft.publish()
        assert session.published[-1].settled
        with pytest.raises(ValueError, match="asks for 4 nodes"):
            draft.update(pipeline_parameters={"nodes": 4})


def test_a_draft_keeps_the_code_of_its_creation(ws: Any, pipeline: Any, session: FakeSession) -> None:
    from azureml.pipeline.core import PipelineDraft

    draft = PipelineDraft.create(ws, pipeline=pipeline)
    Path("train.py").unlink()
    run = draft.submit_run()
    (step,) = run.view.plan.steps
    assert (step.source, len(step.snapshot)) == ("", 64)
    assert session.store.stat(f"snapshots/{step.snapshot}.zip") is not None
