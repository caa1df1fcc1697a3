"""The cache of a node in the configuration, and in the manifest of a step's pod."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes.admission import pod_creation_problem
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.node_cache import NodeCacheConfig
from runner.compute.kubernetes.render import job
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import BadInput
from runner.wiring.configuration import load
from tests.support import builders as b

TARGET = "targets: {{team: {{type: kubernetes, store: {{bucket: bkt, endpoint: 'http://h:1'}}, node_cache: {}}}}}"


def configured(folder: Path, words: str) -> KubernetesConfig:
    (folder / "runner.yaml").write_text(TARGET.format(words))
    found = load(folder, {"RUNNER_CONFIG": str(folder / "none")}).get("team")
    assert isinstance(found, KubernetesConfig)
    return found


def test_it_is_read(tmp_path: Path) -> None:
    found = configured(tmp_path, "{claim: cache, size: 1Gi}")
    assert (found.node_cache, found.node_cache.limit) == (NodeCacheConfig(claim="cache", size="1Gi"), 1 << 30)
    assert configured(tmp_path, "{path: /var/cache}").node_cache.limit == 20 << 30


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("{path: /var/cache, claim: cache}", "a node's cache has one place"),
        ("{path: cache}", "'cache' is no absolute path"),
        ("{path: /var/../etc}", "is no absolute path"),
        ("{path: /}", "'/' is no absolute path"),
        ("{claim: a_b}", "'a_b' is no name of a Kubernetes object"),
        ("{claim: cache, size: much}", "'much' is no size"),
        ("{claim: cache, size: '0'}", "'0' is no size"),
    ],
)
def test_what_is_no_cache_is_refused(tmp_path: Path, words: str, what: str) -> None:
    with pytest.raises(BadInput, match=what) as told:
        configured(tmp_path, words)
    assert "targets.team.node_cache" in told.value.problems[0].where


def container(cache: NodeCacheConfig) -> tuple[dict[str, object], dict[str, str], dict[str, object]]:
    settings = ClusterSettings(store_id="s", node_cache=cache)
    made: Any = job(b.task(), settings, owner="uid", archive="a" * 64)
    pod = made["spec"]["template"]["spec"]
    (one,) = pod["containers"]
    variables = {each["name"]: each["value"] for each in one["env"]}
    mounts = {each["mountPath"]: each for each in one["volumeMounts"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    return volumes.get("node-cache", {}), variables, mounts.get("/runner/cache", {})


def test_a_pod_reaches_it(tmp_path: Path) -> None:
    volume, variables, mount = container(NodeCacheConfig(claim="cache", size="1Ki"))
    assert volume == {"name": "node-cache", "persistentVolumeClaim": {"claimName": "cache"}}
    assert (variables["RUNNER_NODE_CACHE"], mount["name"]) == ("1024:/runner/cache", "node-cache")
    volume, _, _ = container(NodeCacheConfig(path="/var/cache"))
    assert volume["hostPath"] == {"path": "/var/cache", "type": "DirectoryOrCreate"}
    volume, variables, mount = container(NodeCacheConfig())
    assert (volume, mount, "RUNNER_NODE_CACHE" in variables) == ({}, {}, False)


def test_a_namespace_that_admits_no_path_of_a_node_is_explained() -> None:
    message = (
        'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": restricted volume types '
        '(volume "node-cache" uses restricted volume type "hostPath")'
    )
    assert "node_cache" in pod_creation_problem(message).remedy
