#!/usr/bin/env python
"""A project of the early days: aml_config, positional arguments, the script beside the notebook, results on stdout."""
import os
import sys

from azureml.core import Datastore, Experiment, Run, Workspace
from azureml.core.runconfig import CondaDependencies, RunConfiguration
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.core.graph import PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

os.chdir("notebooks")
ws = Workspace.from_config()  # found in the folder above

script = """
import os, sys
source, factor, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if not os.path.exists(os.path.dirname(out)):
    os.makedirs(os.path.dirname(out))
total = sum(int(w) for name in os.listdir(source) for w in open(source + '/' + name).read().split())
open(out, 'w').write(str(total * factor))
print('total is', total * factor)
sys.stderr.write('a word on stderr\\n')
"""
with open("multiply.py", "w") as f:
    f.write(script)
os.makedirs("numbers", exist_ok=True)
for i in range(3):
    with open("numbers/%d.txt" % i, "w") as f:
        f.write("%d 10\n" % i)

ds = Datastore(ws, "workspaceblobstore")
ref = ds.upload_files(["numbers/0.txt", "numbers/1.txt", "numbers/2.txt"], target_path="old/numbers", overwrite=True)
assert isinstance(ref, DataReference), ref
numbers = DataReference(ds, "numbers", "old/numbers", "download", "data_here", True)
product = PipelineData("product", ds, output_name="the_product")
cd = CondaDependencies()
run_config = RunConfiguration(conda_dependencies=cd)
run_config.auto_prepare_environment = True  # long gone, harmless
run_config.prepare_environment = True
step = PythonScriptStep(
    "multiply.py", "multiply", [numbers, PipelineParameter("factor", 2), product], "gpu-cluster", run_config, None,
    [numbers], [product], None, os.getcwd(), True, None, None,
)  # fmt: skip
pipeline = Pipeline(ws, [step], "multiplies", ds)
pipeline_run = Experiment(ws, "old").submit(pipeline, pipeline_parameters={"factor": 3})
pipeline_run.wait_for_completion(show_output=True, timeout_seconds=600)


def check():
    assert ws.name == "old-ws" and ws.resource_group == "old"
    (step_run,) = pipeline_run.find_step_run("multiply")
    text = step_run.get_stdout_log() + step_run.get_stderr_log() + step_run.get_job_log()
    assert "total is 99" in text and "a word on stderr" in text, text
    (name,) = step_run.get_outputs()
    port = step_run.get_output(name).get_port_data_reference()
    port.download("got")
    (found,) = [os.path.join(folder, n) for folder, _, names in os.walk("got") for n in names]
    assert open(found).read() == "99"
    assert port._path_on_datastore == port.path_on_datastore
    assert "multiply" in {r.name for r in Run.get(ws, pipeline_run.id).get_children()}
    assert pipeline_run.parent is None and step_run.parent.id == pipeline_run.id
    assert pipeline_run.experiment.name == "old" and pipeline_run.experiment.workspace.name == "old-ws"
    assert len(sys.argv) == 1
    names = [n for n in step_run.get_file_names() if n.endswith(".txt")]
    assert names, "the log is one of the run's files"
    step_run.get_all_logs(destination="logs_here")
    assert any("total is 99" in open(os.path.join(folder, n)).read()
               for folder, _, ns in os.walk("logs_here") for n in ns)  # fmt: skip
    details = pipeline_run.get_details_with_logs()
    assert details["runId"] == pipeline_run.id


check()
