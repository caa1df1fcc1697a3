# coding: utf-8
# # HyperDrive as a step: prepare, tune, register the best model
# In[1]:
import json
import os

from azureml.core import Dataset, Experiment, Model, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, TrainingOutput
from azureml.pipeline.steps import HyperDriveStep, HyperDriveStepRun, PythonScriptStep
from azureml.train.hyperdrive import HyperDriveConfig, MedianStoppingPolicy, PrimaryMetricGoal
from azureml.train.hyperdrive import RandomParameterSampling, choice, quniform, uniform

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
datastore.upload(src_dir="data", target_path="points", overwrite=True)
points = Dataset.File.from_files(path=[(datastore, "points/*.csv")])

# In[2]:
sums = PipelineData("sums", datastore=datastore)
prepare = PythonScriptStep(
    "prepare.py", name="prepare", source_directory="steps", compute_target="cpu-cluster",
    arguments=["--points", points.as_named_input("points").as_mount(), "--out", sums], outputs=[sums],
)  # fmt: skip

# In[3]:
slope = PipelineParameter("start", 0.5)
src = ScriptRunConfig(
    source_directory="steps", script="fit.py", arguments=["--sums", sums, "--start", slope],
    compute_target="cpu-cluster",
)  # fmt: skip
ps = RandomParameterSampling({"--slope": uniform(1.0, 3.0), "--offset": quniform(0, 10, 5), "--kind": choice("l", "q")})
hd_config = HyperDriveConfig(
    run_config=src, hyperparameter_sampling=ps, policy=MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=50),
    primary_metric_name="loss", primary_metric_goal=PrimaryMetricGoal.MINIMIZE, max_total_runs=3, max_concurrent_runs=3,
)  # fmt: skip
metrics_output_name = "metrics_output"
metrics_data = PipelineData(
    name="metrics_data", datastore=datastore, pipeline_output_name=metrics_output_name,
    training_output=TrainingOutput("Metrics"),
)  # fmt: skip
saved_model = PipelineData(
    name="saved_model", datastore=datastore, pipeline_output_name="model_output",
    training_output=TrainingOutput("Model", model_file="outputs/model/line.json"),
)  # fmt: skip
hd_step_name = "hd_step01"
hd_step = HyperDriveStep(
    name=hd_step_name, hyperdrive_config=hd_config, inputs=[sums], outputs=[metrics_data, saved_model]
)  # fmt: skip

# In[4]:
rcfg = RunConfiguration()
register_model_step = PythonScriptStep(
    script_name="register_model.py", name="register_model_step01", source_directory="steps",
    inputs=[saved_model, metrics_data], compute_target="cpu-cluster",
    arguments=["--saved-model", saved_model, "--metrics", metrics_data], allow_reuse=True, runconfig=rcfg,
)  # fmt: skip
register_model_step.run_after(hd_step)
pipeline = Pipeline(workspace=ws, steps=[hd_step, register_model_step])
pipeline_run = Experiment(ws, "Hyperdrive_Test").submit(pipeline, pipeline_parameters={"start": 0.25})
pipeline_run.wait_for_completion()

# In[5]:
metrics_output = pipeline_run.get_pipeline_output(metrics_output_name)
num_file_downloaded = metrics_output.download(".", show_progress=True)
with open(metrics_output._path_on_datastore) as f:
    metrics_output_result = json.loads(f.read())

# In[6]:
hd_step_run = HyperDriveStepRun(step_run=pipeline_run.find_step_run(hd_step_name)[0])
best_run = hd_step_run.get_best_run_by_primary_metric()
if best_run is None:
    raise Exception("Best run was not found")
print(best_run.get_details()["runDefinition"]["arguments"])


def check():
    assert pipeline_run.get_status() == "Finished" and hd_step_run.get_status() == "Completed"
    (step_run,) = pipeline_run.find_step_run(hd_step_name)
    assert step_run.get_status() == "Finished"
    assert [step.name for step in pipeline_run.get_steps()] == ["register_model_step01", hd_step_name, "prepare"]
    children = list(hd_step_run.get_children())
    assert len(children) == 3 == len(metrics_output_result) and num_file_downloaded == 1
    assert sorted(metrics_output_result) == sorted(child.id for child in children)
    least = {run_id: min(found["loss"]) for run_id, found in metrics_output_result.items()}
    assert best_run.id == min(least, key=least.get), (best_run.id, least)
    for child in children:
        arguments = child.get_details()["runDefinition"]["arguments"]
        assert arguments[2:4] == ["--start", "0.25"] and len(arguments) == 10, arguments
        chosen = dict(zip(arguments[4::2], arguments[5::2]))
        assert chosen["--offset"] in ("0", "5", "10"), arguments
        loss = (float(chosen["--slope"]) - 2) ** 2 + float(chosen["--offset"]) + (chosen["--kind"] == "q")
        assert abs(child.get_metrics()["loss"][-1] - loss) < 1e-9 and child.get_metrics()["sum"] == 60.0
        assert child.get_metrics()["start"] == 0.25
    model = Model(ws, "tuned-line")
    line = json.load(open(model.download(target_dir="downloaded")))
    arguments = best_run.get_details()["runDefinition"]["arguments"]
    chosen = dict(zip(arguments[4::2], arguments[5::2]))
    assert line == {"slope": float(chosen["--slope"]), "kind": chosen["--kind"]}, line
    assert model.tags["loss"] == str(least[best_run.id]) and model.tags["trials"] == "3", model.tags
    assert os.path.exists(metrics_output._path_on_datastore)


check()
