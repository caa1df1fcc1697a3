"""The guide's pipeline on this machine and on kind, and images that are made once."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from runner.model import events as e
from runner.model.document import Document
from runner.model.workspace import place_of
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import REPOSITORY, Namespace, RunContext, a_desk, read_object, s3_client

pytestmark = pytest.mark.kind
EXAMPLE = REPOSITORY / "examples" / "penguins"
PACKAGES = """
environment = Environment("shared")
environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["iniconfig==2.0.0"])
config = RunConfiguration()
config.environment = environment
"""


def _copy(desk: RunContext, name: str) -> Path:
    return Path(shutil.copytree(EXAMPLE, desk.folder / name, ignore=shutil.ignore_patterns(".runner", "__pycache__")))


def _metrics(report: Document) -> dict[str, object]:
    return {metric["name"]: metric["value"] for step in report["steps"] for metric in step["metrics"]}


def _output(report: Document) -> Document:
    (output,) = [output for step in report["steps"] for output in step["outputs"]]
    return output


def test_penguins_are_the_same_in_both_places(tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk, namespace = replace(a_desk(tmp_path, kind_cluster), workspace="there"), Namespace(kind_cluster)
    here, there = _copy(desk, "here"), _copy(desk, "there")
    local = desk.runner("run", "pipeline.py", "--json", cwd=here).ok()
    remote = desk.runner("run", "pipeline.py", "--target", "kind", "--json", cwd=there, seconds=600).ok()
    print(f"penguins: {local.seconds:.1f} s here, {remote.seconds:.1f} s on kind (images and environments included)")

    (laptop,), (cluster,) = (json.loads(done.out)["runs"] for done in (local, remote))
    made = Path(_output(laptop)["path"], "prepped_data.csv").read_bytes()
    key = f"{desk.prefix}/{place_of('there')}{_output(cluster)['key']}/prepped_data.csv"
    assert read_object(s3_client(kind_cluster), kind_cluster.bucket, key) == made
    assert made.count(b"\n") > 300
    assert _metrics(cluster) == _metrics(laptop)
    assert set(_metrics(laptop)) == {"birds", "accuracy"}

    uids = desk.uids(cluster["run"])
    assert len(uids) == 2
    assert namespace.pods_made(uids) == dict.fromkeys(uids, 1)
    namespace.empties_of(cluster["run"])
    assert not (there / ".runner").exists(), "a run on the cluster leaves nothing in the folder"


@pytest.mark.all_data
def test_an_image_is_made_once_for_all_projects_and_scripts(tmp_path: Path, kind_cluster: KindCluster) -> None:
    first, second = (a_desk(tmp_path / name, kind_cluster) for name in ("first", "second"))
    first.driver(PACKAGES + 'submit(step("a", "a.py", config))\n', a="import iniconfig; print('first')")
    second.driver(PACKAGES + 'submit(step("b", "b.py", config))\n', b="import iniconfig; print('second')")
    print(f"first: {first.run().ok().seconds:.1f} s")

    engine = docker.from_env()
    node = engine.containers.get(f"{kind_cluster.name}-control-plane")
    images = (_held(engine), _on(node))
    begun = int(time.time())
    print(f"second: {second.run().ok().seconds:.1f} s")
    second.write("scripts/b.py", "import iniconfig; print('edited')")
    print(f"edited: {second.run().ok().seconds:.1f} s")
    touched = engine.events(since=begun, until=int(time.time()) + 1, filters={"type": "image"}, decode=True)
    (reference,) = {event.reference for desk in (first, second) for event in _ready(desk)}
    assert [event for event in touched if reference in str(event)] == []
    assert (_held(engine), _on(node)) == images
    assert [event.built for event in _ready(second)] == [False]
    assert second.runner("logs", "b", "--target", "kind").ok().out == "edited\n"
    engine.close()


def _ready(desk: RunContext) -> list[e.EnvironmentReady]:
    return [event for event in desk.events() if isinstance(event, e.EnvironmentReady)]


def _held(engine: docker.DockerClient) -> set[str]:
    return {str(tag) for image in engine.images.list("runner-env") for tag in (image.id, *image.tags)}


def _on(node: Container) -> set[str]:
    code, output = node.exec_run(["crictl", "images", "-o", "json"])
    assert code == 0
    assert isinstance(output, bytes)
    return {str(name) for image in json.loads(output)["images"] for name in (image["id"], *image["repoTags"])}
