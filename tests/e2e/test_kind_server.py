"""The REST server of a workspace as pods: called by plain requests, killed, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from runner.images.controller import ControllerImage
from runner.model import events as e
from runner.model.document import Document
from runner.model.status import RunStatus
from runner.runs import index
from tests.support.kind_cluster import KindCluster
from tests.support.kind_hands import is_ready
from tests.support.kind_runs import Namespace, RunContext, a_desk, name_of, patiently
from tests.support.kind_serving import ServerPods, serving_pods

pytestmark = pytest.mark.kind

DRIVER = """
from azureml.core import Dataset
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import PipelineParameter

store = ws.get_default_datastore()
store.upload(os.path.join(here, "data"), "weather", overwrite=True, show_progress=False)
summer = Dataset.File.from_files((store, "weather/summer.txt")).register(ws, "summer")
winter = Dataset.File.from_files((store, "weather/winter.txt"))
folder = (PipelineParameter("folder", DataPath(store, "weather/2020")), DataPathComputeBinding(mode="download"))
season = DatasetConsumptionConfig("season", PipelineParameter("season", winter)).as_download()
expected = PipelineParameter("expected", "2020 winter")
check = step("check", "check.py", arguments=[folder, season, expected], inputs=[folder, season])
print("published", Pipeline(ws, steps=[check]).publish(name="weather").id)
print("dataset", summer.id)
"""
CHECK = """
import pathlib, sys

folder, season, expected = sys.argv[1:]
found = pathlib.Path(season)
words = [(pathlib.Path(folder) / "year.txt").read_text()]
words += [file.read_text() for file in ([found] if found.is_file() else sorted(found.rglob("*.txt")))]
assert " ".join(words) == expected, words
"""
DATA = {"2020/year.txt": "2020", "2021/year.txt": "2021", "summer.txt": "summer", "winter.txt": "winter"}


@dataclass
class Served:
    """A published pipeline behind a server in the cluster."""

    desk: RunContext
    pods: ServerPods
    pipeline: str
    dataset: str
    headers: dict[str, str]

    def post(self, body: Document, **headers: str) -> requests.Response:
        path = f"/pipelines/v1.0/PipelineRuns/PipelineSubmit/{self.pipeline}"
        return self.pods.request("POST", path, {**self.headers, **headers}, body)


@pytest.fixture
def namespace(kind_cluster: KindCluster) -> Namespace:
    return Namespace(kind_cluster)


@pytest.fixture
def served(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[Served]:
    image = ControllerImage().on_kind(kind_cluster.name, print)
    desk = a_desk(tmp_path / "laptop", kind_cluster).configure(controller_image=image)
    for name, text in DATA.items():
        desk.write(f"data/{name}", text)
    desk.driver(DRIVER, check=CHECK)
    done = desk.runner("run", "driver.py", "--target", "kind").ok()
    told = dict(re.findall(r"^(published|dataset) (\S+)$", done.out, re.MULTILINE))
    made = desk.runner("token", "create", "ci", "--scope", "read", "--scope", "submit", "--target", "kind").ok()
    token = re.search(r"rt_\S+", made.out)
    assert token, made.text
    with serving_pods(desk, kind_cluster) as pods:
        headers = {"Authorization": f"Bearer {token[0]}"}
        yield Served(desk, pods, told["published"], told["dataset"], headers)
    desk.delete()


def ready(namespace: Namespace, labels: str) -> set[str]:
    """The names of the pods with these labels that take requests."""
    return {name_of(pod) for pod in namespace.items("pods", labels) if is_ready(pod)}


def test_runs_are_submitted_by_requests_though_the_servers_are_killed(served: Served, namespace: Namespace) -> None:
    assert served.post({"ExperimentName": "x"}, Authorization="Bearer rt_none_none").status_code == 401
    body = {
        "ExperimentName": "by-rest",
        "ParameterAssignments": {"expected": "2021 summer"},
        "DataPathAssignments": {"folder": {"DataStoreName": "workspaceblobstore", "RelativePath": "weather/2021"}},
        "DataSetDefinitionValueAssignments": {"season": {"SavedDataSetReference": {"Id": served.dataset}}},
        "RunSource": "SDK",
    }
    answer = served.post(body, **{"Idempotency-Key": "build-17"})
    print(namespace.logs(served.pods.labels))
    assert answer.status_code == 200, answer.text
    run = answer.json()["Id"]

    old = ready(namespace, served.pods.labels)
    assert old
    for name in old:
        namespace.kill_pod(name)
    for what in ("a request while no server may be there", "one to the servers that replaced them"):
        again = served.post(body, **{"Idempotency-Key": "build-17"})
        assert again.status_code == 200, f"{what}: {again.status_code} {again.headers} {again.text}"
        assert again.json()["Id"] == run, f"{what}: {again.text}"
        patiently(lambda: ready(namespace, served.pods.labels) - old, "another server", 180, 0.5)

    patiently(lambda: served.desk.view(run).state.over, "the end of the run", 240, 0.5)
    state = served.desk.view(run).state
    assert state.status is RunStatus.SUCCEEDED
    assert state.submission is not None
    assert (state.submission.published, state.submission.experiment) == (served.pipeline, "by-rest")
    hosts = [event.host for event in served.desk.events(run) if isinstance(event, e.ControllerStarted)]
    assert hosts
    assert all(host.startswith("pod ") for host in hosts)
    assert list(index.run_ids(served.desk.store)) == [run]
    shown = served.pods.request("GET", f"/api/v1/runs/{run}", served.headers)
    assert shown.status_code == 200, shown.text
    page = served.pods.request("GET", "/runs", served.headers)
    assert (page.status_code, run in page.text) == (200, True), page.text
    assert shown.json()["status"].lower() in {"succeeded", "completed", "finished"}, shown.text
