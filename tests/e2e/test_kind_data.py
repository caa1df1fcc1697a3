"""Outputs in a bucket: no step reads other bytes than were committed, and what no bucket can hold is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import integrity, manifest
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind

MAKE = """
import os, sys
out, seen = sys.argv[1], os.path.join(os.getcwd(), "mine")
os.makedirs(out, exist_ok=True)
for name in ("n" * 255, "\\u00e9" * 127, "plain"):
    open(os.path.join(out, name), "w").write("good")
open(seen, "w").write("good")
os.link(seen, os.path.join(out, "linked"))
"""
TAKE = """
import os, sys
given, out = sys.argv[1:]
names = sorted(os.listdir(given), key=len)
assert [len(os.fsencode(name)) for name in names] == [5, 6, 254, 255], names
text = " ".join(open(os.path.join(given, name)).read() for name in names)
for name in names:
    path = os.path.realpath(os.path.join(given, name))
    os.chmod(path, 0o666)
    open(path, "w").write("evil")
os.makedirs(out, exist_ok=True)
open(os.path.join(out, "text"), "w").write(text)
"""
ODD = """
import os, sys
out = sys.argv[1]
os.makedirs(os.path.join(out, "/".join(["d" * 200] * 6)))
open(os.path.join(out, "/".join(["d" * 200] * 6), "f"), "w").write("x")
"""
BYTES = """
import os, sys
os.makedirs(sys.argv[1], exist_ok=True)
open(os.fsencode(sys.argv[1]) + b"/caf\\xe9", "w").write("x")
"""
DRIVER = """
one, two, far, odd = (PipelineData(name) for name in ("one", "two", "far", "odd"))
copy = one.as_download()
steps = [
    step("make", "make.py", arguments=[one], outputs=[one]),
    step("take", "take.py", arguments=[copy, two], inputs=[copy], outputs=[two]),
    step("far", "far.py", arguments=[far], outputs=[far]),
    step("odd", "odd.py", arguments=[odd], outputs=[odd]),
]
Experiment(ws, "end-to-end").submit(Pipeline(ws, steps=steps), continue_on_step_failure=True)
"""


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path: Path) -> RunContext:
    return a_desk(tmp_path / "desk", kind_cluster)


def test_outputs_are_what_their_steps_committed(desk: RunContext) -> None:
    """Names, hard links and altered copies in one run; then an object is replaced and the run is made again."""
    desk.driver(DRIVER, make=MAKE, take=TAKE, far=ODD, odd=BYTES)
    first = desk.run()
    assert first.code == 1, first.text
    steps = {step.name: step for step in desk.view(desk.newest()).plan.steps}
    state = {name: desk.view(desk.newest()).state.steps[step.key] for name, step in steps.items()}
    assert {name: known.status.value for name, known in state.items()} == {
        "make": "succeeded",
        "take": "succeeded",
        "far": "failed",
        "odd": "failed",
    }, first.text
    assert "output 'far': object key too long (1024 bytes, 255 a segment)" in state["far"].reason
    assert "caf\\udce9' (no UTF-8 text)" in state["odd"].reason
    made, taken = state["make"].outputs["one"], state["take"].outputs["two"]
    assert desk.store.get(f"{taken.key}/text") == b"good good good good"
    assert desk.store.get(f"{made.key}/plain") == b"good"
    assert not list(desk.store.list(f"azureml/{desk.newest()}.far-")), "a refused output leaves nothing"

    assert integrity.is_intact(desk.store, desk.store, made)
    desk.store.put(f"{made.key}/plain", b"evil")
    assert not integrity.is_intact(desk.store, desk.store, made)
    again = desk.run()
    assert again.code == 1, again.text
    view = desk.view(desk.newest())
    found = {step.name: view.state.steps[step.key] for step in view.plan.steps}
    assert (found["make"].status.value, found["take"].status.value) == ("succeeded", "reused"), again.text
    assert found["make"].outputs["one"].digest == made.digest
    assert all(
        desk.store.get(f"{found['make'].outputs['one'].key}/{entry.path}") == b"good"
        for entry in manifest.load(desk.store, made.digest).entries
    )
