from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.credentials import Credentials
from runner.mounter.messages import MountVolume, PublishRequest, VolumeCapability
from runner.mounter.refusal import Invalid, Unstated
from runner.mounter.volume import Volume, id_problem, server_of, target_problem, unstated_addresses, volume_of

CONTEXT = {
    "endpoint": "http://minio.runner-storage.svc:9000",
    "bucket": "runner",
    "prefix": "team/run/out/",
    "region": "eu-1",
    "csi.storage.k8s.io/ephemeral": "true",
    "csi.storage.k8s.io/pod.name": "p",
}
STATED = ("http://minio.runner-storage.svc:9000", "https://s3.example.org")
SECRETS = {"access_key": "name", "secret_key": "canary"}
GOOD = PublishRequest(
    volume_id="csi-1",
    target_path="/t",
    volume_capability=VolumeCapability(MountVolume()),
    readonly=True,
    secrets=SECRETS,
    volume_context=CONTEXT,
)


def asking(**attributes: str) -> PublishRequest:
    return replace(GOOD, volume_context={**CONTEXT, **attributes})


def test_a_volume_is_what_its_attributes_say() -> None:
    volume, keys = volume_of(replace(GOOD, secrets={**SECRETS, "session_token": "t", "ca.crt": "PEM"}), STATED)
    assert volume == Volume(
        endpoint="http://minio.runner-storage.svc:9000",
        bucket="runner",
        prefix="team/run/out",
        region="eu-1",
        authorities="PEM",
    )
    assert keys == Credentials("name", "canary", "t")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("endpoint", ""),
        ("endpoint", "minio:9000"),
        ("endpoint", "ftp://minio"),
        ("endpoint", "http://user:password@minio:9000"),
        ("endpoint", "http://minio:9000/path"),
        ("endpoint", "http://minio:9000?x=1"),
        ("endpoint", "http://minio:port"),
        ("endpoint", "http://[::1"),
        ("endpoint", "http://mi nio"),
        ("endpoint", "http://minio\n"),
        ("endpoint", "http://169.254.169.254"),
        ("endpoint", "http://[fe80::1]:80"),
        ("endpoint", "http://[::ffff:169.254.169.254]"),
        ("endpoint", "http://127.0.0.1:10250"),
        ("endpoint", "http://0.0.0.0:9000"),
        ("endpoint", "https://LOCALHOST"),
        ("bucket", ""),
        ("bucket", "b"),
        ("bucket", "a/b"),
        ("bucket", "--log-file=x"),
        ("bucket", "a..b"),
        ("prefix", "a//b"),
        ("prefix", "a/../b"),
        ("prefix", "./a"),
        ("prefix", "a\nb"),
        ("prefix", "ä" * 600),
        ("region", "a b"),
        ("vfs-cache-mode", "writes"),
        ("csi.storage.k8s.io/ephemeral", "false"),
    ],
)
def test_no_volume_may_ask_for_anything_else(attribute: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        volume_of(asking(**{attribute: value}), [*STATED, value])
    assert attribute.rpartition("/")[2] in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "request_",
    [
        replace(GOOD, readonly=False),
        replace(GOOD, volume_capability=VolumeCapability()),
        replace(GOOD, volume_capability=VolumeCapability(MountVolume("", ("allow_root",)))),
    ],
)
def test_it_is_a_read_only_folder_without_mount_flags(request_: PublishRequest) -> None:
    with pytest.raises(Invalid):
        volume_of(request_, STATED)


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"access_key": "name"},
        {"access_key": "name", "secret_key": "canary\nx"},
        {"access_key": "name", "secret_key": "canary" * 1000},
        {**SECRETS, "session_token": "canary ä"},
        {**SECRETS, "ca.crt": "canary" * 200_000},
    ],
)
def test_keys_are_needed_and_never_shown(secrets: Mapping[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        volume_of(replace(GOOD, secrets=secrets), STATED)
    assert "Secret" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(Invalid, match=r"endpoint.*bucket"):
        volume_of(asking(endpoint="x", bucket="y"), STATED)
    with pytest.raises(Invalid, match=r"bucket.*ENDPOINTS"):
        volume_of(asking(endpoint="http://pod:9000", bucket="y"), STATED)


@pytest.mark.parametrize(
    ("endpoint", "stated"),
    [
        ("http://minio:9000", "http://minio:9000/"),
        ("http://minio:9000/", "http://MINIO:9000"),
        ("https://s3.example.org", "https://s3.example.org:443"),
        ("http://[fd00::1]:9000", "http://[FD00::1]:9000"),
    ],
)
def test_a_stated_endpoint_is_known_in_every_form(endpoint: str, stated: str) -> None:
    volume, _ = volume_of(asking(endpoint=endpoint), ["http://other", stated])
    assert volume.endpoint == endpoint.rstrip("/")


@pytest.mark.parametrize(
    "endpoint",
    ["http://pod.team.svc:9000", "https://s3.example.org:8443", "http://s3.example.org", "http://10.0.0.5:10250"],
)
def test_no_other_endpoint_than_the_stated_ones_is_mounted_from(endpoint: str) -> None:
    with pytest.raises(Unstated) as caught:
        volume_of(asking(endpoint=endpoint), STATED)
    for words in (endpoint, "not among the endpoints", "ENDPOINTS", "DaemonSet mounter", "namespace runner-mounter"):
        assert words in str(caught.value)


@pytest.mark.parametrize("stated", [[], ["minio:9000"], ["http://minio.runner-storage.svc:9000/path"]])
def test_without_stated_endpoints_every_mount_is_refused(stated: list[str]) -> None:
    with pytest.raises(Unstated, match="ENDPOINTS of the DaemonSet mounter"):
        volume_of(GOOD, stated)


@pytest.mark.parametrize(
    "endpoint", ["", "minio", "http://u@minio", "http://minio/x", "http://minio:x", "http://m,http://n"]
)
def test_what_is_no_endpoint_is_no_server(endpoint: str) -> None:
    assert not server_of(endpoint)


def test_the_nodes_own_address_is_open_if_it_is_stated_itself() -> None:
    assert unstated_addresses(["10.0.0.5"], STATED) == {"10.0.0.5"}
    assert unstated_addresses(["10.0.0.5"], [*STATED, "http://10.0.0.5:9000"]) == frozenset()


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_is_accepted_is_plain(endpoint: str, bucket: str, prefix: str, region: str) -> None:
    try:
        volume, _ = volume_of(asking(endpoint=endpoint, bucket=bucket, prefix=prefix, region=region), [endpoint])
    except Invalid:
        return
    assert volume.endpoint.startswith(("http://", "https://"))
    assert not set(volume.bucket) & set("/:,= \n")
    assert not {"", ".", ".."} & set(volume.prefix.split("/")) or not volume.prefix


@pytest.mark.parametrize("path", ["/etc", "/var/lib/kubelet/pods/../../x", "/var/lib/kubelet/pods/a\n", "/k/pods/"])
def test_a_target_lies_in_the_folder_of_a_pod(path: str) -> None:
    assert target_problem(path, "/var/lib/kubelet")


def test_the_kubelets_own_paths_and_ids_are_accepted() -> None:
    assert not target_problem("/k/pods/uid/volumes/kubernetes.io~csi/in0/mount", "/k")
    assert not id_problem("csi-27aa188dfae90e30")


@pytest.mark.parametrize("volume_id", ["", "..", "a/b", "-x", "a" * 200])
def test_an_id_names_a_folder(volume_id: str) -> None:
    assert id_problem(volume_id)
