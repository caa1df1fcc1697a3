# coding: utf-8
# # First try the script right here, then send the very same one as a step
# In[1]:
import os
import subprocess
import sys

from azureml.core import Experiment, Run, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()

# In[2]: as `!python training/train.py` in a notebook
tried = subprocess.run(
    [sys.executable, "training/train.py", "--rate", "0.25", "--out", "tried"], capture_output=True, text=True
)
print(tried.stdout, tried.stderr)

# In[3]:
out = PipelineData("out", datastore=ws.get_default_datastore())
step = PythonScriptStep(
    "train.py", arguments=["--rate", 0.25, "--out", out], outputs=[out], compute_target="cpu",
    source_directory="training",
)  # fmt: skip
run = Experiment(ws, "offline").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=False)


def check():
    assert tried.returncode == 0, tried.stderr
    assert "loss" in tried.stdout and "0.75" in tried.stdout, tried.stdout
    assert open("tried/where.txt").read() == "offline-ws True"
    step_run = run.find_step_run("train.py")[0]
    assert step_run.get_metrics() == {"loss": 0.75, "point": {"x": 1, "y": 2}}
    assert step_run.get_tags()["offline"] == "False"
    port = step_run.get_output_data("out")
    port.download("sent")
    assert open(os.path.join("sent", port.path_on_datastore, "where.txt")).read() == "offline-ws False"
    # this process is no run either
    here = Run.get_context()
    assert here.id.startswith("OfflineRun")
    here.log("fine", 1)


check()
