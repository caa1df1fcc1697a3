"""The pipelines that the benchmarks run, written as users of the v1 SDK write them."""

from __future__ import annotations

from pathlib import Path

STEP = """\
import sys

*given, out = sys.argv[1:]
text = "".join(open(path).read() for path in given)[:1024] or "x" * 1024
with open(out, "w") as file:
    file.write(text)
"""
"""Reads what its predecessors wrote and writes 1 KiB of its own: `step.py [IN ...] OUT`."""

_HEAD = """\
from azureml.core import Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

workspace = Workspace.from_config()
store = workspace.get_default_datastore()
configuration = RunConfiguration()
{environment}

def link(name, inputs):
    out = PipelineData("out_" + name, datastore=store)
    step = PythonScriptStep(
        name=name, script_name="step.py", source_directory="steps", compute_target="cluster",
        arguments=[*inputs, out], inputs=inputs, outputs=[out], runconfig=configuration,
    )
    return step, out

"""
_IMAGE = """\
environment = Environment("benchmark")
environment.docker.base_image = "{image}"
environment.python.user_managed_dependencies = True
configuration.environment = environment
"""
_CHAIN = """\
steps, before = [], []
for number in range({length}):
    step, out = link(f"link{{number}}", before)
    steps.append(step)
    before = [out]
"""
_FAN = """\
first, seed = link("first", [])
middle = [link(f"middle{{number}}", [seed]) for number in range({width})]
last, _ = link("last", [out for _, out in middle])
steps = [first, *(step for step, _ in middle), last]
"""
_CHAINS = """\
steps = []
for chain in range({many}):
    before = []
    for number in range({length}):
        step, out = link(f"link{{chain}}x{{number}}", before)
        steps.append(step)
        before = [out]
"""
_TAIL = """
pipeline = Pipeline(workspace, steps=steps)
Experiment(workspace, "benchmark").submit(pipeline, regenerate_outputs={again}).wait_for_completion()
"""


def write_chain(folder: Path, length: int, image: str = "") -> Path:
    """A driver of `length` steps, each reading the file of the one before it; in a bucket (`image`) none is reused."""
    return _write(folder, _CHAIN.format(length=length), image)


def write_fan(folder: Path, width: int) -> Path:
    """A driver of one step, `width` steps that read its file, and one that reads all of theirs."""
    return _write(folder, _FAN.format(width=width), "")


def write_chains(folder: Path, many: int, length: int, image: str) -> Path:
    """A driver of `many` chains of `length` steps side by side, in a bucket; of length 1 they are a lone fan."""
    return _write(folder, _CHAINS.format(many=many, length=length), image)


def _write(folder: Path, body: str, image: str) -> Path:
    steps = folder / "steps"
    steps.mkdir(parents=True)
    (steps / "step.py").write_text(STEP)
    driver = folder / "driver.py"
    environment = _IMAGE.format(image=image) if image else ""
    driver.write_text(_HEAD.format(environment=environment) + body + _TAIL.format(again=bool(image)))
    return driver
