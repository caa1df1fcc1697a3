"""The kind target of `runner cluster up`, for one benchmark: with room for as many steps at a time as it asks for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from kind_chain import Cluster, connect
from measure import RUNNER, run
from runner.compute.kubernetes.config import KubernetesConfig
from runner.config import machine_file
from runner.wiring.configuration import load


def room_for(steps: int, folder: Path) -> tuple[Mapping[str, str], KubernetesConfig, Cluster]:
    """An environment in which the target ``kind`` takes so many steps at a time; the target; its API server."""
    import yaml

    document = yaml.safe_load(machine_file().read_text())
    document["targets"]["kind"]["capacity"] = steps
    written = folder / "config.yaml"
    written.write_text(yaml.safe_dump(document))
    environ = {**os.environ, "RUNNER_CONFIG": str(written)}
    target = load(folder, environ).get("kind")
    if not isinstance(target, KubernetesConfig):
        sys.exit("the target 'kind' is no Kubernetes target: run `runner cluster up`")
    return environ, target, connect(target)


def newest(folder: Path, environ: Mapping[str, str]) -> str:
    """The id of the newest run."""
    listed = json.loads(run([RUNNER, "list", "--target", "kind", "--json"], cwd=folder, environ=environ))
    runs = listed["runs"] if isinstance(listed, dict) else listed
    return str(runs[0]["run"])
