"""``runner environment`` on kind: from a lock to an image on the nodes, and to the run that uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind

_PIPELINE = """
environments:
  train: {python: "3.11", pip: ["six==1.16.0"]}
steps:
  one: {script: a.py}
"""


def test_a_lock_becomes_an_image_that_runs_are_listed_with(tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    desk.write("pipe.yaml", _PIPELINE)
    desk.write("a.py", "import six")
    (locked,) = desk.on_kind("environment", "lock", "pipe.yaml")["environments"]
    assert locked["lock"]["packages"] == {"six": "1.16.0"}
    (built,) = desk.on_kind("environment", "build", "pipe.yaml")["environments"]
    assert built["lock"] == locked["lock"]["digest"]
    (shown,) = desk.on_kind("environment", "show", "pipe.yaml")["environments"]
    assert (shown["reference"], shown["lock"]) == (built["reference"], locked["lock"])

    run = desk.on_kind("run", "pipe.yaml")["runs"][0]["run"]
    (used,) = desk.on_kind("show", run)["environments"]
    assert (used["reference"], used["lock"], used["seconds"]) == (built["reference"], built["lock"], None)
    listed = desk.on_kind("environment", "list")["environments"]
    (mine,) = [each for each in listed if run in each["runs"]]
    assert (mine["lock"], mine["names"]) == (built["lock"], ["train"])
    assert kind_cluster.name in mine["place"]  # the names of its nodes begin with it
    free = desk.on_kind("environment", "gc")["environments"]  # nothing is deleted: other tests share the engine
    assert mine["reference"] not in {each["reference"] for each in free}
    (found,) = [desk.on_kind("environment", "why", run)]
    assert (found["reference"], found["comparison"]) == (built["reference"], None)
