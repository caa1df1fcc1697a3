"""A requirements file for Python 3.8 of June 2021, with the Flask of azureml-defaults and a Jinja2 of its time."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.from_pip_requirements("text", "requirements.txt")
env.python.conda_dependencies.set_python_version("3.8")
arguments = ["sklearn", "flask", "gensim", "nltk"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "text").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
