"""The same drivers on a kind cluster: one Job per step, data in the bucket, results as on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind
DRIVERS = Path(__file__).parents[1] / "support" / "drivers"
BY_DEFAULT = (
    "sales_chain", "pictures_mount", "words_commands", "model_registry", "retrain_gate", "tuned_pipeline",
    "mpi_step", "painted_pictures",
)  # fmt: skip
"""A chain, a mount, commands, what a step in a pod asks of its workspace (models, a cancel), a search, which reads the
records of its trials, ranks in two pods, and pods that share files and write into one output. All drivers run on this
machine (tests/integration/v1). What a driver has of reuse, datastores, secrets and transfers is tried with one small
pipeline each in tests/e2e/test_kind_v1.py."""
ON_DEMAND = (
    "loan_parameters", "weather_datapath", "brittle_branch", "alpha_sweep", "taxi_outputs", "registered_tables",
    "sums_module", "shoes_hyperdrive", "grid_estimator", "pytorch_ranks", "letters_scored", "monthly_totals",
)  # fmt: skip
FAILING = {"brittle_branch", "pytorch_ranks", "retrain_gate"}
"""Drivers that expect one of their runs to fail or to be canceled."""


@pytest.mark.parametrize("name", [*BY_DEFAULT, *(pytest.param(name, marks=pytest.mark.all_data) for name in ON_DEMAND)])
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
