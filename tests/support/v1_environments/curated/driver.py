"""A curated environment, taken by its name and cloned, as v1 asks before a package can be added."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.get(workspace=ws, name="AzureML-sklearn-0.24-ubuntu18.04-py37-cpu").clone("mine")
src = ScriptRunConfig("steps", "report.py", ["sklearn", "joblib"], compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "curated").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
