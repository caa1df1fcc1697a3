"""A run as a trace: what a collector gets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from runner.config.after_run import OpenTelemetryConfig
from runner.errors import BadInput, ExportFailed
from runner.exports import opentelemetry
from runner.runs import tags
from tests.support import sample_run
from tests.support.canary import CANARY, tells
from tests.support.ended_runs import ended, hostile
from tests.support.scripted_server import Reply, ScriptedServer, scripted_server


@pytest.fixture
def collector() -> Iterator[ScriptedServer]:
    with scripted_server(lambda _: Reply()) as server:
        yield server


def received(server: ScriptedServer) -> list[Span]:
    found: list[Span] = []
    for seen in server.seen:
        request = ExportTraceServiceRequest()
        request.ParseFromString(seen.body)
        found += [span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans]
    return found


def facts(span: Span) -> dict[str, object]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in span.attributes}


def test_a_run_is_one_trace_of_its_steps_and_their_phases(collector: ScriptedServer) -> None:
    found = opentelemetry.export(ended(), OpenTelemetryConfig(collector.endpoint))
    spans = received(collector)
    assert collector.seen[0].target == "/v1/traces"
    assert found.what == f"a trace of {len(spans)} spans"
    assert len({span.trace_id for span in spans}) == 1
    assert spans[0].trace_id.hex() in found.place
    names = {span.span_id: span.name for span in spans}
    tree = [(names.get(span.parent_span_id, ""), span.name) for span in spans]
    assert tree[0] == ("", "run penguins")
    assert ("run penguins", "train") in tree
    assert {name for parent, name in tree if parent == "prep data"} >= {"waiting", "inputs", "script", "outputs"}
    assert "evaluate" not in names.values()  # it never began
    root = spans[0]
    assert root.start_time_unix_nano == int(sample_run.BEGIN.timestamp() * 1e6) * 1000
    assert facts(root)["runner.run"] == sample_run.RUN
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


def test_tags_are_those_of_now(collector: ScriptedServer) -> None:
    run = ended()
    tags.add(run.store, sample_run.RUN, {"owner": "anna"})
    opentelemetry.export(run, OpenTelemetryConfig(collector.endpoint))
    assert facts(received(collector)[0])["runner.tag.owner"] == "anna"


def test_what_failed_says_so_with_its_reason(collector: ScriptedServer) -> None:
    opentelemetry.export(ended(), OpenTelemetryConfig(f"{collector.endpoint}/own/path"))
    assert collector.seen[0].target == "/own/path"
    statuses = {span.name: (span.status.code, span.status.message) for span in received(collector)}
    assert statuses["run penguins"] == (Status.STATUS_CODE_ERROR, "failed: train")
    assert statuses["train"] == (Status.STATUS_CODE_ERROR, "the script ended with exit code 1")
    assert statuses["plots"][0] == Status.STATUS_CODE_OK


def test_a_repetition_sends_the_same_spans(collector: ScriptedServer) -> None:
    for _ in range(2):
        opentelemetry.export(ended(), OpenTelemetryConfig(collector.endpoint))
    first, second = (seen.body for seen in collector.seen)
    assert first == second


def test_hostile_texts_are_sent_as_texts(collector: ScriptedServer) -> None:
    opentelemetry.export(hostile(), OpenTelemetryConfig(collector.endpoint))
    assert any("<script>" in span.name for span in received(collector))


def test_headers_take_secrets_by_name(collector: ScriptedServer) -> None:
    headers = {"Authorization": "Bearer ${key}", "X-Scope-OrgID": "team-a"}
    opentelemetry.export(ended(), OpenTelemetryConfig(collector.endpoint, headers))
    assert collector.seen[0].headers["authorization"] == f"Bearer {CANARY}"
    assert collector.seen[0].headers["x-scope-orgid"] == "team-a"
    assert not tells(str(collector.seen[0].body))
    with pytest.raises(BadInput, match="no secret 'other'"):
        opentelemetry.export(ended(), OpenTelemetryConfig(collector.endpoint, {"a": "${other}"}))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(401), "refuses the login"),
        (Reply(404), "has no such address"),
        (Reply(400, b"bad"), "refuses the data"),
    ],
)
def test_a_refusal_is_told_in_words(reply: Reply, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    settings = {"Authorization": "Bearer ${key}"}
    with scripted_server(lambda _: reply) as server, pytest.raises(ExportFailed, match=message) as caught:
        opentelemetry.export(ended(), OpenTelemetryConfig(server.endpoint, settings))
    assert not tells(f"{caught.value}{capfd.readouterr()}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_follow_no_redirection(status: int, collector: ScriptedServer) -> None:
    away = Reply(status, headers={"Location": f"{collector.endpoint}/v1/traces"})
    settings = {"X-Api-Key": "${key}"}
    with scripted_server(lambda _: away) as server, pytest.raises(ExportFailed, match="redirects to"):
        opentelemetry.export(ended(), OpenTelemetryConfig(server.endpoint, settings))
    assert not collector.seen


def test_a_collector_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opentelemetry, "_SECONDS", 1.0)
    begun = time.monotonic()
    with pytest.raises(ExportFailed, match="cannot be reached"):
        opentelemetry.export(ended(), OpenTelemetryConfig("http://127.0.0.1:9"))
    assert time.monotonic() - begun < 5
