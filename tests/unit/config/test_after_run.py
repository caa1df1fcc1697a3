"""The settings of the actions at the end of runs: each field refuses what nobody could use."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.config import Config
from runner.config.after_run import AfterRunConfig, MlflowConfig, OpenLineageConfig, OpenTelemetryConfig
from runner.config.after_run_rules import CHECKS
from runner.config.after_run_sections import changed_after_run
from runner.errors import BadInput, Problem
from runner.wiring.configuration import load
from tests.support.canary import CANARY, tells


def loaded(root: Path, text: str, machine: str = "") -> Config:
    (root / "runner.yaml").write_text(text)
    (root / "machine.yaml").write_text(machine)
    return load(root, {"RUNNER_CONFIG": str(root / "machine.yaml")})


def problems(root: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(BadInput) as refused:
        loaded(root, text)
    assert all(problem.remedy for problem in refused.value.problems)
    return refused.value.problems


MLFLOW, OTEL = "mlflow: {tracking_uri: 'https://m', %s}", "opentelemetry: {endpoint: 'https://o', %s}"
LINEAGE = "openlineage: {url: 'https://l', %s}"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("report: often", "report"),
        ("mlflow: true", "mlflow"),
        ("mlflow: {experiment: a}", "mlflow"),
        ("mlflow: {tracking_uri: ./mlruns}", "mlflow.tracking_uri"),
        ("mlflow: {tracking_uri: 'sqlite:///m.db'}", "mlflow.tracking_uri"),
        ("mlflow: {tracking_uri: 'https://me:pw@m'}", "mlflow.tracking_uri"),
        ("mlflow: {tracking_uri: 'https://m?token=abc'}", "mlflow.tracking_uri"),
        (MLFLOW % "token: in clear", "mlflow.token"),
        (MLFLOW % "username: ada, password: in clear", "mlflow.password"),
        (MLFLOW % "username: ada", "mlflow"),
        (MLFLOW % "username: ada, password: '${p}', token: '${t}'", "mlflow"),
        (MLFLOW % "artifact_bytes: -1", "mlflow.artifact_bytes"),
        (MLFLOW % "seconds: 0", "mlflow.seconds"),
        (MLFLOW % 'experiment: "\\t"', "mlflow.experiment"),
        (MLFLOW % 'username: "\\t", password: "${p}"', "mlflow.username"),
        (MLFLOW % "tags: {}", "mlflow.tags"),
        ("opentelemetry: {}", "opentelemetry"),
        ("opentelemetry: {endpoint: 'grpc://o'}", "opentelemetry.endpoint"),
        ("opentelemetry: {endpoint: 'https://o:x'}", "opentelemetry.endpoint"),
        (OTEL % "headers: {Authorization: Bearer abc}", "opentelemetry.headers"),
        (OTEL % "headers: {X-Api-Key: abc}", "opentelemetry.headers"),
        (OTEL % "headers: {'a b': c}", "opentelemetry.headers"),
        (OTEL % 'headers: {a: "b\\nc"}', "opentelemetry.headers"),
        (OTEL % "seconds: 1e9", "opentelemetry.seconds"),
        ("openlineage: {}", "openlineage"),
        ("openlineage: {url: 'https://l', file: l.jsonl}", "openlineage"),
        ("openlineage: {url: 'file:l'}", "openlineage.url"),
        ('openlineage: {file: "a\\tb"}', "openlineage.file"),
        (LINEAGE % "token: in clear", "openlineage.token"),
        (LINEAGE % 'namespace: "\\t"', "openlineage.namespace"),
        (LINEAGE % "seconds: -1", "openlineage.seconds"),
        ("openlineage: {file: l.jsonl, token: '${t}'}", "openlineage"),
    ],
)
def test_what_nobody_could_use_is_refused_with_its_place(tmp_path: Path, text: str, field: str) -> None:
    found = problems(tmp_path, f"# a line before\n{text}")
    assert [problem.where for problem in found] == [f"{tmp_path / 'runner.yaml'}:2: {field}"]


def test_every_rule_is_looked_at() -> None:
    (marks,) = (mark for mark in test_what_nobody_could_use_is_refused_with_its_place.pytestmark)  # type: ignore[attr-defined]
    seen = {field.rpartition(".")[2] for _, field in marks.args[1]}
    assert {field for _, field in CHECKS} <= seen


@pytest.mark.parametrize(
    "text",
    [
        f"mlflow: {{tracking_uri: 'https://me:{CANARY}@m'}}",
        f"mlflow: {{tracking_uri: 'https://m', token: {CANARY}}}",
        f"opentelemetry: {{endpoint: 'https://o', headers: {{Authorization: Bearer {CANARY}}}}}",
        f"openlineage: {{url: 'https://l?token={CANARY}'}}",
    ],
)
def test_a_secret_in_clear_text_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    assert not tells(str(problems(tmp_path, text)))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    text = """
report: true
mlflow: {tracking_uri: 'https://m/base', username: ada, password: '${p}'}
opentelemetry: {endpoint: 'http://o:4318', headers: {X-Scope-OrgID: team, Authorization: 'Bearer ${t}'}}
openlineage: {file: below/l.jsonl}
"""
    found = loaded(tmp_path, text).after_run
    assert found.actions == ("report", "mlflow", "opentelemetry", "openlineage")
    assert found.secrets == ("p", "t")
    assert found.files == {"openlineage.file": str(tmp_path / "below" / "l.jsonl")}
    assert [found.seconds(name) for name in found.actions] == [300, 900, 60, 60]


def test_a_workspace_can_turn_off_what_the_machine_wants(tmp_path: Path) -> None:
    machine = "mlflow: {tracking_uri: 'https://m', experiment: a}\nreport: true"
    assert loaded(tmp_path, "", machine).after_run.actions == ("report", "mlflow")
    assert loaded(tmp_path, "mlflow: null\nreport: false", machine).after_run == AfterRunConfig()
    joined = loaded(tmp_path, "mlflow: {experiment: b}", machine).after_run.mlflow
    assert joined == MlflowConfig(tracking_uri="https://m", experiment="b")


KNOWN = AfterRunConfig(
    mlflow=MlflowConfig(tracking_uri="https://m", experiment="a", token="${t}"),
    opentelemetry=OpenTelemetryConfig("https://o", {"X-Api-Key": "${k}"}),
    openlineage=OpenLineageConfig(file="/l", namespace="team"),
)


def test_the_command_line_goes_over_the_settings() -> None:
    found = changed_after_run(KNOWN, "mlflow", {"experiment": "b"}, "here").mlflow
    assert found == MlflowConfig(tracking_uri="https://m", experiment="b", token="${t}")
    assert changed_after_run(AfterRunConfig(), "opentelemetry", {"endpoint": "http://x"}, "here").actions == (
        "opentelemetry",
    )


def test_a_login_is_not_sent_to_another_address() -> None:
    found = changed_after_run(KNOWN, "mlflow", {"tracking_uri": "https://other"}, "here")
    assert found.mlflow == MlflowConfig(tracking_uri="https://other", experiment="a")
    found = changed_after_run(KNOWN, "opentelemetry", {"endpoint": "https://other"}, "here")
    assert found.opentelemetry == OpenTelemetryConfig("https://other")
    found = changed_after_run(KNOWN, "openlineage", {"url": "https://other"}, "here")
    assert found.openlineage == OpenLineageConfig(url="https://other", namespace="team")


def test_options_are_checked_as_the_file_is() -> None:
    with pytest.raises(BadInput) as refused:
        changed_after_run(KNOWN, "mlflow", {"tracking_uri": "nowhere", "token": CANARY}, "runner export mlflow")
    assert [each.where for each in refused.value.problems] == [
        "runner export mlflow.tracking_uri",
        "runner export mlflow.token",
    ]
    assert not tells(str(refused.value))
    with pytest.raises(BadInput, match="tracking_uri"):
        changed_after_run(AfterRunConfig(), "mlflow", {}, "here")
