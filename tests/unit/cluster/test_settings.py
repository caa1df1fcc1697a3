from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from runner.cluster import settings
from runner.cluster.options import ClusterOptions
from runner.compute.kubernetes.config import KubernetesConfig
from runner.datastores import bucket_endpoints
from runner.errors import BadInput
from runner.model.document import Document
from runner.wiring.configuration import load

OPTIONS = ClusterOptions(configuration=Path("/home/ada/.config/runner/config.yaml"))
ENTRY = settings.target_entry(OPTIONS, 9000)


def test_the_entry_is_what_the_guide_shows() -> None:
    assert ENTRY == {
        "type": "kubernetes",
        "kubeconfig": "/home/ada/.config/runner/runner.kubeconfig",
        "context": "runner",
        "namespace": "runner",
        "kind_cluster": "runner",
        "store": {
            "bucket": "runner",
            "region": "us-east-1",
            "endpoint": "http://127.0.0.1:9000",
            "cluster_endpoint": "http://minio.runner-storage.svc:9000",
            "credentials": "/home/ada/.config/runner/runner.credentials.json",
        },
    }


def test_the_written_files_are_what_the_configuration_reader_takes(tmp_path: Path) -> None:
    options = ClusterOptions(configuration=tmp_path / "config.yaml", port=9001)
    settings.write_document(
        options.configuration, settings.with_target({}, "kind", settings.target_entry(options, 9001))
    )
    settings.write_document(options.credentials, {"access_key": "a", "secret_key": "b"})
    target = load(tmp_path, {"RUNNER_CONFIG": str(options.configuration)}).get("kind")
    assert isinstance(target, KubernetesConfig)
    near, far = bucket_endpoints(target.store, "test")
    assert (near.endpoint, far.endpoint) == ("http://127.0.0.1:9001", "http://minio.runner-storage.svc:9000")
    assert (near.credentials.access_key, near.credentials.secret_key) == ("a", "b")


def test_other_settings_stay_in_their_order() -> None:
    old: Document = {
        "environments": {"base": {"image": "base:1"}},
        "targets": {
            "big": {"type": "process", "workers": 4},
            "kind": {"type": "kubernetes", "kind_cluster": "runner", "capacity": 3, "store": {"prefix": "mine/"}},
        },
    }
    new = settings.with_target(old, "kind", ENTRY)
    assert list(new) == ["environments", "targets"]
    assert new["targets"]["big"] == {"type": "process", "workers": 4}
    assert new["targets"]["kind"]["capacity"] == 3
    assert new["targets"]["kind"]["store"]["prefix"] == "mine/"
    assert new["targets"]["kind"]["store"]["endpoint"] == "http://127.0.0.1:9000"
    assert "context" not in old["targets"]["kind"]


def test_writing_a_target_twice_is_writing_it_once() -> None:
    once = settings.with_target({}, "kind", ENTRY)
    assert settings.with_target(once, "kind", ENTRY) == once


@pytest.mark.parametrize("old", [{}, {"targets": None}, {"targets": {}}])
def test_an_empty_configuration_takes_a_target(old: dict[str, object]) -> None:
    assert settings.with_target(old, "kind", ENTRY) == {"targets": {"kind": ENTRY}}


def test_removal_undoes_the_addition() -> None:
    old = {"target": "kind", "targets": {"big": {"type": "process"}}}
    assert settings.without_target(settings.with_target(old, "kind", ENTRY), "kind", "runner") == old


def test_removal_of_the_last_target_leaves_no_empty_mapping() -> None:
    assert settings.without_target({"targets": {"kind": ENTRY}}, "kind", "runner") == {}


@pytest.mark.parametrize(
    "configuration",
    [{}, {"targets": None}, {"targets": {"kind": {"type": "process"}}}, {"targets": {"kind": {"kind_cluster": "b"}}}],
)
def test_removal_leaves_what_is_not_the_clusters(configuration: dict[str, object]) -> None:
    assert settings.without_target(configuration, "kind", "runner") == configuration


@pytest.mark.parametrize("clusters", [(), ("runner",), ("other",)])
def test_a_free_or_own_target_name_may_be_taken(clusters: tuple[str, ...]) -> None:
    settings.check_free({}, OPTIONS, clusters)
    settings.check_free({"targets": {"kind": ENTRY}}, OPTIONS, clusters)


def test_the_target_of_a_cluster_that_is_gone_may_be_taken() -> None:
    settings.check_free({"targets": {"kind": {"kind_cluster": "gone"}}}, OPTIONS, ("runner",))


@pytest.mark.parametrize("entry", [{"type": "process"}, {"kind_cluster": "other"}])
def test_a_target_name_in_use_is_refused(entry: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="--target NAME"):
        settings.check_free({"targets": {"kind": entry}}, OPTIONS, ("other",))


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "keys.json"
    assert settings.write_document(path, {"access_key": "a"}) is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"access_key": "a"}
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_a_file_that_says_so_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# mine\ntargets: {}\n")
    assert settings.write_document(path, {"targets": {}}) is False
    assert path.read_text().startswith("# mine")


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "config.yaml"
    real.write_text("{}\n")
    link.symlink_to(real)
    settings.write_document(link, {"target": "kind"})
    assert link.is_symlink()
    assert real.read_text() == "target: kind\n"


@pytest.mark.parametrize("text", ["targets: [", "- a\n", "a: \x00"])
def test_an_unreadable_configuration_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"config\.yaml"):
        settings.read_document(path)


def test_an_absent_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert settings.read_document(tmp_path / "none.yaml") == {}
    settings.remove_file(tmp_path / "none.yaml")
