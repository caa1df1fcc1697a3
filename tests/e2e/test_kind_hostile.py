"""A step that writes into the store what is not its own: code, data descriptions and assignments of other steps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.model.record import Failure
from runner.model.status import StepStatus
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind
DRIVER = """
manner = {manner!r}
made, done = PipelineData("made"), PipelineData("done")


def victim(name, folder, inputs):
    return PythonScriptStep("victim.py", name=name, source_directory=os.path.join(here, folder), inputs=inputs,
                            arguments=[name, *inputs], runconfig=ready, compute_target="c")


maker = step("maker", "maker.py", arguments=[manner, made], outputs=[made])
other = step("other", "other.py", arguments=[manner, done], outputs=[done])
told = victim("told", "scripts", [made])
data = victim("data", "scripts", [made, done])
code = victim("code", "victims", [done])
pipeline = Pipeline(ws, steps=[maker, other, told, data, code])
Experiment(ws, "end-to-end").submit(pipeline, continue_on_step_failure=True)
"""
VICTIM = """\
import os, sys
found = [os.path.relpath(os.path.join(folder, name), path)
         for path in sys.argv[2:] for folder, _, names in os.walk(path) for name in names]
print("right code,", sys.argv[1], "reads", sorted(found))
"""
STORE = """\
import os, sys, time
from _runner_step.sdk.base.step_session import open_in_step

store, run = open_in_step().store, os.environ["AZUREML_ROOT_RUN_ID"]
os.makedirs(sys.argv[2])
open(os.path.join(sys.argv[2], "x.txt"), "w").write(sys.argv[0])


def wait_for(find):
    deadline = time.time() + 120
    while not (found := find()):
        assert time.time() < deadline
        time.sleep(0.005)
    return found


"""
MAKER = (
    STORE
    + """\
if sys.argv[1] == "hostile":
    wait_for(lambda: store.stat("marks/" + run))
"""
)
OTHER = (
    STORE
    + """\
import io, zipfile

if sys.argv[1] == "hostile":
    store.put("marks/" + run, b"the other step waits for an assignment")
    key = f"runs/{run}/told-1/assignment-1.json"
    wait_for(lambda: store.stat(key))
    store.put(key, store.get(key).replace(b"victim.py", b"maker.py"))
    for info in list(store.list("manifests/")):
        store.put(info.key, b'{"kind":"folder"}')
    for info in list(store.list("snapshots/")):
        with zipfile.ZipFile(io.BytesIO(store.get(info.key))) as archive:
            if archive.namelist() != ["victim.py"]:
                continue
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("victim.py", "print('other code')")
        store.put(info.key, out.getvalue())
"""
)


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    one = a_desk(tmp_path_factory.mktemp("hostile"), kind_cluster).configure(credentials="static")
    yield one
    one.delete()


@pytest.mark.all_data
def test_what_another_step_has_replaced_is_refused_by_name_and_put_right_by_a_new_submit(desk: RunContext) -> None:
    desk.driver(DRIVER.format(manner="hostile"), maker=MAKER, other=OTHER, victim=VICTIM)
    desk.write("victims/victim.py", VICTIM)
    done = desk.run()
    assert done.code == 1, done.text
    steps = {step.name: desk.view().state.steps[step.key] for step in desk.view().plan.steps}
    assert {name: step.status for name, step in steps.items()} == {
        "maker": StepStatus.SUCCEEDED,
        "other": StepStatus.SUCCEEDED,
        "told": StepStatus.FAILED,
        "data": StepStatus.FAILED,
        "code": StepStatus.FAILED,
    }, done.text
    assert {steps[name].failure for name in ("told", "data", "code")} == {Failure.INPUT}
    assert {steps[name].attempt for name in ("told", "data", "code")} == {1}, "none is tried again"
    refused = {"told": "/told-1/assignment-1.json", "data": "manifests/", "code": "snapshots/"}
    for name, key in refused.items():
        assert key in steps[name].reason, steps[name].reason
        assert "was changed or damaged in the store" in steps[name].reason
    printed = desk.runner("logs", "--target", "kind").out
    assert "other code" not in printed
    assert "reads" not in printed

    desk.driver(DRIVER.format(manner="good"), maker=MAKER, other=OTHER, victim=VICTIM)
    done = desk.run()
    assert done.code == 0, done.text
    printed = desk.runner("logs", "--target", "kind").ok().out
    assert "right code, data reads ['x.txt', 'x.txt']" in printed
    assert "right code, code reads ['x.txt']" in printed
    assert "other code" not in printed
