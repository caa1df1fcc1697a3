"""`runner cluster up` and `down` on a real kind cluster of their own, in the order of a cluster's life."""

from __future__ import annotations

import io
import json
import os
import secrets
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import pytest
from minio import Minio
from minio.error import S3Error

from runner.cluster import kind
from runner.cluster.api import ClusterApi
from runner.cluster.deployment_status import is_ready
from runner.cluster.doctor import Check, Parts, diagnose, is_well, to_lines
from runner.cluster.down import down
from runner.cluster.minio import check_answers
from runner.cluster.options import BUCKET, ClusterOptions, endpoint
from runner.cluster.settings import read_document, write_document
from runner.cluster.store_keys import BUCKET_SECRET, ROOT_SECRET, StoreKeys, keys_in
from runner.cluster.up import retry_for, up
from runner.compute.kubernetes import namespace_checks as namespace
from runner.compute.kubernetes.build import api_of, cluster_settings
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.doctor import KindParts, kind_checks, repair_command
from runner.compute.kubernetes.programs import kind_clusters, run_program
from runner.config import machine_file
from runner.datastores import bucket_endpoints
from runner.errors import BadInput, RunnerError, StoreUnreachable, TargetDenied, TargetError, TargetUnreachable
from runner.model.credentials import Credentials
from runner.model.document import Document
from runner.storage.probe import refuses_overwrite
from runner.storage.s3.store import BucketStore
from runner.wiring.configuration import load

pytestmark = pytest.mark.kind(own_cluster=True)

STORAGE = "/api/v1/namespaces/runner-storage"
STEPS = "/api/v1/namespaces/runner"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/runner"
DEPLOYMENT = "/apis/apps/v1/namespaces/runner-storage/deployments/minio"


@dataclass
class Life:
    """The cluster under test."""

    options: ClusterOptions
    port: int
    said: list[str] = field(default_factory=list)

    def up(self, options: ClusterOptions | None = None) -> float:
        start = time.monotonic()
        up(options or self.options, self.said.append)
        return time.monotonic() - start

    def down(self) -> float:
        start = time.monotonic()
        down(self.options, self.said.append)
        return time.monotonic() - start

    @cached_property
    def api(self) -> ClusterApi:
        return ClusterApi(kind.read_kubeconfig(self.options.name))

    def controller(self) -> ClusterApi:
        return ClusterApi(read_document(self.options.kubeconfig))

    def get(self, path: str) -> Document:
        found = self.api.get(path)
        assert found is not None
        return found

    def keys(self, name: str) -> StoreKeys:
        return keys_in(self.get(f"{STORAGE}/secrets/{name}"))

    def client(self, keys: StoreKeys) -> Minio:
        address = f"127.0.0.1:{self.port}"
        return Minio(endpoint=address, access_key=keys.access_key, secret_key=keys.secret_key, secure=False)

    def user(self) -> Minio:
        return self.client(self.keys(BUCKET_SECRET))

    def target(self) -> KubernetesConfig:
        target = load(Path("/"), {"RUNNER_CONFIG": str(self.options.configuration)}).get("kind")
        assert isinstance(target, KubernetesConfig)
        return target

    def files(self) -> dict[str, Path]:
        return {path.name: path for path in self.options.configuration.parent.iterdir()}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A cluster that `up` made from nothing beside a user's own settings; gone at the end, come what may."""
    configuration = machine_file({"XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))})
    write_document(configuration, {"targets": {"mine": {"type": "process", "workers": 2}}})
    options = ClusterOptions(
        configuration=configuration,
        name=f"runner-{secrets.token_hex(3)}",
        port=_free_port(),
        minio_image=os.environ.get("RUNNER_MINIO_IMAGE", ""),
        mounter=False,  # the shared cluster has it (test_kind_mounts.py), and its image takes a while to load
    )
    made = Life(options, options.port or 0)
    try:
        sys.stderr.write(f"cluster up, cold: {made.up():.1f} s\n")
        yield made
    finally:
        made.down()


def _put(client: Minio, key: str, data: bytes) -> None:
    client.put_object(bucket_name=BUCKET, object_name=key, data=io.BytesIO(data), length=len(data))


def _read(client: Minio, key: str) -> bytes:
    answer = client.get_object(bucket_name=BUCKET, object_name=key)
    try:
        return bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()


def _state(life: Life) -> Document:
    """What a second `up` must not change: objects by version, files by content and time."""
    folders = [f"{STORAGE}/{kinds}" for kinds in ("secrets", "services", "persistentvolumeclaims", "pods")]
    folders += [f"{STEPS}/serviceaccounts", f"{ROLES}/roles", f"{ROLES}/rolebindings"]
    objects = [item for path in folders for item in life.get(path)["items"]]
    objects += [life.get(path) for path in (DEPLOYMENT, STEPS, STORAGE)]
    versions = {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in objects}
    files = {name: (path.read_text(), path.stat().st_mtime_ns) for name, path in life.files().items()}
    return {"objects": versions, "files": files}


def test_a_second_up_changes_nothing_and_is_quick(life: Life) -> None:
    before = _state(life)
    seconds = life.up()
    sys.stderr.write(f"cluster up, warm: {seconds:.1f} s\n")
    assert _state(life) == before
    assert seconds < 20


def test_up_without_options_keeps_port_and_image(life: Life) -> None:
    before = _state(life)
    life.up(replace(life.options, port=None, minio_image=""))
    assert _state(life) == before


def test_the_configuration_leads_to_the_cluster(life: Life) -> None:
    assert life.target().kind_cluster == life.options.name
    assert "mine" in read_document(life.options.configuration)["targets"]
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in life.files().items()}
    ours = ["config.yaml", life.options.kubeconfig.name, life.options.credentials.name]
    assert modes == dict.fromkeys(ours, 0o600)


def test_the_users_own_kubeconfig_is_left_alone(life: Life) -> None:
    path = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    assert not path.is_file() or life.options.name not in path.read_text()


def test_no_secret_is_told_or_shown(life: Life) -> None:
    told = "\n".join(life.said) + json.dumps(life.get(DEPLOYMENT)) + life.options.configuration.read_text()
    for name in (ROOT_SECRET, BUCKET_SECRET):
        assert life.keys(name).secret_key not in told


ALLOWED = {
    ("batch", "jobs"): {"create", "get", "list", "watch", "delete"},
    ("", "pods"): {"list", "watch"},
    ("", "pods/log"): {"get"},
    ("", "configmaps"): {"create", "get", "delete"},
    ("", "secrets"): {"create"},
    ("", "events"): {"list"},
    ("batch", "cronjobs"): {"create", "get", "update", "delete"},
}
OTHERS = (
    ("", "pods/exec"),
    ("", "pods/attach"),
    ("", "serviceaccounts/token"),
    ("", "persistentvolumeclaims"),
    ("rbac.authorization.k8s.io", "roles"),
    ("", "nodes"),
)
VERBS = ("create", "get", "list", "watch", "delete", "patch", "update", "deletecollection")


def _may(api: ClusterApi, verb: str, group: str, resource: str, namespace: str) -> bool:
    plain, _, part = resource.partition("/")
    attributes = {"verb": verb, "group": group, "resource": plain, "subresource": part, "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


@pytest.mark.parametrize("namespace", ["runner", "runner-storage", "kube-system", ""])
def test_the_controller_may_do_exactly_what_its_role_says(life: Life, namespace: str) -> None:
    api = life.controller()
    seen = {
        (group, resource): {verb for verb in VERBS if _may(api, verb, group, resource, namespace)}
        for group, resource in (*ALLOWED, *OTHERS)
    }
    assert {what: verbs for what, verbs in seen.items() if verbs} == (ALLOWED if namespace == "runner" else {})


@pytest.mark.parametrize(
    "path",
    [
        f"{STORAGE}/secrets/{ROOT_SECRET}",
        "/api/v1/namespaces/kube-system/secrets",
        "/api/v1/nodes",
        "/api/v1/namespaces",
        f"{STEPS}/secrets",
        f"{STEPS}/secrets/run-of-another",
        f"{STEPS}/pods/any/exec?command=id",
    ],
)
def test_the_controller_is_refused_elsewhere(life: Life, path: str) -> None:
    with pytest.raises(TargetDenied):
        life.controller().get(path)


def test_the_controller_may_not_exec(life: Life) -> None:
    with pytest.raises(TargetDenied):
        life.controller().create(f"{STEPS}/pods/any/exec?command=id&stdout=true", {})


def test_a_pod_that_asks_for_privileges_is_refused(life: Life) -> None:
    container = {"name": "c", "image": "any", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"containers": [container]}}
    with pytest.raises(TargetError, match='violates PodSecurity "restricted'):
        life.api.create(f"{STEPS}/pods", pod)


def test_the_buckets_user_can_use_the_bucket(life: Life) -> None:
    client = life.user()
    _put(client, "folder/a", b"1")
    assert [item.object_name for item in client.list_objects(bucket_name=BUCKET, prefix="folder/")] == ["folder/a"]
    assert _read(client, "folder/a") == b"1"
    client.remove_object(bucket_name=BUCKET, object_name="folder/a")


def test_the_buckets_user_can_use_nothing_else(life: Life) -> None:
    life.client(life.keys(ROOT_SECRET)).make_bucket(bucket_name="other")
    client = life.user()
    attempts: list[Callable[[], object]] = [
        lambda: list(client.list_objects(bucket_name="other")),
        lambda: client.make_bucket(bucket_name="third"),
        lambda: client.remove_bucket(bucket_name="other"),
        lambda: client.get_object(bucket_name="other", object_name="a"),
        lambda: client.put_object(bucket_name="other", object_name="a", data=io.BytesIO(b""), length=0),
    ]
    for attempt in attempts:
        with pytest.raises(S3Error, match="AccessDenied"):
            attempt()
    assert {bucket.name for bucket in client.list_buckets()} <= {BUCKET}


def _seen(life: Life, remedy: str) -> Iterator[Check]:
    config = life.target()
    cluster, settings = api_of(config), cluster_settings(config, "")
    yield from namespace.checks(cluster, settings, now=lambda: datetime.now(timezone.utc), remedy=remedy)
    cluster.close()


def _parts(life: Life) -> Parts:
    near, _ = bucket_endpoints(life.target().store, "test")
    return Parts(
        python=sys.version_info[:3],
        target="kind",
        checks=lambda remedy: _seen(life, remedy),
        problems=tuple,
        store=lambda: BucketStore(near),
        refuses_overwrite=lambda store: refuses_overwrite(store, secrets.token_hex(8)),
        now=lambda: datetime.now(timezone.utc),
        repair=repair_command(life.options.name, "kind"),
        requirements=lambda remedy: kind_checks(KindParts(life.options.name), remedy),
    )


def test_doctor_finds_nothing_wrong(life: Life) -> None:
    checks = diagnose(_parts(life))
    assert is_well(checks), to_lines(checks)
    assert {"API server", "may list events", "a step's Job and pod (dry run)"} <= {check.name for check in checks}


def test_doctor_tells_wrong_keys(life: Life) -> None:
    near, _ = bucket_endpoints(life.target().store, "test")
    wrong = replace(near, credentials=Credentials(near.credentials.access_key, "x" * 40))
    checks = diagnose(replace(_parts(life), store=lambda: BucketStore(wrong)))
    assert [check.name for check in checks if not check.ok and not check.optional] == ["store's credentials"]


def _delete_pod(kubeconfig: Document, name: str) -> None:
    from kubernetes.client import CoreV1Api
    from kubernetes.config import new_client_from_config_dict

    with new_client_from_config_dict(kubeconfig) as client:
        CoreV1Api(client).delete_namespaced_pod(name, "runner-storage", grace_period_seconds=1)


def _await_minio(life: Life, gone: str) -> None:
    """MinIO is ready in a pod that is not `gone`, and its port on this machine leads to it."""

    def ask() -> None:
        uids = {pod["metadata"]["uid"] for pod in life.get(f"{STORAGE}/pods")["items"]}
        if gone in uids or not is_ready(life.get(DEPLOYMENT)):
            raise TargetUnreachable("MinIO is not ready")
        check_answers(endpoint(life.port))

    retry_for(ask, passing=(TargetUnreachable, StoreUnreachable), seconds=90)


@pytest.mark.all_data
def test_data_survive_the_restart_of_the_store(life: Life) -> None:
    _put(life.user(), "kept", b"data")
    pod = life.get(f"{STORAGE}/pods")["items"][0]["metadata"]
    _delete_pod(kind.read_kubeconfig(life.options.name), pod["name"])
    _await_minio(life, gone=pod["uid"])
    assert _read(life.user(), "kept") == b"data"


def test_up_mends_deleted_files(life: Life) -> None:
    keys = life.keys(BUCKET_SECRET)
    life.options.kubeconfig.unlink()
    life.options.credentials.write_text("{}")
    life.up()
    assert life.controller().get("/apis/batch/v1/namespaces/runner/jobs") is not None
    written = json.loads(life.options.credentials.read_text())
    assert written == {"access_key": keys.access_key, "secret_key": keys.secret_key}


def test_up_refuses_another_port_for_the_cluster_that_is_there(life: Life) -> None:
    with pytest.raises(BadInput, match="--port"):
        life.up(replace(life.options, port=_free_port()))


def test_up_starts_a_node_that_was_stopped(life: Life) -> None:
    _put(life.user(), "older", b"than the reboot")
    run_program(["docker", "stop", "--time", "20", f"{life.options.name}-control-plane"], seconds=90)
    sys.stderr.write(f"cluster up, stopped node: {life.up():.1f} s\n")
    assert _read(life.user(), "older") == b"than the reboot"


@pytest.mark.all_data
def test_an_image_that_cannot_be_had_is_told_and_mended(life: Life) -> None:
    good = life.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["image"]
    start = time.monotonic()
    with pytest.raises(BadInput, match="image cannot be had") as caught:
        life.up(replace(life.options, minio_image="registry.invalid/minio:1"))
    sys.stderr.write(f"cluster up, image that cannot be had: {time.monotonic() - start:.1f} s\n{caught.value}\n")
    assert "--minio-image" in str(caught.value)
    life.up(replace(life.options, minio_image=good))
    assert _read(life.user(), "kept") == b"data"


def test_a_port_in_use_is_told_before_anything_is_made(life: Life, tmp_path: Path) -> None:
    other = ClusterOptions(configuration=tmp_path / "config.yaml", name="runner-never", port=life.port)
    with pytest.raises(BadInput, match=f"port {life.port} of this machine is in use"):
        up(other, life.said.append)
    assert "runner-never" not in kind_clusters()
    assert list(tmp_path.iterdir()) == []


def test_down_leaves_nothing_but_the_users_own_settings(life: Life) -> None:
    sys.stderr.write(f"cluster down: {life.down():.1f} s\n")
    assert life.options.name not in kind_clusters()
    assert list(life.files()) == ["config.yaml"]
    assert read_document(life.options.configuration) == {"targets": {"mine": {"type": "process", "workers": 2}}}


def test_down_again_is_no_error(life: Life) -> None:
    life.down()
    assert life.said[-1] == f"cluster {life.options.name} is not there"


def test_doctor_names_the_command_when_the_cluster_is_gone(life: Life) -> None:
    def unused(_remedy: str) -> NoReturn:
        raise RunnerError("it stands on the cluster")

    parts = Parts(
        python=sys.version_info[:3],
        target="kind",
        checks=unused,
        problems=tuple,
        store=lambda: pytest.fail("it stands on the cluster"),
        refuses_overwrite=lambda _: True,
        now=lambda: datetime.now(timezone.utc),
        repair=repair_command(life.options.name, "kind"),
        requirements=lambda remedy: kind_checks(KindParts(life.options.name), remedy),
    )
    wrong = [check for check in diagnose(parts) if not check.ok]
    assert [(check.name, check.remedy) for check in wrong] == [
        ("kind cluster", f"runner cluster up --name {life.options.name}")
    ]
