"""Runs on a kind cluster as a user starts them, and what is seen of them from outside runner."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import yaml
from minio import Minio

from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.settings import read_document
from runner.compute.kubernetes.config import KubernetesConfig
from runner.datastores import bucket_endpoints
from runner.model import events as e
from runner.model.document import Document
from runner.model.workspace import place_of
from runner.operations import watch
from runner.operations.values import RunView
from runner.runs import index, journal
from runner.storage.s3.store import BucketStore
from runner.wiring.configuration import load
from tests.support.kind_cluster import KindCluster

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = "python:3.11-slim"
HEAD = f"""\
import os, sys
from azureml.core import Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

here = os.path.dirname(os.path.abspath(__file__))
ws = Workspace.from_config()
ready = RunConfiguration()
ready.environment = Environment.from_docker_image("ready", "{IMAGE}")


def step(name, script, config=ready, **options):
    folder = os.path.join(here, "scripts")
    return PythonScriptStep(script, name=name, source_directory=folder, runconfig=config, compute_target="c", **options)


def submit(*steps):
    Experiment(ws, "end-to-end").submit(Pipeline(ws, steps=list(steps)))


"""
"""How every driver of these tests begins."""


def patiently(ask: Callable[[], T | None], what: str, seconds: float = 60, pause: float = 0.1) -> T:
    """The first answer that is true. Fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause)
    return answer


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        return f"exit code {self.code} after {self.seconds:.1f} s\n{self.out}\n{self.err}"

    def ok(self) -> Done:
        assert self.code == 0, self.text
        return self


@dataclass(frozen=True)
class RunContext:
    """A user's folder, whose runs on the target ``kind`` have a part of the bucket for themselves."""

    folder: Path
    cluster: KindCluster
    prefix: str
    variables: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""
    """The workspace that is looked at; empty: the folder's."""

    @property
    def environ(self) -> dict[str, str]:
        own = {"RUNNER_CONFIG": str(self.folder / "config.yaml"), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), **own, **self.variables}

    @cached_property
    def store(self) -> BucketStore:
        """The workspace's part of the bucket."""
        config = load(self.folder, {"RUNNER_CONFIG": str(self.cluster.configuration)})
        return self._opened(place_of(self.workspace or config.workspace))

    def _opened(self, below: str) -> BucketStore:
        target = load(self.folder, {"RUNNER_CONFIG": str(self.cluster.configuration)}).get("kind")
        assert isinstance(target, KubernetesConfig)
        return BucketStore(bucket_endpoints(replace(target.store, prefix=self.prefix).below(below), "kind")[0])

    def configure(self, **changes: Document) -> RunContext:
        """Write the configuration: the cluster's, with this desk's prefix and `changes`; None takes a setting out.

        `changes` are the target's settings; those of its store stand under ``store``.
        """
        target = read_document(self.cluster.configuration)["targets"]["kind"]
        store = {**target["store"], "prefix": self.prefix, **changes.pop("store", {})}
        settings = {**target, "store": store, **changes}
        kept = {name: value for name, value in settings.items() if value is not None}
        self.write("config.yaml", yaml.safe_dump({"targets": {"kind": kept}}))
        return self

    def moved(self, folder: Path, variables: Mapping[str, str]) -> RunContext:
        """The same workspace as another machine has it: a folder of another name, which states the workspace's."""
        other = replace(self, folder=folder, variables=variables)
        other.write("runner.yaml", yaml.safe_dump({"name": self.folder.name}))
        return other

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def driver(self, body: str, **scripts: str) -> None:
        """Write ``driver.py`` and, beside it, ``scripts/<name>.py`` for each script."""
        self.write("driver.py", HEAD + body)
        for name, text in scripts.items():
            self.write(f"scripts/{name}.py", text)

    def start(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        # Not `python -m runner`: that would find a runner.py of the user's folder.
        command = [str(Path(sysconfig.get_path("scripts"), "runner")), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            cwd=cwd or self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def runner(self, *arguments: str, cwd: Path | None = None, seconds: float = 400) -> Done:
        """Do a command and wait for it."""
        begun = time.monotonic()
        process = self.start(*arguments, cwd=cwd)
        return finished(process, begun, seconds)

    def run(self, **more: float) -> Done:
        """Run the driver on the cluster."""
        return self.runner("run", "driver.py", "--target", "kind", **more)  # type: ignore[arg-type]  # seconds alone

    def on_kind(self, *arguments: str) -> Document:
        """The JSON document that a command prints."""
        return json.loads(self.runner(*arguments, "--target", "kind", "--json").ok().out)

    def newest(self) -> str:
        """The newest run's id, or nothing."""
        return next(iter(index.run_ids(self.store)), "")

    def await_run(self, process: subprocess.Popen[str]) -> str:
        """The id of the run that the command submits, as soon as its journal begins."""

        def begun() -> str:
            assert process.poll() is None, process.communicate()
            run = self.newest()
            return run if run and any(True for _ in journal.read(self.store, run)) else ""

        return patiently(begun, "a run")

    def view(self, run: str = "") -> RunView:
        return watch.view(self.store, run or self.newest())

    def events(self, run: str = "") -> list[e.Event]:
        """All the journal's, in order."""
        return [event for entry in journal.read(self.store, run or self.newest()) for event in entry.events]

    def uids(self, run: str = "") -> list[str]:
        """Of the Jobs the journal knows."""
        return [event.uid for event in self.events(run) if isinstance(event, e.AttemptStarted)]

    def controller_log(self, run: str) -> str:
        path = self.folder / "cache" / "runner" / "controllers" / f"{run}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def listing(self) -> dict[str, str]:
        """Every object below the prefix with its etag."""
        return {info.key: info.etag for info in self.store.list("")}

    def delete(self) -> None:
        """Remove all that lies below the prefix, of every workspace."""
        whole = self._opened("")
        for info in whole.list(""):
            whole.delete(info.key)


def finished(process: subprocess.Popen[str], begun: float, seconds: float = 400) -> Done:
    """What the process said, at its end. It is killed when that does not come."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"not ended after {seconds:.0f} s\n{out}\n{err}") from None
    return Done(process.returncode, out, err, time.monotonic() - begun)


def a_desk(folder: Path, cluster: KindCluster) -> RunContext:
    """A configured desk with a prefix that nobody had."""
    folder.mkdir(parents=True, exist_ok=True)
    return RunContext(folder, cluster, f"e2e/{secrets.token_hex(6)}").configure()


class Namespace:
    """The namespace of the steps as the cluster's administrator sees it."""

    def __init__(self, cluster: KindCluster) -> None:
        self._name = cluster.namespace
        self._api = ClusterApi(read_kubeconfig(cluster.name))

    def items(self, kinds: str, labels: str = "") -> list[Document]:
        group = "apis/batch/v1" if kinds in ("jobs", "cronjobs") else "api/v1"
        query = {"labelSelector": labels} if labels else {}
        return list((self._api.get(f"/{group}/namespaces/{self._name}/{kinds}", **query) or {})["items"])

    def of_run(self, run: str) -> list[str]:
        """All that exists of a run: kind and name."""
        kinds = ("jobs", "pods", "services", "configmaps", "secrets")
        return [f"{kind}/{name_of(item)}" for kind in kinds for item in self.items(kind, f"runner/run={run}")]

    def empties_of(self, run: str) -> None:
        """Wait until nothing of the run is left: the cluster deletes what is owned in its own time."""
        patiently(lambda: not self.of_run(run), f"nothing left of run {run}", 60, 0.5)

    def pods(self, run: str) -> list[Document]:
        return self.items("pods", f"runner/run={run}")

    def pods_made(self, uids: list[str]) -> dict[str, int]:
        """How many pods the Job controller has made for each Job, by the events it left."""
        made = dict.fromkeys(uids, 0)
        for event in self.items("events"):
            uid = event["involvedObject"].get("uid")
            if event["reason"] == "SuccessfulCreate" and uid in made:
                made[uid] += int(event.get("count") or 1)
        return made

    def jobs_with_pods(self) -> set[str]:
        """The uids of all Jobs that are remembered to have made a pod, whosever they are."""
        made = (event for event in self.items("events") if event["reason"] == "SuccessfulCreate")
        return {str(event["involvedObject"]["uid"]) for event in made}

    def kill_pod(self, name: str) -> float:
        """As ``kubectl delete pod --grace-period=0 --force``; the time just before."""
        at = time.time()
        self._api._send("DELETE", f"/api/v1/namespaces/{self._name}/pods/{name}", {"gracePeriodSeconds": 0})
        return at

    def create_job(self, job: Document) -> None:
        """Make a Job."""
        self._api.create(f"/apis/batch/v1/namespaces/{self._name}/jobs", job)

    def delete_job(self, name: str) -> None:
        """Delete a Job with its pods."""
        path = f"/apis/batch/v1/namespaces/{self._name}/jobs/{name}"
        self._api._send("DELETE", path, {"propagationPolicy": "Background"})

    def logs(self, labels: str) -> str:
        """The logs of the pods with these labels."""
        path = f"/api/v1/namespaces/{self._name}/pods"
        found = [name_of(pod) for pod in self.items("pods", labels)]
        return "\n".join(f"{name}: {self._api.text(f'{path}/{name}/log')}" for name in found)

    def delete_cron_job(self, name: str) -> None:
        """Delete a CronJob with its Jobs and pods, if it exists."""
        path = f"/apis/batch/v1/namespaces/{self._name}/cronjobs/{name}"
        if self._api.get(path):
            self._api._send("DELETE", path, {"propagationPolicy": "Background"})

    def evict_pod(self, name: str) -> float:
        """As ``kubectl drain`` does it; the time just before."""
        at = time.time()
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": self._name}}
        self._api._send("POST", f"/api/v1/namespaces/{self._name}/pods/{name}/eviction", body)
        return at

    def quiet_listing(self) -> dict[str, str]:
        """Every object with its version, once no run's are left."""
        patiently(lambda: not self.items("pods", "runner/run") + self.items("jobs", "runner/run"), "an empty namespace")
        kinds = ("jobs", "pods", "configmaps", "secrets")
        return {
            f"{kind}/{name_of(item)}": item["metadata"]["resourceVersion"]
            for kind in kinds
            for item in self.items(kind)
        }


def name_of(item: Document) -> str:
    return str(item["metadata"]["name"])


def s3_client(cluster: KindCluster) -> Minio:
    """The minio package, with the keys that steps have."""
    keys = json.loads(cluster.credentials.read_bytes())
    address = cluster.endpoint.partition("://")[2]
    return Minio(endpoint=address, access_key=keys["access_key"], secret_key=keys["secret_key"], secure=False)


def read_object(client: Minio, bucket: str, key: str) -> bytes:
    answer = client.get_object(bucket_name=bucket, object_name=key)
    try:
        return bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()
