"""A run as events of OpenLineage, in a file and at a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.config.after_run import OpenLineageConfig
from runner.errors import ExportFailed
from runner.exports import openlineage
from runner.exports.places import named_place
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.directory import DirectoryStore
from runner.storage.s3.store import BucketStore
from tests.support import sample_run
from tests.support.canary import CANARY, tells
from tests.support.ended_runs import ended, hostile
from tests.support.scripted_server import Reply, ScriptedServer, scripted_server


@pytest.fixture
def marquez() -> Iterator[ScriptedServer]:
    with scripted_server(lambda _: Reply(201)) as server:
        yield server


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_and_its_steps_begin_and_end(tmp_path: Path) -> None:
    path = tmp_path / "lineage" / "events.jsonl"
    found = openlineage.export(ended(), OpenLineageConfig(file=str(path)))
    events = written(path)
    assert (found.what, found.place) == (f"{len(events)} events, {len(events)} of them new", str(path))
    told = [(event["eventType"], event["job"]["name"]) for event in events]
    assert told[0] == ("START", "penguins")
    assert told[-1] == ("FAIL", "penguins")
    assert {("START", "penguins.train"), ("FAIL", "penguins.train"), ("COMPLETE", "penguins.plots")} <= set(told)
    assert not any("evaluate" in name for _, name in told)
    times = [str(event["eventTime"]) for event in events]
    assert times == sorted(times)


def test_events_hold_parent_code_error_inputs_and_outputs(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    openlineage.export(ended(), OpenLineageConfig(file=str(path), namespace="team"))
    events = written(path)
    run = events[0]["run"]["runId"]
    ends = {event["job"]["name"]: event for event in events if event["eventType"] != "START"}
    train, prep = ends["penguins.train"], ends["penguins.prep data"]
    assert train["run"]["facets"]["parent"]["run"]["runId"] == run
    assert train["job"]["facets"]["sourceCodeLocation"]["version"] == "5" * 64
    assert train["job"]["namespace"] == "team"
    error = train["run"]["facets"]["errorMessage"]
    assert error["message"] == "the script ended with exit code 1"
    assert "ValueError" in error["stackTrace"]
    (output,) = prep["outputs"]
    assert output["name"] == sample_run.ref("prep-1").key
    assert output["outputFacets"]["outputStatistics"]["fileCount"] == 2
    assert output["facets"]["symlinks"]["identifiers"][0]["name"] == "penguins.prep data.made"


def test_a_repetition_adds_nothing_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"of": "another"}\n')
    openlineage.export(ended(), OpenLineageConfig(file=str(path)))
    found = openlineage.export(ended(), OpenLineageConfig(file=str(path)))
    assert found.what.endswith(", 0 of them new")
    lines = path.read_text().splitlines()
    assert len(lines) == len(set(lines)) > 5
    assert lines[0] == '{"of": "another"}'


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFailed, match="cannot be written"):
        openlineage.export(ended(), OpenLineageConfig(file=str(tmp_path / "file" / "below")))


def test_a_server_gets_the_same_events_each_time_with_the_token(marquez: ScriptedServer) -> None:
    wanted = OpenLineageConfig(url=marquez.endpoint, token="${key}")
    openlineage.export(ended(), wanted)
    found = openlineage.export(ended(), wanted)
    half = len(marquez.seen) // 2
    assert [seen.body for seen in marquez.seen[:half]] == [seen.body for seen in marquez.seen[half:]]
    assert {seen.target for seen in marquez.seen} == {"/api/v1/lineage"}
    assert {seen.headers["authorization"] for seen in marquez.seen} == {f"Bearer {CANARY}"}
    assert not any(tells(str(seen.body)) for seen in marquez.seen)
    assert found.place.startswith(f"{marquez.endpoint} (job runner/penguins-ws/penguins, run ")


def test_hostile_texts_are_sent_as_texts(marquez: ScriptedServer) -> None:
    openlineage.export(hostile(), OpenLineageConfig(url=f"{marquez.endpoint}/own"))
    assert {seen.target for seen in marquez.seen} == {"/own"}
    assert all(json.loads(seen.body) for seen in marquez.seen)


@pytest.mark.parametrize(
    ("reply", "message"), [(Reply(401), "refuses the login"), (Reply(422, b"?"), "refuses the data")]
)
def test_a_refusal_is_told_in_words(reply: Reply, message: str) -> None:
    with scripted_server(lambda _: reply) as server, pytest.raises(ExportFailed, match=message) as caught:
        openlineage.export(ended(), OpenLineageConfig(url=server.endpoint, token="${key}"))
    assert not tells(str(caught.value))


def test_credentials_follow_no_redirection(marquez: ScriptedServer) -> None:
    away = Reply(307, headers={"Location": f"{marquez.endpoint}/api/v1/lineage"})
    with scripted_server(lambda _: away) as server, pytest.raises(ExportFailed, match="redirects to"):
        openlineage.export(ended(), OpenLineageConfig(url=server.endpoint, token="${key}"))
    assert not marquez.seen


def test_data_are_named_as_other_tools_name_them(tmp_path: Path) -> None:
    keys = Credentials("a", "b")
    bucket = BucketStore(BucketEndpoint(bucket="lake", endpoint="http://x", prefix="team/", credentials=keys))
    run = ended(lake=bucket, near=DirectoryStore(tmp_path))
    assert named_place(run, "lake", "a/b") == ("s3://lake", "team/a/b")
    assert named_place(run, "near", "a/b") == ("file", str(tmp_path / "a" / "b"))
    assert named_place(run, "default", "a") == ("runner://penguins-ws/default", "a")
