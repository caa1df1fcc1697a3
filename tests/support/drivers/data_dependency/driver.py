# coding: utf-8
# # Steps that depend on each other's data
import os

from azureml.core import Datastore, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.runconfig import RunConfiguration
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, StepSequence
from azureml.pipeline.steps import PythonScriptStep
from azureml.widgets import RunDetails

ws = Workspace.from_config()
def_blob_store = Datastore(ws, "workspaceblobstore")
def_blob_store = ws.get_default_datastore()
print("Default datastore's name: {}".format(def_blob_store.name))

for number in (1, 2, 3):
    folder = "step%d" % number
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "script.py"), "w") as f:
        f.write(
            "import argparse, os\n"
            "parser = argparse.ArgumentParser()\n"
            "for name in ('--a', '--b', '--out'):\n"
            "    parser.add_argument(name)\n"
            "args = parser.parse_args()\n"
            "words = []\n"
            "for path in (args.a, args.b):\n"
            "    if path:\n"
            "        for folder, _, names in sorted(os.walk(path)):\n"
            "            words += [open(os.path.join(folder, n)).read() for n in sorted(names)]\n"
            "if args.out:\n"
            "    os.makedirs(args.out, exist_ok=True)\n"
            "    print(args.out, 'created')\n"
            "    with open(args.out + '/processed.txt', 'w') as f:\n"
            "        f.write('+'.join(words) + '>%d')\n" % number
        )
with open("in.txt", "w") as f:
    f.write("start")
def_blob_store.upload_files(["./in.txt"], target_path="dependency", overwrite=True)

aml_compute_target = "cpu-cluster"
try:
    aml_compute = AmlCompute(ws, aml_compute_target)
    print("found existing compute target.")
except ComputeTargetException:
    print("creating new compute target")
    provisioning_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=1, max_nodes=4)
    aml_compute = ComputeTarget.create(ws, aml_compute_target, provisioning_config)
    aml_compute.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)

run_config = RunConfiguration(framework="Python")
run_config.environment.python.user_managed_dependencies = False

blob_input_data = DataReference(
    datastore=def_blob_store, data_reference_name="test_data", path_on_datastore="dependency"
)
processed_data1 = PipelineData("processed_data1", datastore=def_blob_store)
processed_data2 = PipelineData("processed_data2", datastore=def_blob_store)
processed_data3 = PipelineData("processed_data3", datastore=def_blob_store)
common = {"compute_target": aml_compute, "runconfig": run_config, "script_name": "script.py"}
trainStep = PythonScriptStep(
    arguments=["--a", blob_input_data, "--out", processed_data1], inputs=[blob_input_data], outputs=[processed_data1],
    source_directory="step1", name="train", **common)
extractStep = PythonScriptStep(
    arguments=["--a", processed_data1, "--out", processed_data2], inputs=[processed_data1], outputs=[processed_data2],
    source_directory="step2", **common)
compareStep = PythonScriptStep(
    arguments=["--a", processed_data1, "--b", processed_data2, "--out", processed_data3],
    inputs=[processed_data1, processed_data2], outputs=[processed_data3], source_directory="step3", name="compare",
    **common)
pipeline1 = Pipeline(workspace=ws, steps=[compareStep])
pipeline_run1 = Experiment(ws, "Data_dependency").submit(pipeline1)
RunDetails(pipeline_run1).show()
pipeline_run1.wait_for_completion(show_output=True)


# functions to download output to local and read it
def get_download_path(download_path, output_name):
    output_folder = os.listdir(download_path + "/azureml")[0]
    path = download_path + "/azureml/" + output_folder + "/" + output_name
    return path


def fetch(step, output_name):
    output_data = step.get_output_data(output_name)
    download_path = "./outputs/" + output_name
    output_data.download(download_path, overwrite=True)
    return open(get_download_path(download_path, output_name) + "/processed.txt").read()


def check():
    assert fetch(pipeline_run1.find_step_run(trainStep.name)[0], "processed_data1") == "start>1"
    assert fetch(pipeline_run1.find_step_run(extractStep.name)[0], processed_data2.name) == "start>1>2"
    assert fetch(pipeline_run1.find_step_run(compareStep.name)[0], "processed_data3") == "start>1+start>1>2>3"
    newest = next(iter(pipeline_run1.get_steps()))
    assert newest.name == "compare"
    for name, output in newest.get_outputs().items():
        reference = output.get_port_data_reference()
        print(name, reference.datastore_name, reference.path_on_datastore)
        assert reference.datastore.name == reference.datastore_name == "workspaceblobstore"

    # what one run has made is an input of the next pipeline
    reference = newest.get_output_data("processed_data3")
    final = PipelineData("final", datastore=def_blob_store)
    again = PythonScriptStep(
        arguments=["--a", reference, "--out", final], inputs=[reference], outputs=[final], source_directory="step1",
        name="again", **common)
    later = Experiment(ws, "Data_dependency").submit(Pipeline(ws, StepSequence([again])))
    later.wait_for_completion(show_output=False)
    assert fetch(later.find_step_run("again")[0], "final") == "start>1+start>1>2>3>1"


check()
