"""The same drivers on a kind cluster: one Job per step, data in the bucket, results as on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind
DRIVERS = Path(__file__).parents[1] / "support" / "drivers"
NAMES = (
    "sales_chain",
    "loan_parameters",
    "weather_datapath",
    "pictures_mount",
    "words_commands",
    "model_registry",
    "brittle_branch",
    "alpha_sweep",
    "taxi_outputs",
    "registered_tables",
    "retrain_gate",
    "sums_module",
)
"""Twelve minutes are what all kind tests may take: what a driver has of reuse, datastores, secrets and transfers is
tried with one small pipeline each in tests/e2e/test_kind_v1.py."""
FAILING = {"brittle_branch", "retrain_gate"}
"""Drivers that expect one of their runs to fail or to be canceled."""


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_runs_unchanged(name: str, tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    project = tmp_path / name
    shutil.copytree(DRIVERS / name, project, ignore=shutil.ignore_patterns("__pycache__", ".runner"))
    done = desk.runner("run", "driver.py", "--target", "kind", cwd=project, seconds=600)
    failing = name in FAILING
    assert done.code == failing, done.text
    assert not failing or "\nchecked\n" in done.out, done.text
    print(f"{name}: {done.seconds:.1f} s on kind")
    assert not (project / ".runner").exists(), "a run on the cluster leaves nothing in the folder"
    desk.delete()
