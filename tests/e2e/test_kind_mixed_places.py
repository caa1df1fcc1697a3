"""One run on two places that share a bucket: a cluster, and the machine of the user."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.cluster.settings import read_document
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind

PASS_ON = """
import os, sys
text = open(os.path.join(sys.argv[2], "text")).read() if len(sys.argv) > 2 else ""
os.makedirs(sys.argv[1])
open(os.path.join(sys.argv[1], "text"), "w").write(text + ("pod " if os.path.exists("/runner/step") else "process "))
"""
DRIVER = """
one, two, three = (PipelineData(name) for name in ("one", "two", "three"))
steps = [
    PythonScriptStep("pass_on.py", "a", [one], "laptop", outputs=[one], source_directory="scripts"),
    PythonScriptStep("pass_on.py", "b", [two, one], "kind", inputs=[one], outputs=[two], runconfig=ready,
                     source_directory="scripts"),
    PythonScriptStep("pass_on.py", "c", [three, two], "laptop", inputs=[two], outputs=[three],
                     source_directory="scripts"),
]
Experiment(ws, "end-to-end").submit(Pipeline(ws, steps=steps))
"""


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path: Path) -> RunContext:
    made = a_desk(tmp_path / "desk", kind_cluster)
    kind = read_document(made.folder / "config.yaml")["targets"]["kind"]
    store = {name: value for name, value in kind["store"].items() if name != "cluster_endpoint"}
    here = {"type": "process", "store": store}
    made.write("runner.yaml", yaml.safe_dump({"targets": {"kind": kind, "local": here, "laptop": here}}))
    return made


def test_steps_of_both_read_what_the_others_wrote(desk: RunContext) -> None:
    desk.driver(DRIVER, pass_on=PASS_ON)
    done = desk.runner("run", "driver.py")
    assert done.code == 0, done.text
    state, plan = desk.view().state, desk.view().plan
    (last,) = (state.steps[step.key].outputs["three"] for step in plan.steps if step.name == "c")
    assert desk.store.get(f"{last.key}/text") == b"process pod process "
