"""Targets of this machine that have a bucket: which of them may share a run, and what their steps are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.compute.process.target import ProcessTarget
from runner.errors import BadInput
from runner.model.plan import Plan
from runner.model.store_endpoint import BucketEndpoint
from runner.operations.values import Request
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders as b
from tests.support.small_s3 import BUCKET, small_s3

CONFIG = """
name: shop
datastores:
  lake: {type: bucket, bucket: lake, endpoint: 'http://near', cluster_endpoint: 'http://far', credentials: keys.json}
targets:
  local: {type: process, store: {bucket: BUCKET, endpoint: 'ENDPOINT', prefix: /team/}}
  laptop: {type: process, store: {bucket: BUCKET, endpoint: 'ENDPOINT', cluster_endpoint: 'http://far', prefix: team}}
  apart: {type: process, store: {bucket: BUCKET, endpoint: 'ENDPOINT', prefix: other}}
"""


def session(folder: Path, endpoint: str) -> OpenWorkspace:
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"access_key": "me", "secret_key": "hidden"}))
    keys.chmod(0o600)
    text = CONFIG.replace("BUCKET", BUCKET).replace("ENDPOINT", endpoint)
    (folder / "runner.yaml").write_text(text)
    return OpenWorkspace(config=load(folder, {"RUNNER_CONFIG": str(folder / "none")}), notify=lambda _line: None)


def on(folder: Path, compute: str) -> Plan:
    folder.mkdir(exist_ok=True)
    return b.plan(b.step("a", source=str(folder), snapshot="", compute=compute, script=""))


def test_targets_with_one_bucket_share_a_run_and_others_do_not(tmp_path: Path) -> None:
    with small_s3() as endpoint:
        opened = session(tmp_path, endpoint.endpoint)
        assert opened.in_bucket
        assert opened.check(on(tmp_path / "code", "laptop"), Request(experiment="e")) == {"a": "laptop"}
        with pytest.raises(BadInput, match="target 'apart' has another store than this workspace"):
            opened.check(on(tmp_path / "code", "apart"), Request(experiment="e"))


def test_steps_reach_every_bucket_as_this_machine_does(tmp_path: Path) -> None:
    with small_s3() as endpoint:
        opened = session(tmp_path, endpoint.endpoint)
        stores = opened.step_stores("laptop")
        assert (stores.workspace.endpoint, stores.workspace.prefix) == (endpoint.endpoint, "team/workspaces/shop/")
        lake = stores.of("lake")
        assert isinstance(lake, BucketEndpoint)
        assert lake.endpoint == "http://near"
        target = opened.target("laptop")
        assert isinstance(target, ProcessTarget)
        assert target.bootstraps is not None
        assert "workspacefilestore" not in target.folders()
        assert "hidden" not in repr(target)
        target.close()


def test_a_target_without_a_bucket_says_how_to_get_one(tmp_path: Path) -> None:
    with small_s3() as endpoint:
        opened = session(tmp_path, endpoint.endpoint)
        (tmp_path / "runner.yaml").write_text((tmp_path / "runner.yaml").read_text() + "  bare: {type: process}\n")
        again = OpenWorkspace(config=load(tmp_path, {"RUNNER_CONFIG": "/none"}), notify=lambda _line: None)
        assert again.in_bucket == opened.in_bucket
        with pytest.raises(BadInput, match="not in a bucket") as told:
            again.target("bare")
        assert "'store:'" in str(told.value)
