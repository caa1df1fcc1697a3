# coding: utf-8

# # Train on a remote cluster with ScriptRunConfig
# The script is written by a cell, as `%%writefile` does.

import os

import azureml.core
from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data.dataset_factory import FileDatasetFactory
from azureml.widgets import RunDetails

print("Azure ML SDK Version: ", azureml.core.VERSION)
ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="remote-training")

script_folder = os.path.join(os.getcwd(), "sklearn-mnist")
os.makedirs(script_folder, exist_ok=True)
SCRIPT = '''
import argparse
import os
import glob

from utils import load_data
from azureml.core import Run


class Plot:
    def savefig(self, path, **options):
        with open(path, "wb") as f:
            f.write(b"PNG")


parser = argparse.ArgumentParser()
parser.add_argument("--data-folder", type=str, dest="data_folder", help="data folder mounting point")
parser.add_argument("--regularization", type=float, dest="reg", default=0.01)
args = parser.parse_args()
print("Data folder:", args.data_folder)
images = load_data(glob.glob(os.path.join(args.data_folder, "**/train-images.csv"), recursive=True)[0])
labels = load_data(glob.glob(os.path.join(args.data_folder, "**/train-labels.csv"), recursive=True)[0])
run = Run.get_context()
accuracy = sum(a == b for a, b in zip(images, labels)) / len(labels)
run.log("regularization rate", float(args.reg))
run.log("accuracy", float(accuracy))
run.log_image("curve", plot=Plot())
run.log_confusion_matrix("matrix", {
    "schema_type": "confusion_matrix", "schema_version": "1.0.0",
    "data": {"class_labels": ["0", "1"], "matrix": [[1, 0], [1, 1]]}})
for fold in range(2):
    child = run.child_run(name="fold%d" % fold)
    child.log("fold accuracy", 0.5 + fold / 4)
    child.complete()
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as f:
    f.write("a model")
os.makedirs("logs", exist_ok=True)
with open("logs/own.log", "w") as f:
    f.write("own words")
'''
with open("sklearn-mnist/train.py", "w") as f:
    f.write(SCRIPT)
with open("sklearn-mnist/utils.py", "w") as f:
    f.write("def load_data(path):\n    return [int(v) for v in open(path).read().split(',')]\n")

datastore = ws.get_default_datastore()
datastore.upload(src_dir="data", target_path="mnist", overwrite=True, show_progress=True)
mnist_file_dataset = FileDatasetFactory.from_files(path=[datastore.path("mnist/*.csv")])
mnist_file_dataset = mnist_file_dataset.register(
    workspace=ws, name="mnist_opendataset", description="training and test dataset", create_new_version=True
)

env = Environment("tutorial-env")
cd = CondaDependencies.create(pip_packages=["azureml-dataset-runtime[pandas,fuse]", "azureml-defaults"])
env.python.conda_dependencies = cd
env.register(workspace=ws)

args = ["--data-folder", mnist_file_dataset.as_named_input("mnist").as_mount(), "--regularization", 0.5]
src = ScriptRunConfig(
    source_directory=script_folder, script="train.py", arguments=args, compute_target="cpu-cluster", environment=env
)
src.run_config.environment.environment_variables["COLOUR"] = "blue"
run = exp.submit(config=src)
RunDetails(run).show()
run.wait_for_completion(show_output=True)

model = run.register_model(
    model_name="sklearn_mnist", model_path="outputs/model.txt", tags={"area": "mnist"},
    datasets=[(Dataset.Scenario.TRAINING, mnist_file_dataset)],
)
print(model.name, model.id, model.version, sep="\t")

# the older way: a run configuration for everything
run_config = RunConfiguration()
run_config.target = "cpu-cluster"
run_config.environment = env
older = exp.submit(
    ScriptRunConfig(
        source_directory="sklearn-mnist", script="train.py", run_config=run_config,
        arguments=["--data-folder", mnist_file_dataset.as_named_input("again").as_download(), "--regularization", 0.25],
    )
)
older.wait_for_completion()


def check():
    metrics = run.get_metrics()
    assert metrics["regularization rate"] == 0.5 and round(metrics["accuracy"], 3) == 0.667, metrics
    assert "curve" in metrics and "matrix" in metrics, metrics
    files = run.get_file_names()
    assert {"outputs/model.txt", "logs/own.log"} <= set(files), files
    assert any(name.endswith(".png") for name in files), files
    assert model.version == 1 and model.run_id == run.id and model.tags == {"area": "mnist"}
    assert open(model.download("local", exist_ok=True)).read() == "a model"
    children = list(run.get_children())
    assert sorted(c.get_metrics()["fold accuracy"] for c in children) == [0.5, 0.75]
    recursive = run.get_metrics(recursive=True)
    assert recursive, recursive
    used = run.get_details()["inputDatasets"]
    assert [item["dataset"].name for item in used] == ["mnist_opendataset"], used
    run.download_files(prefix="outputs", output_directory="all", append_prefix=False)
    assert open("all/model.txt").read() == "a model"
    logs = run.get_all_logs(destination="logs_here")
    assert any("Data folder:" in open(path).read() for path in logs), logs
    assert older.get_metrics("regularization rate") == {"regularization rate": 0.25}
    assert run.type and run.number <= older.number
    run.tag("quality", "fantastic run")
    assert [r.id for r in exp.get_runs(tags="quality")] == [run.id]
    assert [r.id for r in exp.get_runs(tags={"quality": "fantastic run"})] == [run.id]


check()
