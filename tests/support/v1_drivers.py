"""Beginnings of drivers in v1's words whose tests read what they and their scripts answered."""

from __future__ import annotations

ASKING = """\
import json
import os
import sys
from pathlib import Path

answers = {}


def ask(name, question):
    try:
        answers[name] = question()
    except BaseException as error:
        answers[name] = f"{type(error).__name__}: {error}"
    Path("answers.json").write_text(json.dumps(answers, default=str))
"""
"""What drivers of these tests begin with: one answer that cannot be had leaves the others."""

HEAD = """
from azureml.core import Dataset, Experiment, Model, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()


def step(script, arguments=(), **options):
    return PythonScriptStep(script + ".py", arguments=list(arguments), source_directory="steps", compute_target="cpu",
                            **options)


def ended(*steps):
    run = Experiment(ws, "my-experiment").submit(Pipeline(ws, list(steps)))
    run.wait_for_completion(show_output=False, raise_on_error=False)
    return run


def below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def seen(step_run, name):
    step_run.download_file("outputs/seen.json", name)
    return json.loads(Path(name).read_text())
"""
"""Steps of the folder `steps`, and a way to run them."""

TOUCH = """\
import os
import sys

os.makedirs(sys.argv[1], exist_ok=True)
with open(os.path.join(sys.argv[1], "a.csv"), "w") as file:
    file.write("x\\n1\\n")
"""
"""Writes one file of one row into the folder it is given."""
