import os
import zipfile

from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
with open("project/.gitignore", "w") as f:  # .amlignore is there: this is not read
    f.write("src/\n*.py\n")


def submit():
    step = PythonScriptStep(name="look", script_name="look.py", compute_target="cpu")
    pipeline = Pipeline(workspace=ws, steps=[step], default_source_directory="project")
    run = Experiment(ws, "tidy").submit(pipeline)
    run.wait_for_completion(show_output=False)
    return run.find_step_run("look")[0]


first = submit()
with open("project/big/more.bin", "w") as f:
    f.write("not in the snapshot: does not matter")
os.makedirs("project/outputs", exist_ok=True)
with open("project/outputs/old.txt", "w") as f:
    f.write("neither does this")
second = submit()
with open("project/keep.tmp", "a") as f:
    f.write("matters")
third = submit()


def check():
    metrics = first.get_metrics()
    assert metrics["seen"].split() == [".amlignore", ".gitignore", "keep.tmp", "look.py", "src/words.py"], metrics
    assert metrics["shout"] == "READY!" and metrics["first"] is True, metrics
    assert not os.path.exists("project/written.txt")
    assert second.get_properties()["azureml.reusedrunid"] == first.id
    assert "azureml.reusedrunid" not in third.get_properties()
    restored = first.restore_snapshot(path="restored")
    assert sorted(zipfile.ZipFile(restored).namelist()) == metrics["seen"].split()


check()
