from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from runner.compute.kubernetes.mount_volumes import MountSource, PodMounts, mount_secret, mounted, mounts_of
from runner.compute.kubernetes.mounts_config import MOUNTER, MountsConfig
from runner.compute.kubernetes.render import job
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.credentials import Credentials
from runner.model.data import Mode
from runner.model.delivery import Delivery
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import InputBinding, Task
from runner.mounter.services import DRIVER
from runner.mounter.volume import ATTRIBUTES
from tests.support.fake_api import STORE, a_task

ENDPOINT = BucketEndpoint(
    bucket="data",
    endpoint="http://minio:9000",
    prefix="team/",
    region="eu-1",
    credentials=Credentials("name", "canary", "token"),
)
SOURCES = {"blob": MountSource(ENDPOINT, "train-mount-1")}


def task(*prefixes: str | None) -> Task:
    """A task with one input for each prefix; None: a download."""
    plain = a_task(inputs=len(prefixes))
    inputs = [
        binding if prefix is None else replace(binding, delivery=Delivery(Mode.MOUNT, 1, "", prefix))
        for binding, prefix in zip(plain.inputs, prefixes, strict=True)
    ]
    return replace(plain, inputs=tuple[InputBinding, ...](inputs))


def test_each_mounted_input_has_a_volume_of_its_own() -> None:
    made = mounts_of(task("a/b", None, ""), MountsConfig(), SOURCES)
    assert made.volumes == (
        {
            "name": "mount-1",
            "csi": {
                "driver": MOUNTER,
                "readOnly": True,
                "nodePublishSecretRef": {"name": "train-mount-1"},
                "volumeAttributes": {
                    "endpoint": "http://minio:9000",
                    "bucket": "data",
                    "prefix": "team/a/b",
                    "region": "eu-1",
                },
            },
        },
        {
            "name": "mount-2",
            "csi": {
                "driver": MOUNTER,
                "readOnly": True,
                "nodePublishSecretRef": {"name": "train-mount-1"},
                "volumeAttributes": {
                    "endpoint": "http://minio:9000",
                    "bucket": "data",
                    "prefix": "team",
                    "region": "eu-1",
                },
            },
        },
    )
    assert made.mounts == tuple(
        {
            "name": f"mount-{number}",
            "mountPath": f"/run/runner/mounts/{name}",
            "readOnly": True,
            "mountPropagation": "HostToContainer",
        }
        for number, name in ((1, "in0"), (2, "in2"))
    )


def test_the_mounter_knows_every_attribute_and_has_the_name_that_is_asked_for() -> None:
    (volume,) = mounts_of(task("a"), MountsConfig(), SOURCES).volumes
    csi: Any = volume["csi"]
    assert set(csi["volumeAttributes"]) == set(ATTRIBUTES)
    assert DRIVER == MOUNTER


def test_another_driver_gets_attributes_of_its_own() -> None:
    config = MountsConfig(driver="other.example", attributes={"path": "{bucket}:/{prefix}", "{bucket}": "plain {x}"})
    (volume,) = mounts_of(task("a"), config, SOURCES).volumes
    csi: Any = volume["csi"]
    assert csi["driver"] == "other.example"
    assert csi["volumeAttributes"] == {"path": "data:/team/a", "{bucket}": "plain {x}"}


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    config = MountsConfig(attributes={"path": "{prefix}"})
    (volume,) = mounts_of(task("{bucket}"), config, SOURCES).volumes
    csi: Any = volume["csi"]
    assert csi["volumeAttributes"] == {"path": "team/{bucket}"}


def test_a_claim_is_mounted_at_the_folder_of_the_input() -> None:
    made = mounts_of(task("a"), MountsConfig(claim="bucket"), SOURCES)
    assert made.volumes == ({"name": "mount-1", "persistentVolumeClaim": {"claimName": "bucket", "readOnly": True}},)
    (mount,) = made.mounts
    assert (mount["mountPath"], mount["subPath"]) == ("/run/runner/mounts/in0/data", "team/a")


def test_the_whole_bucket_of_a_claim_has_no_sub_path() -> None:
    sources = {"blob": MountSource(replace(ENDPOINT, prefix=""), "")}
    (mount,) = mounts_of(task(""), MountsConfig(claim="bucket"), sources).mounts
    assert "subPath" not in mount


def test_the_secret_holds_what_there_is() -> None:
    data = {name: base64.b64decode(value).decode() for name, value in mount_secret(ENDPOINT, "PEM").items()}
    assert data == {"access_key": "name", "secret_key": "canary", "session_token": "token", "ca.crt": "PEM"}
    static = replace(ENDPOINT, credentials=Credentials("name", "canary"))
    assert set(mount_secret(static)) == {"access_key", "secret_key"}


def test_a_pod_without_mounts_is_as_it_was() -> None:
    settings = ClusterSettings(store_id=STORE)
    plain, same = (job(task(None), settings, owner="u", archive="a" * 64, mounts=m) for m in (None, PodMounts()))
    assert plain == same
    assert not mounted(task(None))


def test_the_mounts_are_added_to_the_pod_and_hold_no_key() -> None:
    settings = ClusterSettings(store_id=STORE)
    mounts = mounts_of(task("a"), MountsConfig(), SOURCES)
    made: Any = job(task("a"), settings, owner="u", archive="a" * 64, mounts=mounts)
    pod = made["spec"]["template"]["spec"]
    assert [volume["name"] for volume in pod["volumes"]][-1] == "mount-1"
    assert pod["containers"][0]["volumeMounts"][-1]["mountPath"] == "/run/runner/mounts/in0"
    assert "canary" not in str(made)
