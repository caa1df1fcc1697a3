"""An environment by CondaDependencies.create, with conda and pip packages, of January 2021."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies

ws = Workspace.from_config()
env = Environment("fraud")
env.python.conda_dependencies = CondaDependencies.create(
    python_version="3.7",
    conda_packages=["scikit-learn==0.23.2", "pandas==1.0.5", "numpy==1.18.5"],
    pip_packages=["azureml-defaults==1.20.0", "xgboost==0.90", "imbalanced-learn==0.7.0"],
)
src = ScriptRunConfig(source_directory="steps", script="report.py", arguments=["sklearn", "xgboost", "imblearn"])
src.run_config.target = "cpu-cluster"
src.run_config.environment = env
run = Experiment(ws, "fraud").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
