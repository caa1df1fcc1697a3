#!/usr/bin/env python
# coding: utf-8

# # Getting started: prepare, then train
#
# Upload a file to the default datastore, make it an input by a DataReference, pass data on by PipelineData.

# In[1]:

import os

import azureml.core
from azureml.core import Datastore, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DEFAULT_CPU_IMAGE, RunConfiguration
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep
from azureml.widgets import RunDetails

print("SDK version:", azureml.core.VERSION)

# In[2]:

ws = Workspace.from_config()
print(ws.name, ws.resource_group, ws.location, ws.subscription_id, sep="\n")

def_blob_store = Datastore(ws, "workspaceblobstore")
print("Blobstore's name: {}".format(def_blob_store.name))
def_blob_store.upload_files(["./data/petals.csv"], target_path="flowers", overwrite=True, show_progress=True)

# In[3]: a cluster, made if it is not there

cluster_name = "cpu-cluster"
try:
    aml_compute = AmlCompute(ws, cluster_name)
    print("Found existing compute target.")
except ComputeTargetException:
    print("Creating a new compute target...")
    provisioning_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=4)
    aml_compute = ComputeTarget.create(ws, cluster_name, provisioning_config)
    aml_compute.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)

print(aml_compute.get_status().serialize())
for name in ws.compute_targets:
    ct = ws.compute_targets[name]
    print(name, ct.type, ct.provisioning_state)

# In[4]: what the steps run in

run_config = RunConfiguration()
run_config.target = aml_compute
run_config.environment.docker.enabled = True
run_config.environment.docker.base_image = DEFAULT_CPU_IMAGE
run_config.environment.python.user_managed_dependencies = False
run_config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-sdk"])

# In[5]:

blob_input_data = DataReference(datastore=def_blob_store, data_reference_name="petals", path_on_datastore="flowers")
prepared = PipelineData("prepared", datastore=def_blob_store)
trained = PipelineData("trained", datastore=def_blob_store)

prepare = PythonScriptStep(
    script_name="prepare.py",
    arguments=["--input_data", blob_input_data, "--output_prepared", prepared],
    inputs=[blob_input_data],
    outputs=[prepared],
    compute_target=aml_compute,
    runconfig=run_config,
    source_directory="./scripts",
    allow_reuse=True,
)
train = PythonScriptStep(
    name="train_step",
    script_name="train.py",
    arguments=["--input_data", prepared, "--output_train", trained, "--epochs", 3],
    inputs=[prepared],
    outputs=[trained],
    compute_target=aml_compute,
    runconfig=run_config,
    source_directory="./scripts",
)

pipeline1 = Pipeline(workspace=ws, steps=[train])
print("Pipeline is built")
assert pipeline1.validate() == []
print("Pipeline validation complete")

# In[6]:

pipeline_run1 = Experiment(ws, "Flowers_Train").submit(pipeline1, regenerate_outputs=False)
print("Pipeline is submitted for execution")
RunDetails(pipeline_run1).show()
status = pipeline_run1.wait_for_completion(show_output=True)


# In[7]: look at what came out


def check():
    assert (ws.name, ws.resource_group) == ("flowers-ws", "flowers-rg")
    assert ws.subscription_id == "6e1b6a0c-0b1f-4d6f-9b53-2f7f3b1f5a11"
    assert ws.location
    assert azureml.core.VERSION[0].isdigit()
    assert status == "Finished", status
    assert pipeline_run1.get_status() == "Finished"
    assert pipeline_run1.get_details()["status"] == "Completed"
    assert type(aml_compute) is AmlCompute and "cpu-cluster" in ws.compute_targets

    assert len(pipeline_run1.find_step_run("prepare.py")) == 1  # unnamed: its script is its name
    (train_run,) = pipeline_run1.find_step_run("train_step")
    assert train_run.get_status() == "Finished"
    metrics = train_run.get_metrics()
    assert metrics["accuracy"] == 1.0 and metrics["cut"] == 3.0, metrics
    assert metrics["loss"] == [1.0, 0.5, 1.0 / 3], metrics
    assert "outputs/model.json" in train_run.get_file_names()
    train_run.download_file("outputs/model.json", "downloaded/model.json")
    assert os.path.exists("downloaded/model.json")

    output = train_run.get_output_data("trained")
    assert output.datastore_name == "workspaceblobstore"
    assert output.path_on_datastore == "azureml/%s/trained" % train_run.id
    output.download("./results", show_progress=False)
    assert os.path.exists(os.path.join("results", output.path_on_datastore, "model.json"))


check()
print("OK")
