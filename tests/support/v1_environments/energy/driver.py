"""Gradient boosting on Python 3.9 with pins of December 2022."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies

ws = Workspace.from_config()
env = Environment(name="energy")
env.python.conda_dependencies = CondaDependencies.create(
    pip_packages=[
        "azureml-defaults==1.48.0",
        "scikit-learn==1.1.3",
        "pandas==1.5.2",
        "lightgbm==3.3.3",
        "xgboost==1.6.2",
        "statsmodels==0.13.5",
    ],
    python_version="3.9",
)
env.environment_variables = {"OMP_NUM_THREADS": "1"}
arguments = ["sklearn", "lightgbm", "xgboost", "statsmodels"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "energy").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
