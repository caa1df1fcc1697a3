"""The last releases of v1, on Python 3.10, with packages that cannot be imported beside numpy 2; April 2025."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.from_conda_specification("late", "environment.yml")
src = ScriptRunConfig("steps", "report.py", ["sklearn", "pyarrow"], compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "late").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
