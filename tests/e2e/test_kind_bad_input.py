"""What cannot run on the cluster is said before anything starts, and leaves no trace."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from runner.cluster.settings import read_document
from runner.compute.kubernetes.conventions import STORE_LABEL
from runner.model.document import Document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from tests.support.image_stores import kind_images
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import IMAGE, Done, Namespace, RunContext, a_desk, patiently
from tests.support.scripted_server import Reply, Seen, error, scripted_server

pytestmark = pytest.mark.kind
NOWHERE = "127.0.0.1:1"
READY = 'submit(step("only", "only.py"))\n'
BUILT = """
config = RunConfiguration()
config.environment = Environment("packages")
config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["iniconfig==2.0.0"])
submit(step("only", "only.py", config))
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


@dataclass(frozen=True)
class Before:
    """Store and namespace as they were."""

    desk: RunContext
    namespace: Namespace
    objects: Mapping[str, str]
    things: Mapping[str, str]

    def unchanged(self) -> None:
        assert self.desk.listing() == self.objects
        assert self.namespace.quiet_listing() == self.things


@pytest.fixture
def before(desk: RunContext, kind_cluster: KindCluster) -> Before:
    namespace = Namespace(kind_cluster)
    return Before(desk, namespace, desk.listing(), namespace.quiet_listing())


def _refused(done: Done, *words: str) -> None:
    """Exit 2, one message that says what, where and what to do, and no traceback."""
    assert done.code == 2, done.text
    for word in words:
        assert word in done.err, done.text
    assert done.err.count("error:") == 1, done.text
    assert "do:" in done.err, done.text
    assert "Traceback" not in done.err


def _kubeconfig(desk: RunContext, server: str) -> str:
    document: Document = read_document(desk.cluster.kubeconfig)
    for cluster in document["clusters"]:
        cluster["cluster"]["server"] = server
    return str(desk.write("kubeconfig", yaml.safe_dump(document)))


def _keys(desk: RunContext, **changes: str) -> str:
    keys = {**json.loads(desk.cluster.credentials.read_bytes()), **changes}
    path = desk.write("keys.json", json.dumps(keys))
    path.chmod(0o600)
    return str(path)


def test_an_unreachable_cluster(desk: RunContext, before: Before) -> None:
    desk.configure(kubeconfig=_kubeconfig(desk, f"https://{NOWHERE}"))
    desk.driver(READY, only="print('never')")
    _refused(desk.run(seconds=60), NOWHERE)
    before.unchanged()


def test_an_unreachable_bucket(desk: RunContext, before: Before) -> None:
    desk.configure(store={"endpoint": f"http://{NOWHERE}"})
    desk.driver(READY, only="print('never')")
    _refused(desk.run(seconds=120), NOWHERE)
    before.unchanged()


@pytest.mark.all_data
def test_a_bucket_that_is_not_there(desk: RunContext, before: Before) -> None:
    desk.configure(store={"bucket": "no-such-bucket"})
    desk.driver(READY, only="print('never')")
    _refused(desk.run(seconds=60), "no-such-bucket")
    before.unchanged()


@pytest.mark.all_data
@pytest.mark.parametrize("key", ["access_key", "secret_key"])
def test_wrong_credentials(desk: RunContext, before: Before, key: str) -> None:
    desk.configure(store={"credentials": _keys(desk, **{key: "not-the-right-one"})})
    desk.driver(READY, only="print('never')")
    done = desk.run(seconds=60)
    _refused(done, "credentials", desk.cluster.endpoint)
    assert "not-the-right-one" not in done.text
    before.unchanged()


def test_no_docker_when_an_image_must_be_built(desk: RunContext, before: Before) -> None:
    without = replace(desk, variables={"DOCKER_HOST": f"tcp://{NOWHERE}"})
    desk.driver(BUILT, only="print('never')")
    _refused(without.run(seconds=60), "'packages'", "Docker")
    before.unchanged()


@pytest.mark.all_data
def test_a_target_without_kind_takes_ready_images_alone(desk: RunContext, before: Before) -> None:
    desk.configure(kind_cluster=None)
    desk.driver(BUILT, only="print('here')")
    _refused(desk.run(seconds=60), "'packages'", "registry:", "image:")
    before.unchanged()
    desk.driver(READY)
    assert "succeeded" in desk.run().ok().out


@pytest.mark.all_data
def test_a_store_without_conditional_puts(desk: RunContext, before: Before) -> None:
    bucket = _Careless()
    with scripted_server(bucket.answer) as server:
        desk.configure(store={"endpoint": server.endpoint})
        desk.driver(READY, only="print('never')")
        _refused(desk.run(seconds=60), "If-None-Match")
    assert bucket.objects == {}, "nothing was left in that store either"
    before.unchanged()


def test_doctor_tries_the_store_from_a_pod(desk: RunContext, kind_cluster: KindCluster) -> None:
    kind_images(kind_cluster.name).ensure(NamedEnvironment("ready", EnvironmentSpec(image=IMAGE, ready=True)), print)
    objects = desk.listing()
    well = desk.runner("doctor", "kind", "--image", IMAGE, seconds=180).ok()
    assert f"ok  store, from a pod: a step with the image {IMAGE} has read and written it" in well.out, well.text
    # Whether policies are enforced is the network plugin's affair; doctor finds out.
    assert re.search(r"^(ok  network policy: enforced|--  network policy: not enforced)", well.out, re.MULTILINE), (
        well.text
    )
    host = urlsplit(kind_cluster.cluster_endpoint).hostname
    desk.configure(store={"cluster_endpoint": f"http://{host}:1"})
    wrong = desk.runner("doctor", "kind", "--image", IMAGE, seconds=180)
    assert wrong.code == 1, wrong.text
    # Nobody answers there, or whatever the network has between: the reason names the address in both cases.
    said = rf"^NO  store, from a pod: a step fails: .*http://{re.escape(str(host))}:1[,; ]"
    assert re.search(said, wrong.out, re.MULTILINE), wrong.text
    assert "do: correct `cluster_endpoint`" in wrong.out, wrong.text
    assert "ok  store: reachable" in wrong.out, "this machine reaches it"
    assert desk.listing() == objects
    assert desk.newest() == ""
    kinds, namespace = ("jobs", "pods", "configmaps", "secrets"), Namespace(kind_cluster)
    made = f"{STORE_LABEL}=doctor"
    patiently(lambda: not any(namespace.items(kind, made) for kind in kinds), "nothing left of the trials", 60, 0.5)


@pytest.mark.all_data
def test_several_problems_are_told_together(desk: RunContext, before: Before) -> None:
    desk.configure(kubeconfig=_kubeconfig(desk, f"https://{NOWHERE}"))
    without = replace(desk, variables={"DOCKER_HOST": f"tcp://{NOWHERE}"})
    desk.driver(BUILT, only="print('never')")
    done = without.run(seconds=60)
    assert done.code == 2
    assert done.err.count("error:") == 2, done.text
    assert "2 problems" in done.err
    before.unchanged()


class _Careless:
    """A bucket of the S3 protocol's plain part: it overwrites, whatever the request says."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def answer(self, request: Seen) -> Reply:
        url = urlsplit(request.target)
        key = url.path
        with self._lock:
            if request.method == "PUT":
                self.objects[key] = request.body
                return Reply(headers={"ETag": '"tag"'})
            if request.method == "DELETE":
                self.objects.pop(key, None)
                return Reply(204)
            if "list-type" in parse_qs(url.query):
                return Reply(body=b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            if key in self.objects:
                return Reply(body=self.objects[key], headers={"ETag": '"tag"'})
            return error(404, "NoSuchKey")
