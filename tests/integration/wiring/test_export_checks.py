"""`runner doctor` tells whether the tools at the end of each run can be reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.config.after_run import AfterRunConfig, MlflowConfig, OpenLineageConfig, OpenTelemetryConfig
from runner.errors import BadInput
from runner.model.check import Check
from runner.wiring import after_run_checks
from runner.wiring.export_checks import checks
from tests.support.canary import CANARY, tells
from tests.support.scripted_server import Reply, scripted_server
from tests.support.small_mlflow import small_mlflow


def secret(name: str) -> str:
    if name != "key":
        raise BadInput(f"there is no secret '{name}'", remedy="add it")
    return CANARY


def all_three(url: str, path: Path | None = None) -> AfterRunConfig:
    return AfterRunConfig(
        mlflow=MlflowConfig(tracking_uri=url, token="${key}"),
        opentelemetry=OpenTelemetryConfig(url, {"X-Api-Key": "${key}"}),
        openlineage=OpenLineageConfig(file=str(path)) if path else OpenLineageConfig(url=url, token="${key}"),
    )


def test_what_can_be_reached_is_well(tmp_path: Path) -> None:
    with scripted_server(lambda seen: Reply(404 if seen.method == "GET" and seen.target == "/" else 200)) as server:
        found = tuple(checks(all_three(server.endpoint), secret))
        (*_, in_file) = checks(all_three(server.endpoint, tmp_path / "new" / "l.jsonl"), secret)
    assert [(each.name, each.ok) for each in found] == [
        ("mlflow", True),
        ("opentelemetry", True),
        ("openlineage", True),
    ]
    assert in_file == Check(name="openlineage", ok=True, detail=str(tmp_path / "new" / "l.jsonl"))
    assert [(seen.method, seen.target.partition("?")[0], seen.body) for seen in server.seen[:3]] == [
        ("GET", "/api/2.0/mlflow/experiments/search", b""),
        ("POST", "/v1/traces", b""),
        ("GET", "/", b""),
    ]
    assert not tells(str(found))


@pytest.mark.parametrize(
    ("status", "what"), [(401, "refuses the login"), (302, "redirects"), (500, "refuses the data")]
)
def test_what_refuses_is_told_in_words(status: int, what: str) -> None:
    with scripted_server(lambda _: Reply(status, CANARY.encode(), {"Location": "http://elsewhere/"})) as server:
        found = tuple(checks(all_three(server.endpoint), secret))
    assert [each.ok for each in found] == [False, False, False]
    assert all(what in each.detail for each in found)
    assert not tells(str(found))


def test_what_is_away_missing_or_not_writable_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tuple(checks(all_three("http://127.0.0.1:9"), secret))
    assert {each.detail for each in found} == {"http://127.0.0.1:9 cannot be reached"}
    (away,) = checks(AfterRunConfig(mlflow=MlflowConfig(tracking_uri="http://m", token="${other}")), secret)
    assert (away.detail, away.remedy) == ("there is no secret 'other'", "add it")
    (tmp_path / "file").write_text("")
    (in_file,) = checks(AfterRunConfig(openlineage=OpenLineageConfig(file=str(tmp_path / "file" / "l"))), secret)
    assert not in_file.ok
    monkeypatch.setattr(after_run_checks, "PACKAGES", {"openlineage": ("there.is.none",)})
    (lacking,) = checks(AfterRunConfig(openlineage=OpenLineageConfig(file="/l")), secret)
    assert lacking.remedy == "pip install 'kube-runner[openlineage]'"


def test_the_command_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from runner.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", os.devnull)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with small_mlflow() as server:
        server.refuse = lambda _: Reply(200, b"{}")
        (tmp_path / "runner.yaml").write_text(f"mlflow: {{tracking_uri: '{server.server.endpoint}'}}")
        assert main(["doctor"]) == 0
        assert f"ok  mlflow: {server.server.endpoint}" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    assert '"name": "mlflow"' in capsys.readouterr().out
