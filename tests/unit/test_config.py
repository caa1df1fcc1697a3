from __future__ import annotations

from pathlib import Path

import pytest

from runner.config import find_root
from runner.datastores import BucketConfig, bucket_endpoints
from runner.errors import BadInput
from runner.wiring.configuration import load


@pytest.mark.parametrize(
    ("written", "meant"), [("", ""), ("/", ""), ("team", "team/"), ("team/", "team/"), ("/team/a/", "team/a/")]
)
def test_a_prefix_is_a_folder_however_it_is_written(written: str, meant: str) -> None:
    near, far = bucket_endpoints(
        BucketConfig(bucket="bucket", endpoint="http://here", cluster_endpoint="http://there", prefix=written), "test"
    )
    assert (near.prefix, far.prefix) == (meant, meant)
    assert (near.endpoint, far.endpoint) == ("http://here", "http://there")


STORE = "{{bucket: bkt, endpoint: '{0}'{1}}}"
TARGET = "targets: {{t: {{type: kubernetes, store: {0}}}}}"


@pytest.mark.parametrize(
    ("written", "where", "said"),
    [
        (b"targets: [a, b]", "targets", "expected a mapping"),
        (b"targets: {t: 1}", "targets.t", "needs 'type'"),
        (b"environments: [a]", "environments", "mapping"),
        (b"name: \xff\xfe", "runner.yaml", "not UTF-8"),
        (b"a: [", "runner.yaml", "not valid YAML"),
        (TARGET.format(STORE.format("http://h:abc", "")).encode(), "targets.t.store.endpoint", "no address"),
        (TARGET.format(STORE.format("h:9000", "")).encode(), "targets.t.store.endpoint", "no address"),
        (
            TARGET.format(STORE.format("http://h", ", cluster_endpoint: 'http://[h'")).encode(),
            "targets.t.store.cluster_endpoint",
            "no address",
        ),
    ],
)
def test_a_bad_file_says_where_and_what_to_do(tmp_path: Path, written: bytes, where: str, said: str) -> None:
    (tmp_path / "runner.yaml").write_bytes(written)
    with pytest.raises(BadInput) as refused:
        load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")})
    (problem,) = refused.value.problems
    assert said in problem.what
    assert where in problem.where
    assert problem.remedy


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "runner.yaml").mkdir()
    with pytest.raises(BadInput, match="cannot be read") as refused:
        load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")})
    assert refused.value.problems[0].remedy


def test_a_bare_azureml_folder_makes_no_workspace(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "sub"
    inner.mkdir(parents=True)
    (tmp_path / ".azureml").mkdir()
    assert find_root(inner) == inner
    (tmp_path / "project" / ".azureml").mkdir()
    (tmp_path / "project" / ".azureml" / "config.json").touch()
    assert find_root(inner) == tmp_path / "project"
