# coding: utf-8

# # House prices
# prepare (dataset in) -> train (file out) -> evaluate (registers the model if it is good enough)

import os

import azureml.core
from azureml.core import Dataset, Datastore, Environment, Experiment, Workspace
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.model import Model
from azureml.core.runconfig import CondaDependencies, RunConfiguration
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep
from azureml.telemetry import set_diagnostics_collection
from azureml.widgets import RunDetails

set_diagnostics_collection(send_diagnostics=True)
print("This notebook was created using version 1.60.0 of the Azure ML SDK")
print("You are currently using version", azureml.core.VERSION, "of the Azure ML SDK")
auth = InteractiveLoginAuthentication(tenant_id="00000000-0000-0000-0000-000000000000")
ws = Workspace.from_config(auth=auth)

output = {}
output["Subscription ID"] = ws.subscription_id
output["Workspace Name"] = ws.name
output["Resource Group"] = ws.resource_group
output["Location"] = ws.location
print(output)

amlcompute_cluster_name = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "cpu-cluster")
try:
    compute_target = ComputeTarget(workspace=ws, name=amlcompute_cluster_name)
    print("Found existing cluster, use it.")
except ComputeTargetException:
    compute_config = AmlCompute.provisioning_configuration(
        vm_size=os.environ.get("AML_COMPUTE_CLUSTER_SKU", "STANDARD_DS12_V2"), max_nodes=6,
        min_nodes=os.environ.get("AML_COMPUTE_CLUSTER_MIN_NODES", "0"),
    )  # fmt: skip
    compute_target = ComputeTarget.create(ws, amlcompute_cluster_name, compute_config)
compute_target.wait_for_completion(show_output=True)

datastore = Datastore.get_default(ws)
datastore.upload_files(["data/houses.csv"], target_path="houses/", overwrite=True, show_progress=False)
houses = Dataset.Tabular.from_delimited_files(path=datastore.path("houses/houses.csv"))
houses = houses.register(workspace=ws, name="houses", create_new_version=True)

conda = CondaDependencies.create(pip_packages=["pandas", "numpy"])
run_config = RunConfiguration()
run_config.target = compute_target
run_config.environment = Environment("houses")
run_config.environment.python.conda_dependencies = conda

fraction = PipelineParameter(name="fraction", default_value=0.5)
train_data = PipelineData("train_data", datastore=datastore, is_directory=True)
test_data = PipelineData("test_data", datastore=datastore, is_directory=True)
model_file = PipelineData("model_file", datastore=datastore, is_directory=False, pipeline_output_name="model")

common = dict(compute_target=compute_target, runconfig=run_config, allow_reuse=True)
prep = PythonScriptStep(
    name="prep", script_name="prep.py", source_directory="scripts/prep",
    arguments=["--train", train_data, "--test", test_data, "--fraction", fraction],
    inputs=[DatasetConsumptionConfig("houses", houses)], outputs=[train_data, test_data], **common
)  # fmt: skip
train = PythonScriptStep(
    name="train", script_name="train.py", source_directory="scripts/train",
    arguments=["--train", train_data, "--model", model_file], inputs=[train_data], outputs=[model_file], **common
)  # fmt: skip
evaluate = PythonScriptStep(
    name="evaluate", script_name="evaluate.py", source_directory="scripts/evaluate",
    arguments=["--test", test_data, "--model", model_file, "--name", "house-price", "--limit", 0.01],
    inputs=[test_data, model_file], **common
)  # fmt: skip

pipeline = Pipeline(workspace=ws, steps=[evaluate])
assert pipeline.validate() == []
run = Experiment(ws, "houses").submit(pipeline, pipeline_parameters={"fraction": 0.75}, tags={"data": "houses"})
RunDetails(run).show()
run.wait_for_completion(show_output=True)


def check():
    assert run.find_step_run("prep")[0].get_metrics() == {"train_rows": 6}
    assert run.find_step_run("train")[0].get_metrics() == {"slope": 100.0}
    assert run.find_step_run("evaluate")[0].get_metrics()["error"] <= 0.01
    assert run.get_metrics()["error"] <= 0.01
    model = Model(ws, name="house-price")
    assert model.version == 1 and model.tags["run"] == run.id
    assert run.get_tags()["model"] == "house-price:1" and run.get_tags()["data"] == "houses"
    pkl = model.download(target_dir="model")
    assert os.path.basename(pkl) == "house.pkl" and os.path.getsize(pkl) > 0
    port = run.get_pipeline_output("model")
    assert port.download("local", show_progress=True) == 1
    assert isinstance(auth.get_authentication_header(), dict)


check()
