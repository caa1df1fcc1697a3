from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runner.compute.kubernetes.mount_secrets import MountSecrets
from runner.compute.kubernetes.mounts_config import MountsConfig
from runner.compute.kubernetes.run_objects import RunFiles
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import TargetError
from runner.model.access import Access
from runner.model.credentials import Credentials
from runner.model.data import DataRef, Mode
from runner.model.delivery import Delivery
from runner.model.document import to_document
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import InputBinding, Task
from tests.support.fake_api import RUN, STORE, FakeCluster, a_task

STORES = StepStores(
    workspace=BucketEndpoint(bucket="runner", endpoint="http://minio:9000", credentials=Credentials("w", "canary-w")),
    datastores={
        "blob": BucketEndpoint(bucket="blob", endpoint="http://other:9000", credentials=Credentials("b", "canary-b"))
    },
)
ACCESS = Access(datastores=("blob",))
MOUNT = Delivery(Mode.MOUNT, 1, "as asked", "data")


def files(run: str) -> RunFiles:
    assert run == RUN
    return {ACCESS: json.dumps(to_document(STORES.only(ACCESS)))}


def reading(*datastores: str, delivery: Delivery | None = MOUNT) -> Task:
    inputs = (
        InputBinding(name=f"in{number}", ref=DataRef(datastore=name, key="data", digest="d" * 64), delivery=delivery)
        for number, name in enumerate(datastores)
    )
    return replace(a_task(inputs=0), inputs=tuple(inputs), access=ACCESS)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def secrets(cluster: FakeCluster, config: MountsConfig | None = None, keys: Credentials | None = None) -> MountSecrets:
    return MountSecrets(
        cluster,
        ClusterSettings(store_id=STORE, mounts=config or MountsConfig()),
        files,
        lambda _task, _name, bucket: replace(bucket, credentials=keys) if keys else bucket,
    )


def keys_in(secret: Any) -> dict[str, str]:
    return {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}


def test_each_bucket_has_one_secret_of_the_attempt_that_goes_with_the_run(cluster: FakeCluster) -> None:
    made = secrets(cluster).prepare(reading("blob", "workspaceblobstore", "blob"), "owner-uid")
    found = cluster.list("secrets").items
    assert sorted(keys_in(secret)["secret_key"] for secret in found) == ["canary-b", "canary-w"]
    named: Any = [volume["csi"] for volume in made.volumes]
    assert len({csi["nodePublishSecretRef"]["name"] for csi in named}) == 2
    owners: Any = cluster.objects("configmaps").values()
    assert {one["metadata"]["ownerReferences"][0]["uid"] for one in owners} == {"owner-uid"}
    uids = {one["metadata"]["uid"] for one in owners}
    owned: Any = [secret["metadata"] for secret in found]
    assert {one["ownerReferences"][0]["uid"] for one in owned} == uids
    assert {one["labels"]["runner/run"] for one in owned} == {RUN}


def test_a_secret_of_a_controller_that_crashed_is_replaced(cluster: FakeCluster) -> None:
    ended = Credentials("b", "canary-of-yesterday", "token", 1.0)
    first = secrets(cluster, keys=ended).prepare(reading("blob"), "u")
    assert secrets(cluster).prepare(reading("blob"), "u") == first
    (found,) = cluster.list("secrets").items
    assert keys_in(found)["secret_key"] == "canary-b"


def test_a_start_that_is_tried_again_keeps_its_secret_for_a_while(cluster: FakeCluster) -> None:
    ours = secrets(cluster)
    ours.prepare(reading("blob"), "u")
    ours.prepare(reading("blob"), "u")
    assert cluster.calls["delete configmaps"] == 0
    cluster.time += timedelta(minutes=5)
    ours.prepare(reading("blob"), "u")
    assert cluster.calls["delete configmaps"] == 1
    assert len(cluster.list("secrets").items) == 1


def test_without_mounts_nothing_is_asked_for(cluster: FakeCluster) -> None:
    assert not secrets(cluster).prepare(reading("blob", delivery=None), "u").volumes
    assert not cluster.calls


def test_a_claim_needs_no_secret(cluster: FakeCluster) -> None:
    made = secrets(cluster, MountsConfig(claim="bucket")).prepare(reading("workspaceblobstore"), "u")
    assert len(made.volumes) == 1
    assert not cluster.calls


def test_a_datastore_that_the_step_may_not_open_is_told(cluster: FakeCluster) -> None:
    with pytest.raises(TargetError, match="datastore 'other' cannot be mounted"):
        secrets(cluster).prepare(reading("other"), "u")
