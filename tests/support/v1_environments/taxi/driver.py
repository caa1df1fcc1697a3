"""A pipeline step whose run configuration names a conda file with azureml-sdk in it, of April 2021.

One pin is newer than that: it was added later.
"""

import json

from azureml.core import Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
config = RunConfiguration()
config.environment = Environment.from_conda_specification("taxi", "taxi.yml")
step = PythonScriptStep(
    script_name="report.py",
    name="report",
    arguments=["sklearn", "lightgbm", "requests", "yaml", "threadpoolctl"],
    compute_target="cpu-cluster",
    source_directory="steps",
    runconfig=config,
    allow_reuse=False,
)
run = Experiment(ws, "taxi").submit(Pipeline(ws, steps=[step]))
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.find_step_run("report")[0].get_metrics()))
