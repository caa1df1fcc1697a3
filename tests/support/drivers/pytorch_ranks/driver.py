# # Distributed PyTorch: a script run of its own, and as a step of a pipeline

import json
import os

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import PyTorchConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
experiment = Experiment(ws, "pytorch-ranks")


def config(*arguments):
    return ScriptRunConfig(
        source_directory="src",
        script="train.py",
        arguments=list(arguments),
        compute_target="gpu-cluster",
        distributed_job_config=PyTorchConfiguration(communication_backend="Gloo", process_count=4, node_count=2),
    )


model = PipelineData("model", datastore=ws.get_default_datastore())
train = PythonScriptStep(
    "train.py",
    name="train",
    arguments=["--model", model],
    outputs=[model],
    compute_target="gpu-cluster",
    source_directory="src",
    runconfig=config().run_config,
)
count = PythonScriptStep(
    "count.py", name="count", arguments=[model], inputs=[model], compute_target="gpu-cluster", source_directory="src"
)
pipeline_run = experiment.submit(Pipeline(ws, [train, count]))
pipeline_run.wait_for_completion(show_output=False)

failing = experiment.submit(config("--fail", 2))
failing.wait_for_completion(raise_on_error=False, show_output=False)


def check():
    (step,) = pipeline_run.find_step_run("train")
    (after,) = pipeline_run.find_step_run("count")
    assert step.get_metrics() == {"sum": 1111}, step.get_metrics()
    assert after.get_metrics() == {"shards": 4}, after.get_metrics()
    step.get_output_data("model").download("got")
    shards = [os.path.join(folder, name) for folder, _, names in os.walk("got") for name in names]
    assert len(shards) == 4, shards
    assert all(json.load(open(shard)) == {"sum": 1111, "nodes": 2} for shard in shards)
    logs = {name for name in step.get_file_names() if name.startswith("logs/std_log_process_")}
    assert logs == {"logs/std_log_process_0%d.txt" % rank for rank in range(4)}, step.get_file_names()
    assert failing.get_status() == "Failed", failing.get_status()
    details = str(failing.get_details()) + "".join(failing.get_details_with_logs()["logFiles"].values())
    assert "rank 2 of 4 ended with exit code 3" in details, details
    assert "no gradient in rank 2" in details, details


check()
print("checked")
