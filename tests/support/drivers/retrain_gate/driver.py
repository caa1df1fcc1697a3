"""Train again only when there are new data: a first step looks, and cancels its own pipeline if there are none."""
import time

from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.model import Model
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.core.run import PipelineRun
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
dstor = ws.get_default_datastore()
amlcompute_cluster_name = "cont-cluster"
found = False
cts = ws.compute_targets
if amlcompute_cluster_name in cts and cts[amlcompute_cluster_name].type == "AmlCompute":
    found = True
    compute_target = cts[amlcompute_cluster_name]
if not found:
    provisioning_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS12_V2", max_nodes=4)
    compute_target = ComputeTarget.create(ws, amlcompute_cluster_name, provisioning_config)
    compute_target.wait_for_completion(show_output=True, min_node_count=0, timeout_in_minutes=10)

conda_run_config = RunConfiguration(framework="python")
conda_run_config.target = compute_target
conda_run_config.environment.docker.enabled = True
cd = CondaDependencies.create(pip_packages=["azureml-sdk", "pandas"], pin_sdk_version=False)
conda_run_config.environment.python.conda_dependencies = cd

dstor.upload_files(["data/d.csv"], target_path="retrain", overwrite=True, show_progress=False)
Dataset.Tabular.from_delimited_files(dstor.path("retrain/d.csv")).register(ws, "doubles")

ds_name = PipelineParameter(name="ds_name", default_value="doubles")
model_name = PipelineParameter(name="model_name", default_value="doubler")
arguments = ["--ds_name", ds_name, "--model_name", model_name]
data_prep_step = PythonScriptStep(
    script_name="check_data.py", allow_reuse=False, name="check_data", arguments=arguments,
    compute_target=compute_target, runconfig=conda_run_config, source_directory="scripts",
)  # fmt: skip
register_model_step = PythonScriptStep(
    script_name="train.py", name="train", allow_reuse=False, arguments=arguments, compute_target=compute_target,
    runconfig=conda_run_config, source_directory="scripts",
)  # fmt: skip
register_model_step.run_after(data_prep_step)
training_pipeline = Pipeline(description="training_pipeline", workspace=ws, steps=[data_prep_step, register_model_step])

first = training_pipeline.submit("retrain")
first.wait_for_completion(show_output=False)
second = training_pipeline.submit("retrain")
ended = second.wait_for_completion(show_output=False, raise_on_error=False)
time.sleep(0.01)
with open("data/d.csv", "a") as f:
    f.write("3,6\n")
dstor.upload_files(["data/d.csv"], target_path="retrain", overwrite=True, show_progress=False)
third = training_pipeline.submit("retrain")
third.wait_for_completion(show_output=False)


def check():
    assert first.get_status() == third.get_status() == "Finished"
    assert ended == "Canceled" and second.get_status() == "Canceled", ended
    assert PipelineRun(ws.experiments["retrain"], second.id).get_status() == "Canceled"
    assert second.get_details()["status"] == "Canceled"
    models = {m.version: m for m in Model.list(ws, "doubler")}
    assert sorted(models) == [1, 2], models
    assert (models[1].tags["rows"], models[2].tags["rows"]) == ("2", "3")
    assert open(models[2].download("m")).read() == "2.0"
    trained_with = models[1].datasets[Dataset.Scenario.TRAINING]
    assert [d.name for d in trained_with] == ["doubles"], trained_with
    assert "Cancelling run since there is no new data." in second.find_step_run("check_data")[0].get_stdout_log()


check()
print("checked")
