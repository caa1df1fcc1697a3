"""Manifests as they are sent; `RUNNER_WRITE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import base64
import json
import os
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes import controller_job, render
from runner.compute.kubernetes.json_fields import KubeObject
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.access import Access
from runner.model.data import DataRef
from runner.model.placement import Placement
from runner.model.resources import Resources
from runner.model.task import InputBinding, OutputBinding, Task, TimeLimits
from tests.support.fake_api import RUN, STORE, a_task

GOLDEN = Path(__file__).parents[3] / "golden"
SETTINGS = ClusterSettings(store_id=STORE)
LIMIT = 8 << 10


def a_job(task: Task, settings: ClusterSettings = SETTINGS, interpreter: str = "") -> Any:
    return render.job(task, settings, owner="uid-1", archive="0123456789ab" + "c" * 52, interpreter=interpreter)


def container_of(job: Any) -> Any:
    return job["spec"]["template"]["spec"]["containers"][0]


def mounts_of(job: Any) -> list[str]:
    return [mount["mountPath"] for mount in container_of(job)["volumeMounts"]]


def check(name: str, value: object) -> None:
    text = json.dumps(value, indent=2) + "\n"
    path = GOLDEN / name
    if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
        path.write_text(text)
    assert text == path.read_text()


def a_rich_task() -> Task:
    data = InputBinding(name="raw", ref=DataRef(datastore="blob", key="raw", digest="d" * 64), path_on_compute="/data")
    model = OutputBinding(name="model", datastore="blob", key="azureml/x/model", path_on_compute="/srv/model/")
    wish = Resources(cpu="2", memory="8Gi", cpu_limit="4", gpu=1, shared_memory="8Gi", ephemeral_storage="40Gi")
    limits = TimeLimits(queue=3600.0, start=600.0, run=7200.5)
    return replace(a_task(attempt=2, resources=wish, outputs=(model,)), inputs=(data,), time_limits=limits)


def a_rich_cluster() -> ClusterSettings:
    return ClusterSettings(
        store_id=STORE,
        namespace="team-a",
        run_as=1234,
        service_account="steps",
        node_selector={"pool": "gpu"},
        tolerations=({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},),
        image_pull_secrets=("registry",),
    )


def test_golden_plain_job() -> None:
    check("job-plain.json", a_job(a_task()))


def test_golden_rich_job() -> None:
    check("job-rich.json", a_job(a_rich_task(), a_rich_cluster(), "/opt/conda/bin/python"))


def test_golden_run_objects() -> None:
    check("run-configmap.json", render.run_configmap(RUN, SETTINGS))
    check("run-keys-owner.json", render.keys_owner(RUN, SETTINGS, owner="uid-1"))
    check("run-secret.json", render.run_secret(RUN, {Access(): '{"workspace":{}}'}, SETTINGS, owner="uid-2"))
    check("step-configmap.json", render.step_configmap(b"archive", SETTINGS))


def test_the_job_does_not_grow_with_its_inputs() -> None:
    one, thousand = (len(json.dumps(a_job(a_task(inputs=n)))) for n in (1, 1000))
    assert one == thousand < LIMIT


def test_every_absolute_place_is_a_volume_of_its_own() -> None:
    assert mounts_of(a_job(a_rich_task()))[5:] == ["/data", "/srv/model"]


@pytest.mark.parametrize(
    "place", ["", "data", "/tmp", "/tmp/data", "/runner/work/x", "/", "/dev/shm", "/dev/shm/cache"]
)
def test_places_that_need_no_volume(place: str) -> None:
    binding = OutputBinding(name="out", datastore="blob", key="key", path_on_compute=place)
    assert mounts_of(a_job(a_task(outputs=(binding,)))) == mounts_of(a_job(a_task()))


def test_one_place_for_input_and_output_is_one_volume() -> None:
    task = a_task(
        inputs=0,
        outputs=(
            OutputBinding(name="a", datastore="b", key="k", path_on_compute="/d"),
            OutputBinding(name="c", datastore="b", key="l", path_on_compute="/d/"),
        ),
    )
    assert mounts_of(a_job(task)).count("/d") == 1


@pytest.mark.parametrize(
    ("wish", "limits"),
    [
        (Resources(), {"memory": "2Gi"}),
        (Resources(memory_limit=""), {}),
        (Resources(memory="4Gi"), {"memory": "4Gi"}),
        (Resources(cpu="2", cpu_limit="500m"), {"cpu": "2", "memory": "2Gi"}),
        (Resources(gpu=2), {"memory": "2Gi", "nvidia.com/gpu": "2"}),
    ],
)
def test_limits_are_never_below_requests(wish: Resources, limits: dict[str, str]) -> None:
    assert container_of(a_job(a_task(resources=wish)))["resources"]["limits"] == limits


def test_shared_memory_is_a_volume_that_asks_for_nothing() -> None:
    asking, none = (a_job(a_task(resources=Resources(shared_memory=size))) for size in ("8Gi", ""))
    pod = asking["spec"]["template"]["spec"]
    assert [one["emptyDir"] for one in pod["volumes"] if "emptyDir" in one] == [
        {"sizeLimit": "256Gi"},
        {"sizeLimit": "256Gi"},
        {"medium": "Memory", "sizeLimit": "8Gi"},
    ]
    assert "/dev/shm" in mounts_of(asking)
    assert "/dev/shm" not in mounts_of(none)
    assert container_of(asking)["resources"] == container_of(none)["resources"]


def pod_of(job: Any) -> Any:
    return job["spec"]["template"]["spec"]


def test_a_steps_placement_goes_before_the_targets_or_is_added() -> None:
    place = Placement({"pool": "small", "zone": "a"}, ({"key": "spot", "operator": "Exists"},), "own", ("mine",))
    pod = pod_of(a_job(a_task(placement=place), a_rich_cluster()))
    assert pod["nodeSelector"] == {"pool": "small", "zone": "a"}
    assert pod["serviceAccountName"] == "own"
    assert pod["imagePullSecrets"] == [{"name": "registry"}, {"name": "mine"}]
    assert [one["key"] for one in pod["tolerations"]][:2] == ["gpu", "spot"]


NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


@pytest.mark.parametrize(
    ("overrides", "added"),
    [
        ((), [NOT_READY, UNREACHABLE]),
        (({"key": "gpu", "operator": "Exists"},), [NOT_READY, UNREACHABLE]),
        (({"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 900},), [NOT_READY]),
        (({"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"},), [NOT_READY, UNREACHABLE]),
        (({"operator": "Exists"},), []),
        (({"operator": "Exists", "effect": "NoExecute"},), []),
    ],
)
def test_a_lost_node_is_left_soon_unless_something_else_is_stated(
    overrides: tuple[dict[str, str | int], ...], added: list[str]
) -> None:
    told = pod_of(a_job(a_task(placement=Placement(tolerations=overrides))))["tolerations"]
    assert told[: len(overrides)] == list(overrides)
    assert [(one["key"], one["tolerationSeconds"]) for one in told[len(overrides) :]] == [(key, 30) for key in added]


def test_a_disrupted_pod_fails_its_job_and_is_not_replaced() -> None:
    spec = a_job(a_task())["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onPodConditions"][0]["type"]) == ("FailJob", "DisruptionTarget")
    assert (spec["backoffLimit"], spec["podReplacementPolicy"]) == (0, "Failed")
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_the_probe_is_shaped_like_a_steps_job() -> None:
    real, probe = a_job(a_task())["spec"], render.probe_job(SETTINGS)["spec"]
    assert isinstance(probe, dict)
    assert {key: probe[key] for key in probe if key != "template"} == {
        key: real[key] for key in ("backoffLimit", "podReplacementPolicy", "podFailurePolicy")
    }


def test_no_secret_is_in_a_job() -> None:
    secret: Any = render.run_secret(RUN, {Access(): "canary"}, SETTINGS, owner="uid-1")
    encoded = base64.b64encode(b"canary").decode()
    assert list(secret["data"].values()) == [encoded]
    assert encoded not in json.dumps(a_job(a_task()))


@pytest.mark.parametrize(
    ("limits", "whole", "pod"),
    [
        (TimeLimits(), 0, 0),
        (TimeLimits(86400.0, 3600.0, 0.0), 0, 0),
        (TimeLimits(0.0, 3600.0, 60.0), 0, 3960),
        (TimeLimits(60.0, 0.0, 60.0), 0, 0),
        (TimeLimits(86400.0, 3600.0, 0.5), 90301, 3901),
        (TimeLimits(1e12, 1e12, 1e12), 2**31 - 1, 2**31 - 1),
    ],
)
def test_the_cluster_ends_what_no_controller_does(limits: TimeLimits, whole: int, pod: int) -> None:
    spec = a_job(replace(a_task(), time_limits=limits))["spec"]
    assert spec.get("activeDeadlineSeconds", 0) == whole
    assert spec["template"]["spec"].get("activeDeadlineSeconds", 0) == pod


def volumes_of(pod: Any) -> dict[str, Any]:
    return {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume}


def test_every_folder_on_the_nodes_disk_has_a_limit() -> None:
    big = InputBinding(
        name="raw", ref=DataRef(datastore="blob", key="raw", digest="d" * 64, bytes=100 << 30), path_on_compute="/data"
    )
    plain = volumes_of(a_job(a_task(inputs=0))["spec"]["template"]["spec"])
    assert plain == {"work": "256Gi", "temporary": "256Gi", "shared-memory": "2Gi"}
    large = volumes_of(a_job(replace(a_task(), inputs=(big,)))["spec"]["template"]["spec"])
    assert large == {**plain, "work": "556Gi", "temporary": "556Gi", "path-1": "556Gi"}
    overrides = replace(a_task(inputs=0), resources=Resources(ephemeral_storage="10Gi"))
    assert volumes_of(a_job(overrides)["spec"]["template"]["spec"]) == {**plain, "work": "10Gi", "temporary": "10Gi"}
    probe: Any = render.probe_pod(SETTINGS)
    controller: Any = controller_job.job("c", RUN, "image", SETTINGS)
    for pod in (probe["spec"], controller["spec"]["template"]["spec"]):
        assert all(volumes_of(pod).values())


def test_local_disk_is_asked_for_and_the_most() -> None:
    asked = container_of(a_job(replace(a_task(), resources=Resources(ephemeral_storage="10Gi"))))["resources"]
    assert (asked["requests"]["ephemeral-storage"], asked["limits"]["ephemeral-storage"]) == ("10Gi", "10Gi")
    assert "ephemeral-storage" not in str(container_of(a_job(a_task()))["resources"])


def test_archives_of_other_content_have_other_names() -> None:
    one, other = (render.step_configmap(data, SETTINGS) for data in (b"1", b"2"))
    assert one["metadata"] != other["metadata"]


def test_a_configmap_may_be_compressed_by_another_zlib() -> None:
    wanted = render.step_configmap(b"archive" * 100, SETTINGS)

    def other(data: bytes) -> KubeObject:
        return {**wanted, "binaryData": {"step.pyz.zlib": base64.b64encode(data).decode()}}

    same, different = zlib.compress(b"archive" * 100, 0), zlib.compress(b"other")
    assert other(same) != wanted
    assert [render.holds_same(other(data), wanted) for data in (same, different, b"no zlib")] == [True, False, False]
    assert not render.holds_same({**wanted, "immutable": False}, wanted)


PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"


def test_pods_trust_the_authorities_of_their_target_and_use_its_proxy() -> None:
    settings = replace(SETTINGS, authorities=PEM, variables={"HTTPS_PROXY": "http://proxy:3128", "HOME": "/nowhere"})
    shared: Any = render.ca_configmap(settings)
    assert shared["data"] == {"ca.pem": PEM}
    for pod in (
        a_job(a_task(), settings)["spec"]["template"]["spec"],
        dict(controller_job.job("c", RUN, "image", settings))["spec"]["template"]["spec"],  # type: ignore[index]  # a Job
    ):
        (container,) = pod["containers"]
        env = {each["name"]: each["value"] for each in container["env"]}
        (volume,) = (each for each in pod["volumes"] if each["name"] == "ca")
        assert volume["configMap"]["name"] == shared["metadata"]["name"]
        (mounted,) = (each for each in container["volumeMounts"] if each["name"] == "ca")
        assert mounted == {"name": "ca", "mountPath": "/runner/ca", "readOnly": True}
        assert env["SSL_CERT_FILE"] == env["REQUESTS_CA_BUNDLE"] == "/runner/ca/ca.pem"
    env = {each["name"]: each["value"] for each in container_of(a_job(a_task(), settings))["env"]}
    assert (env["HTTPS_PROXY"], env["HOME"]) == ("http://proxy:3128", "/runner/work/home")
    assert "SSL_CERT_FILE" not in json.dumps(a_job(a_task()))
