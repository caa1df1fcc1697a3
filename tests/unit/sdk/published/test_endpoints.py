"""PipelineEndpoint: versions of published pipelines under a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.sdk import Experiment, Pipeline, PipelineEndpoint, PipelineParameter, PythonScriptStep, Workspace
from runner.sdk.base.exceptions import PipelineInvalid, UserErrorException
from tests.support.fake_session import FakeSession


@pytest.fixture
def pipeline(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("print()\n")
    return Pipeline(ws, [PythonScriptStep("a.py", arguments=[PipelineParameter("rounds", 3)], compute_target="cpu")])


@pytest.fixture
def endpoint(ws: Workspace, pipeline: Pipeline) -> PipelineEndpoint:
    return PipelineEndpoint.publish(ws, "nightly", "d", pipeline.publish("first"))


def test_a_pipeline_is_published_under_the_endpoints_name(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineEndpoint.publish(ws, name="nightly", description="d", pipeline=pipeline)
    assert (made.name, made.description, made.status, made.default_version) == ("nightly", "d", "Active", "0")
    assert (made.get_pipeline().name, made.get_pipeline().description) == ("nightly", "d")
    made.add_default(pipeline)
    assert (made.default_version, len(made.list_pipelines())) == ("1", 2)


def test_a_taken_name_publishes_nothing(ws: Workspace, session: FakeSession, pipeline: Pipeline) -> None:
    PipelineEndpoint.publish(ws, "nightly", "d", pipeline)
    before = set(session.store.objects)
    for name in ("nightly", "", "a\nb"):
        with pytest.raises(UserErrorException):
            PipelineEndpoint.publish(ws, name, "d", pipeline)
    assert set(session.store.objects) == before


def test_other_objects_see_a_change(ws: Workspace, endpoint: PipelineEndpoint, pipeline: Pipeline) -> None:
    other = PipelineEndpoint.get(ws, name="nightly")
    second = pipeline.publish("second")
    endpoint.add_default(second)
    assert other.get_default_version() == other.default_version == "1"
    assert [(one.version, one.pipeline_id) for one in other.pipeline_version_list][1] == ("1", second.id)
    assert other == endpoint
    assert len({other, endpoint}) == 1
    other.set_default(endpoint.get_pipeline("0"))
    assert endpoint.get_pipeline().name == "first"
    other.set_default_version("1")
    assert endpoint.get_pipeline() == second


def test_a_version_may_be_a_number(endpoint: PipelineEndpoint, pipeline: Pipeline, session: FakeSession) -> None:
    endpoint.add(pipeline.publish("second"))
    endpoint.set_default_version(1)  # type: ignore[arg-type]
    endpoint.submit("e", pipeline_version=0)  # type: ignore[arg-type]
    assert (endpoint.get_default_version(), session.requests[-1].published) == ("1", endpoint.get_pipeline("0").id)


def test_lists(ws: Workspace, endpoint: PipelineEndpoint, pipeline: Pipeline) -> None:
    others = [PipelineEndpoint.publish(ws, f"e{number}", None, endpoint.get_pipeline()) for number in range(3)]
    assert {one.id for one in PipelineEndpoint.list(ws)} == {endpoint.id, *(one.id for one in others)}
    assert len(PipelineEndpoint.list(ws, max_results=2)) == 2
    others[0].archive()
    assert others[0].status == "Archived"
    assert len(PipelineEndpoint.get_all(ws)) == 3
    assert len(PipelineEndpoint.list(ws, active_only=False)) == 4
    assert pipeline.publish("second") not in endpoint.list_pipelines()


def test_pipelines_of_versions_by_their_status(endpoint: PipelineEndpoint, pipeline: Pipeline) -> None:
    second = pipeline.publish("second")
    endpoint.add(second)
    endpoint.add(second)
    second.disable()
    assert [one.name for one in endpoint.list_pipelines()] == ["first"]
    assert [one.name for one in endpoint.list_pipelines(active_only=False)] == ["first", "second"]
    assert [one.version for one in endpoint.list_versions()] == ["0", "1", "2"]


def test_names_and_descriptions_change(ws: Workspace, endpoint: PipelineEndpoint) -> None:
    url = endpoint.endpoint
    endpoint.set_name("daily")
    endpoint.set_description("e")
    found = PipelineEndpoint.get(ws, name="daily")
    assert (found.id, found.description, found.endpoint) == (endpoint.id, "e", url)
    assert PipelineEndpoint.get(ws, id=endpoint.id, name="daily").name == "daily"
    assert url == f"http://127.0.0.1:8270/pipelines/v1.0/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint.id}"


def test_a_submission_has_all_options(ws: Workspace, endpoint: PipelineEndpoint, session: FakeSession) -> None:
    run = Experiment(ws, "e").submit(
        endpoint, tags={"a": "b"}, pipeline_parameters={"rounds": 1}, regenerate_outputs=True, pipeline_version="0"
    )
    request = session.requests[-1]
    assert (request.tags, request.parameters, request.regenerate_outputs) == ({"a": "b"}, {"rounds": 1}, True)
    assert run.properties["azureml.pipelineid"] == endpoint.get_pipeline().id
    endpoint.submit("e", {"rounds": 2}, parent_run_id="p")
    assert (session.requests[-1].parent, session.requests[-1].parameters) == ("p", {"rounds": 2})


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda ws, _: PipelineEndpoint.get(ws), "needs id or name"),
        (lambda ws, _: PipelineEndpoint.get(ws, name="nightl"), "did you mean 'nightly'"),
        (lambda ws, _: PipelineEndpoint.get(ws, id="x"), "no pipeline endpoint of id 'x'"),
        (lambda ws, one: PipelineEndpoint.get(ws, id=one.id, name="daily"), "is named 'nightly'"),
        (lambda ws, one: PipelineEndpoint.publish(ws, "daily", "d", one), "cannot be a version"),
        (lambda ws, _: PipelineEndpoint.publish(ws, "daily", "d", "first"), "a str cannot be a version"),
        (lambda _, one: one.add("first"), "a str cannot be a version"),
        (lambda _, one: one.set_default("first"), "pass a PublishedPipeline"),
        (lambda _, one: one.set_default_version("1"), "known: 0"),
        (lambda _, one: one.get_pipeline("1"), "known: 0"),
        (lambda _, one: one.submit("e", pipeline_version="1"), "known: 0"),
        (lambda _, one: one.submit("e", {"round": 1}), "did you mean 'rounds'"),
    ],
)
def test_what_cannot_be(
    ws: Workspace, endpoint: PipelineEndpoint, session: FakeSession, ask: Callable[..., object], said: str
) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        ask(ws, endpoint)
    assert isinstance(caught.value, (UserErrorException, PipelineInvalid))
    assert (session.requests, endpoint.get_default_version()) == ([], "0")


def test_inactive_endpoints_and_pipelines_take_no_submissions(endpoint: PipelineEndpoint, session: FakeSession) -> None:
    endpoint.get_pipeline().disable()
    with pytest.raises(UserErrorException, match=r"published pipeline 'first'.*disabled"):
        endpoint.submit("e")
    endpoint.get_pipeline().enable()
    endpoint.disable()
    with pytest.raises(UserErrorException, match="endpoint 'nightly' is disabled"):
        endpoint.submit("e")
    endpoint.enable()
    assert session.requests == []
    assert endpoint.submit("e").id in session.views


def test_what_a_notebook_shows_is_escaped(ws: Workspace, pipeline: Pipeline) -> None:
    made = PipelineEndpoint.publish(ws, "<b>", "d", pipeline)
    assert "<td>&lt;b&gt;</td>" in made._repr_html_()
    assert str(made).startswith("PipelineEndpoint(Name: <b>,\nId: ")
