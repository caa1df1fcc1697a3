"""A training script of summer 2020, as the samples of that time submit one: a conda file beside it."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.from_conda_specification(name="churn", file_path="conda_dependencies.yml")
arguments = ["sklearn", "joblib", "matplotlib"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "churn").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
