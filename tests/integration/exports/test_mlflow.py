"""A run at a tracking server: a small one in memory. `test_mlflow_server.py` has the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from runner.config.after_run import MlflowConfig
from runner.errors import ExportFailed
from runner.exports import mlflow
from runner.exports.mlflow_values import good_names
from runner.operations.ended_run import EndedRun
from runner.runs import tags
from tests.support import sample_run
from tests.support.canary import CANARY, tells
from tests.support.ended_runs import ended, hostile
from tests.support.memory_store import MemoryStore
from tests.support.scripted_server import Reply, scripted_server
from tests.support.small_mlflow import ARTIFACTS, SmallMlflow, small_mlflow


@pytest.fixture
def tracking() -> Iterator[SmallMlflow]:
    with small_mlflow() as server:
        yield server


def settings(server: SmallMlflow, **more: str | int) -> MlflowConfig:
    return replace(MlflowConfig(tracking_uri=server.server.endpoint), **more)  # type: ignore[arg-type]


def with_files() -> EndedRun:
    """The sample run, one of whose steps has left files of several sizes."""
    run = ended()
    store = run.store
    assert isinstance(store, MemoryStore)
    folder = f"runs/{sample_run.RUN}/prep-1/artifacts-1/"
    store.put(f"{folder}outputs/model.pkl", b"m" * 50)
    store.put(f"{folder}outputs/big.bin", b"b" * 5000)
    store.put(f"{folder}logs/images/plot.png", b"png")
    store.put(f"{folder}outputs/odd name%2f..#?.txt", b"odd")
    store.put(f"{sample_run.ref('prep-1').key}/about/notes.txt", b"n" * 40)
    return run


def test_a_run_has_a_nested_one_for_each_step_that_ran(tracking: SmallMlflow) -> None:
    found = mlflow.export(ended(), settings(tracking))
    root, prep, train = (tracking.step(key) for key in ("-", "prep-1", "train-1"))
    assert tracking.experiments == {"penguins": "1"}
    assert found.place == f"{tracking.server.endpoint}/#/experiments/1/runs/{root.id}"
    assert {run.tags["runner.step"] for run in tracking.runs.values()} == {"-", "prep-1", "train-1", "plots-1"}
    assert prep.tags["mlflow.parentRunId"] == train.tags["mlflow.parentRunId"] == root.id
    assert (root.status, prep.status, train.status) == ("FAILED", "FINISHED", "FAILED")
    assert root.start == int(sample_run.BEGIN.timestamp() * 1000)
    assert prep.start < prep.end <= root.end
    assert root.tags["mlflow.user"] == "ada"
    assert root.tags["runner.run"] == prep.tags["runner.run"] == sample_run.RUN
    assert train.tags["runner.reason"] == "the script ended with exit code 1"
    assert prep.tags["runner.lock"] == sample_run.LOCK


def test_metrics_keep_their_steps_and_tables_are_artifacts(tracking: SmallMlflow) -> None:
    mlflow.export(ended(), settings(tracking))
    prep = tracking.step("prep-1")
    loss = [(each["value"], each["step"]) for each in prep.metrics if each["key"] == "loss"]
    assert [step for _, step in loss] == [0, 1, 2]
    assert loss[1][0] == 0.5
    assert json.loads(prep.artifacts["metrics/confusion.json"]) == {"columns": ["a"], "data": [[1], [2]]}
    assert json.loads(prep.tags["mlflow.loggedArtifacts"]) == [{"path": "metrics/confusion.json", "type": "table"}]
    assert prep.artifacts["log.txt"] == b"row 1\nrow 2\n"


def test_different_names_stay_different(tracking: SmallMlflow) -> None:
    run = ended()
    names = ("точность", "скорость", "学習率", "loss (train)", "loss [train]", "loss _train_", "acc@1", "acc%1")
    lines = [json.dumps({"name": name, "value": number / 2}) for number, name in enumerate(names)]
    run.store.put(f"runs/{sample_run.RUN}/prep-1/reports-1/metrics.jsonl", "\n".join(lines).encode())
    for odd in ("%", "#", "_"):
        run.store.put(f"runs/{sample_run.RUN}/prep-1/artifacts-1/outputs/a{odd}.txt", odd.encode())
    mlflow.export(run, settings(tracking))
    prep = tracking.step("prep-1")
    found = {each["key"]: each["value"] for each in prep.metrics}
    real = {name: prep.tags.get(f"runner.name.{name}", name) for name in found}
    assert {real[name]: value for name, value in found.items()} == {name: n / 2 for n, name in enumerate(names)}
    assert {"точность", "скорость", "学習率", "loss _train_", "acc_1"} < found.keys()
    artifacts = {name: data for name, data in prep.artifacts.items() if name.startswith("outputs/")}
    assert artifacts["outputs/a_.txt"] == b"_"
    assert sorted(artifacts.values()) == [b"#", b"%", b"_"]


def test_parameters_whose_names_are_alike_are_all_there() -> None:
    names = good_names(["a b", "a:b", "a*b", "../a", "a", "", "x" * 300, "x" * 299 + "y"])
    assert len(set(names.values())) == len(names)
    assert (names["a b"], names["a"]) == ("a b", "a")
    assert all(len(name) <= 250 for name in names.values())


def test_of_very_many_values_the_last_ones_are_sent(tracking: SmallMlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow, "REPORT_BYTES", 1000)
    run = ended()
    lines = [json.dumps({"name": "loss", "value": number, "step": number}) for number in range(1000)]
    run.store.put(f"runs/{sample_run.RUN}/prep-1/reports-1/metrics.jsonl", ("\n".join(lines) + "\n").encode())
    mlflow.export(run, settings(tracking))
    steps = [each["step"] for each in tracking.step("prep-1").metrics]
    assert steps == list(range(1000 - len(steps), 1000))
    assert 10 < len(steps) < 30


def test_small_files_are_artifacts_and_large_ones_stay(tracking: SmallMlflow) -> None:
    found = mlflow.export(with_files(), settings(tracking, artifact_bytes=1000))
    artifacts = tracking.step("prep-1").artifacts
    assert artifacts["outputs/model.pkl"] == b"m" * 50
    assert artifacts["logs/images/plot.png"] == b"png"
    assert artifacts["data/made/about/notes.txt"] == b"n" * 40
    assert artifacts["outputs/odd name_2f..__.txt"] == b"odd"
    assert not any("big" in name or "prepped" in name for name in artifacts)
    assert "left where they are" in found.what


def test_no_file_is_copied_if_none_is_wanted(tracking: SmallMlflow) -> None:
    mlflow.export(with_files(), settings(tracking, artifact_bytes=0))
    assert set(tracking.step("prep-1").artifacts) == {"metrics/confusion.json"}


def test_artifacts_go_to_no_store_that_is_not_behind_the_server(
    tracking: SmallMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow, "_OWN_STORES", ())
    found = mlflow.export(with_files(), settings(tracking))
    assert not tracking.step("prep-1").artifacts
    assert found.what.startswith("4 runs, 4 of them written now with 0 files; ")


def test_a_repetition_doubles_nothing(tracking: SmallMlflow) -> None:
    first = mlflow.export(with_files(), settings(tracking))
    before = {run.id: (dict(run.tags), list(run.metrics), run.status) for run in tracking.runs.values()}
    asked = len(tracking.server.seen)
    again = mlflow.export(with_files(), settings(tracking))
    assert (again.what, again.place) == ("4 runs, 1 of them written now with 0 files", first.place)
    assert len(tracking.server.seen) - asked == 4
    assert {run.id: (run.tags, run.metrics, run.status) for run in tracking.runs.values()} == before


def test_tags_are_those_of_now(tracking: SmallMlflow) -> None:
    run = ended()
    reports = f"runs/{sample_run.RUN}/prep-1/reports-1/tags.jsonl"
    run.store.put(reports, b'{"key": "quality", "value": "good"}\n{"key": "mlflow.user", "value": "eve"}\n{"ke')
    tags.add(run.store, sample_run.RUN, {"owner": "anna", "runner.run": "another"})
    mlflow.export(run, settings(tracking))
    tags.add(run.store, sample_run.RUN, {"owner": "bert"})
    mlflow.export(run, settings(tracking))
    root, prep = tracking.step("-").tags, tracking.step("prep-1").tags
    assert (root["owner"], root["tag.runner.run"], root["runner.run"]) == ("bert", "another", sample_run.RUN)
    assert (prep["quality"], prep["tag.mlflow.user"], prep["mlflow.user"]) == ("good", "eve", "ada")


def test_a_higher_limit_for_files_completes_what_is_there(tracking: SmallMlflow) -> None:
    mlflow.export(with_files(), settings(tracking, artifact_bytes=1000))
    metrics = list(tracking.step("prep-1").metrics)
    mlflow.export(with_files(), settings(tracking, artifact_bytes=10_000))
    assert len(tracking.runs) == 4
    assert tracking.step("prep-1").artifacts["outputs/big.bin"] == b"b" * 5000
    assert tracking.step("prep-1").metrics == metrics


@pytest.mark.parametrize("cut", [1, 5, 9, 13])
def test_an_export_that_was_interrupted_is_completed(cut: int, tracking: SmallMlflow) -> None:
    left = [cut]

    def die(_seen: object) -> Reply | None:
        left[0] -= 1
        return Reply(400, b"{}") if left[0] < 0 else None

    tracking.refuse = die
    with pytest.raises(ExportFailed):
        mlflow.export(with_files(), settings(tracking))
    tracking.refuse = lambda _: None
    mlflow.export(with_files(), settings(tracking))
    with small_mlflow() as whole:
        mlflow.export(with_files(), settings(whole))
    for key in ("-", "prep-1", "train-1", "plots-1"):
        got, want = tracking.step(key), whole.step(key)
        ids = {"mlflow.parentRunId"}
        assert {k: v for k, v in got.tags.items() if k not in ids} == {
            k: v for k, v in want.tags.items() if k not in ids
        }
        assert (got.metrics, got.params, got.status) == (want.metrics, want.params, want.status)
        assert got.artifacts == want.artifacts


def test_hostile_names_and_values_are_taken(tracking: SmallMlflow) -> None:
    mlflow.export(hostile(), settings(tracking, experiment="own"))
    assert set(tracking.experiments) == {"own"}
    assert any("<script>" in value for value in tracking.step("-").params.values())


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ({"token": "${key}"}, f"Bearer {CANARY}"),
        ({"username": "ada", "password": "${key}"}, "Basic "),
    ],
)
def test_logins_are_sent_and_shown_nowhere(
    login: dict[str, str], header: str, tracking: SmallMlflow, capfd: pytest.CaptureFixture[str]
) -> None:
    found = mlflow.export(ended(), settings(tracking, **login))
    assert {seen.headers["authorization"].startswith(header) for seen in tracking.server.seen} == {True}
    tracking.refuse = lambda _: Reply(401, CANARY.encode())
    with pytest.raises(ExportFailed, match="refuses the login") as caught:
        mlflow.export(ended(), settings(tracking, **login))
    assert not tells(f"{found}{caught.value}{caught.value.__cause__}{capfd.readouterr()}")
    assert not any(tells(str(run)) for run in tracking.runs.values())


@pytest.mark.parametrize("status", [302, 307])
def test_credentials_follow_no_redirection(status: int, tracking: SmallMlflow) -> None:
    target = f"{tracking.server.endpoint}/api/2.0/mlflow/experiments/get-by-name"
    with scripted_server(lambda _: Reply(status, headers={"Location": target})) as server:
        wanted = MlflowConfig(tracking_uri=server.endpoint, token="${key}")
        with pytest.raises(ExportFailed, match="redirects"):
            mlflow.export(ended(), wanted)
    assert not tracking.server.seen


def test_artifacts_follow_no_redirection_either(tracking: SmallMlflow) -> None:
    with scripted_server(lambda _: Reply()) as elsewhere:
        away = Reply(307, headers={"Location": elsewhere.endpoint})
        tracking.refuse = lambda seen: away if ARTIFACTS in seen.target else None
        with pytest.raises(ExportFailed, match="keeps no artifacts"):
            mlflow.export(ended(), settings(tracking, token="${key}"))
    assert not elsewhere.seen


@pytest.mark.parametrize(("status", "message"), [(401, "refuses the login"), (413, "refuses the data")])
def test_a_refused_artifact_is_told(status: int, message: str, tracking: SmallMlflow) -> None:
    tracking.refuse = lambda seen: Reply(status, b"{}") if ARTIFACTS in seen.target else None
    with pytest.raises(ExportFailed, match=message):
        mlflow.export(ended(), settings(tracking, token="${key}"))


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(ExportFailed, match="cannot be reached"):
        mlflow.export(ended(), MlflowConfig(tracking_uri="http://127.0.0.1:9"))
