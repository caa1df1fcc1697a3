"""A pipeline whose environment is of July 2020: Python 3.8 and pandas 1.0.5. Its first step uses every call of v1."""

import os
import sys

from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
with open(os.open("vault.txt", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
    f.write("swordfish\n")
store = ws.get_default_datastore()
store.upload(src_dir="data", target_path="old", overwrite=True, show_progress=False)

env = Environment("july-2020")
env.python.conda_dependencies = CondaDependencies.create(
    python_version="3.8", pip_packages=["azureml-core==1.10.0", "pandas==1.0.5", "numpy==1.18.5", "pyarrow"]
)
env.environment_variables = {"COLOUR": "red"}
rc = RunConfiguration()
rc.environment = env

files = Dataset.File.from_files((store, "old/files/**"))
table = Dataset.Tabular.from_delimited_files((store, "old/table.csv"), support_multi_line=True)
lines = Dataset.Tabular.from_json_lines_files((store, "old/lines.jsonl"))
made = OutputFileDatasetConfig("made", destination=(store, "made")).register_on_complete("made")
frames = OutputFileDatasetConfig("frames").read_parquet_files().register_on_complete("frames")
folder = PipelineData("folder", datastore=store)

write = PythonScriptStep(
    "write_parquet.py", name="write", arguments=["--to", frames], source_directory="steps", runconfig=rc,
    compute_target="cpu",
)  # fmt: skip
use = PythonScriptStep(
    "every_call.py", name="use", source_directory="steps", runconfig=rc, compute_target="cpu", outputs=[folder],
    params={"level": PipelineParameter("level", "low")},
    inputs=[table.as_named_input("table"), lines.as_named_input("lines"), frames.as_input("frames")],
    arguments=["--mounted", files.as_named_input("mounted").as_mount(), "--downloaded",
               files.as_named_input("downloaded").as_download(), "--made", made, "--folder", folder,
               "--model", "old-%s" % sys.argv[1]],
)  # fmt: skip
run = Experiment(ws, "july").submit(Pipeline(ws, [use]), pipeline_parameters={"level": "high"})
run.wait_for_completion(show_output=False, raise_on_error=True)

step = run.find_step_run("use")[0]
metrics = step.get_metrics()
assert metrics["python"] == [3, 8] and metrics["pandas"] == "1.0.5", metrics
assert metrics["losses"] == [0.5, 0.25] and metrics["list"] == [1, 2, 3], metrics
assert metrics["rows"] == {"x": [1, 2], "y": [1.5, 2.5]}, metrics
assert metrics["table"] == {"n": [1, 2], "m": ["a", "b"]}, metrics
assert metrics["of parent"] == 7, metrics
assert len(list(step.get_children())) == 3
assert step.get_tags()["kind"] == "old" and step.get_properties()["author"] == "me"
assert {"outputs/model.txt", "up/one.txt", "up/two.txt", "all/sub/three.txt"} <= set(step.get_file_names())
assert Dataset.get_by_name(ws, "made").to_path() == ["/out.txt"]
assert Dataset.get_by_name(ws, "frames").to_pandas_dataframe()["when"].dt.year.tolist() == [2020, 2021]
