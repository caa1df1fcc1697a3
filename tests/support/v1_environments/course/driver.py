"""A course's environment, whose only version is Python's: packages of the end of that Python's time."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.from_conda_specification("experiment_env", "course.yml")
arguments = ["sklearn", "matplotlib", "ipykernel", "pyarrow"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "course").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
