"""A run at the MLflow server of PyPI. It takes minutes to install, so it runs only with all data."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.request import urlopen

import pytest
from mlflow import MlflowClient
from mlflow.artifacts import list_artifacts

from runner.config.after_run import MlflowConfig
from runner.exports import mlflow
from tests.support import sample_run
from tests.support.ended_runs import ended, hostile
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.all_data
PROGRAM = os.environ.get("RUNNER_TEST_MLFLOW", "")
"""The program of an MLflow that is installed already. Default: one is installed into a folder of the test."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if PROGRAM:
        return Path(PROGRAM)
    folder = tmp_path_factory.mktemp("mlflow") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    package = f"mlflow=={version('mlflow-skinny')}"
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", package], check=True, timeout=900)
    return folder / "bin" / "mlflow"


@pytest.fixture(scope="module")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tracking")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(program), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", f"sqlite:///{folder}/m.db", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *places], cwd=folder, stdout=log, stderr=log, start_new_session=True)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 180
    try:
        while not answers(url):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.5)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def everything(url: str) -> dict[str, tuple[object, ...]]:
    """What the server has of the sample run, by step."""
    client = MlflowClient(url)
    found: dict[str, tuple[object, ...]] = {}
    (experiment,) = (each for each in client.search_experiments() if each.name == "penguins")
    runs = client.search_runs([experiment.experiment_id])
    for run in runs:
        history = {
            name: sorted(
                (each.value, each.step, each.timestamp) for each in client.get_metric_history(run.info.run_id, name)
            )
            for name in run.data.metrics
        }
        paths = sorted(
            each.path
            for folder in ("", "/metrics", "/outputs", "/data/made/about")
            for each in list_artifacts(artifact_uri=f"{run.info.artifact_uri}{folder}", tracking_uri=url)
        )
        tags = {name: value for name, value in run.data.tags.items() if name.startswith("runner.")}
        assert run.data.tags["runner.step"] not in found
        found[run.data.tags["runner.step"]] = (run.info.status, history, paths, tags, run.data.params)
    return found


def test_a_real_server_has_the_run_once_however_often_it_is_sent(server: str) -> None:
    run = ended()
    assert isinstance(run.store, MemoryStore)
    run.store.put(f"runs/{sample_run.RUN}/prep-1/artifacts-1/outputs/model.pkl", b"m" * 50)
    run.store.put(f"{sample_run.ref('prep-1').key}/about/notes.txt", b"n" * 40)
    settings = MlflowConfig(tracking_uri=server)
    mlflow.export(run, settings)
    first = everything(server)
    mlflow.export(run, settings)
    assert everything(server) == first
    assert set(first) == {"-", "prep-1", "train-1", "plots-1"}
    assert (first["-"][0], first["prep-1"][0], first["train-1"][0]) == ("FAILED", "FINISHED", "FAILED")
    history = first["prep-1"][1]
    assert isinstance(history, dict)
    assert [step for _, step, _ in sorted(history["loss"], key=lambda each: each[1])] == [0, 1, 2]
    paths = first["prep-1"][2]
    assert isinstance(paths, list)
    assert {path.rpartition("/")[2] for path in paths} >= {"model.pkl", "log.txt", "confusion.json", "notes.txt"}
    client = MlflowClient(server)
    nested = client.search_runs(["1"], "tags.`mlflow.parentRunId` != ''")
    assert len(nested) == 3


def test_a_real_server_takes_hostile_names_and_values(server: str) -> None:
    run = hostile()
    names = ("точность", "学習率", "loss (train)", "loss [train]", "../../x", "a" * 300, "\x1b[31m", "nan", "big")
    values = [*range(len(names) - 2), float("nan"), 10**400]
    lines = [json.dumps({"name": name, "value": value}) for name, value in zip(names, values, strict=True)]
    run.store.put(f"runs/{sample_run.RUN}/prep-1/reports-1/metrics.jsonl", "\n".join(lines).encode())
    for odd in ("%2e%2e", "#?", "ü", "\x1b"):
        run.store.put(f"runs/{sample_run.RUN}/prep-1/artifacts-1/outputs/{odd}.txt", b"odd")
    for _ in range(2):
        mlflow.export(run, MlflowConfig(tracking_uri=server, experiment="hostile"))
    client = MlflowClient(server)
    (experiment,) = (each for each in client.search_experiments() if each.name == "hostile")
    (prep,) = client.search_runs([experiment.experiment_id], "tags.`runner.step` = 'prep-1'")
    assert len(prep.data.metrics) == len(names)
    assert {"точность", "学習率", "loss _train_"} < prep.data.metrics.keys()
    kept = list_artifacts(artifact_uri=f"{prep.info.artifact_uri}/outputs", tracking_uri=server)
    assert len(kept) == 4
