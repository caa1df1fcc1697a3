"""How the pods of a target reach the world: certificate authorities and proxies."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.compute.kubernetes.build import cluster_settings
from runner.compute.kubernetes.config import KubernetesConfig, ProxyConfig
from runner.datastores import BucketConfig
from runner.errors import BadInput

BUCKET = BucketConfig(bucket="b", endpoint="http://near:1", cluster_endpoint="http://minio.storage.svc:9000")


def test_a_proxy_is_stated_in_both_spellings_and_not_used_for_the_store() -> None:
    told = cluster_settings(KubernetesConfig(store=BUCKET, proxy=ProxyConfig(https="http://proxy:3128")), "")
    direct = "localhost,127.0.0.1,.svc,.cluster.local,minio.storage.svc"
    assert told.variables == {
        "HTTPS_PROXY": "http://proxy:3128",
        "https_proxy": "http://proxy:3128",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
    told = cluster_settings(
        KubernetesConfig(store=BUCKET, proxy=ProxyConfig(http="http://proxy:3128", no_proxy="mine")), ""
    )
    assert told.variables["NO_PROXY"] == "mine"
    assert not cluster_settings(KubernetesConfig(store=BUCKET), "").variables


def test_authorities_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(BadInput, match="cannot be read"):
        cluster_settings(KubernetesConfig(store=BUCKET, ca_bundle=str(file)), "")
    file.write_text("no certificate")
    with pytest.raises(BadInput, match="holds no certificate"):
        cluster_settings(KubernetesConfig(store=BUCKET, ca_bundle=str(file)), "")
    file.write_text("-----BEGIN CERTIFICATE-----")
    settings = KubernetesConfig(store=BUCKET, ca_bundle=str(file))
    assert cluster_settings(settings, "").authorities == "-----BEGIN CERTIFICATE-----"
    assert settings.controllers(str).inside().ca_bundle == "/runner/ca/ca.pem"
    assert not KubernetesConfig(store=BUCKET).controllers(str).inside().ca_bundle
