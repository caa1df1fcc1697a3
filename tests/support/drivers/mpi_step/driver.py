# # MpiStep in a pipeline: the number of nodes is a parameter

import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import ComputeTarget
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import MpiStep

ws = Workspace.from_config()
compute_target = ComputeTarget(workspace=ws, name="cpu-cluster")
nodes = PipelineParameter("nodes", default_value=1)
ranks = PipelineData("ranks", datastore=ws.get_default_datastore())
step = MpiStep(
    name="mpi step",
    source_directory="src",
    script_name="train.py",
    arguments=["--out", ranks],
    outputs=[ranks],
    compute_target=compute_target,
    node_count=nodes,
    process_count_per_node=2,
    allow_reuse=False,
)
pipeline = Pipeline(workspace=ws, steps=[step])
run = Experiment(ws, "mpi").submit(pipeline, pipeline_parameters={"nodes": 2})
run.wait_for_completion(show_output=False)


def check():
    (step_run,) = run.find_step_run("mpi step")
    step_run.get_output_data("ranks").download("got")
    (file,) = [os.path.join(folder, name) for folder, _, names in os.walk("got") for name in names]
    assert open(file).read().split() == ["0", "1", "2", "3"], open(file).read()
    log = step_run.get_stdout_log()
    assert "rank 0 of 4 local 0 with ['--out'" in log, log
    logs = [name for name in step_run.get_file_names() if name.startswith("logs/std_log_process_")]
    assert len(logs) == 4, logs


check()
print("checked")
