"""The conda file of Microsoft's later samples: ranges, conda and pip mixed, MLflow by azureml-mlflow; March 2022."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.from_conda_specification("credit", "conda.yml")
arguments = ["sklearn", "xgboost", "mlflow", "scipy", "tqdm"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "credit").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
