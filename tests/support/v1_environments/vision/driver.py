"""TensorFlow 2.6 on the Python 3.7 of October 2021."""

import json

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies

ws = Workspace.from_config()
packages = CondaDependencies()
packages.set_python_version("3.7.9")
packages.add_pip_package("azureml-defaults==1.35.0")
packages.add_pip_package("tensorflow-cpu==2.6.0")
packages.add_pip_package("pillow==8.3.2")
packages.add_pip_package("pandas==1.1.5")
packages.add_conda_package("matplotlib=3.4.3")
env = Environment("vision")
env.docker.enabled = True
env.python.conda_dependencies = packages
arguments = ["tensorflow", "keras", "PIL", "matplotlib", "h5py"]
src = ScriptRunConfig("steps", "report.py", arguments, compute_target="cpu-cluster", environment=env)
run = Experiment(ws, "vision").submit(src)
run.wait_for_completion(show_output=False)
print("METRICS", json.dumps(run.get_metrics()))
