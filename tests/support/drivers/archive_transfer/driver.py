from azureml.core import Datastore, Experiment, Workspace
from azureml.core.compute import ComputeTarget, DataFactoryCompute
from azureml.data.data_reference import DataReference
from azureml.exceptions import ComputeTargetException
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import DataTransferStep, PythonScriptStep

ws = Workspace.from_config()
blob = Datastore(ws, "workspaceblobstore")
archive = Datastore.register_azure_blob_container(
    workspace=ws, datastore_name="archive_store", container_name="old", account_name="oldaccount",
    account_key="bm90IGEga2V5", create_if_not_exists=True,
)  # fmt: skip
blob.upload("data", "numbers", overwrite=True, show_progress=False)


def get_or_create_data_factory(workspace, factory_name):
    try:
        return DataFactoryCompute(workspace, factory_name)
    except ComputeTargetException as e:
        print("creating:", e)
        factory = ComputeTarget.create(workspace, factory_name, DataFactoryCompute.provisioning_configuration())
        factory.wait_for_completion()
        return factory


adf = get_or_create_data_factory(ws, "adftest")

source = DataReference(datastore=blob, data_reference_name="blob_test_data", path_on_datastore="numbers")
target = DataReference(datastore=archive, data_reference_name="kept", path_on_datastore="kept/numbers")
one = DataReference(datastore=blob, data_reference_name="one_file", path_on_datastore="numbers/b.txt")
one_there = DataReference(datastore=archive, data_reference_name="one_there", path_on_datastore="kept/only.txt")

folder_step = DataTransferStep(
    name="copy folder", source_data_reference=source, source_reference_type="directory",
    destination_data_reference=target, destination_reference_type="directory", compute_target=adf,
)  # fmt: skip
file_step = DataTransferStep(
    name="copy file", source_data_reference=one, source_reference_type="file",
    destination_data_reference=one_there, destination_reference_type="file", compute_target=adf,
)  # fmt: skip
use = PythonScriptStep(
    "sum.py", arguments=[target, one_there], inputs=[target, one_there], compute_target="cpu",
    source_directory="scripts",
)  # fmt: skip
use.run_after(folder_step)
use.run_after(file_step)
run = Experiment(ws, "Data_Transfer").submit(Pipeline(workspace=ws, description="copy", steps=[use]))
run.wait_for_completion()


def check():
    assert run.find_step_run("sum.py")[0].get_metrics() == {"total": 16, "single": "10"}
    archive.download("got", prefix="kept", show_progress=False)
    assert open("got/kept/numbers/a.txt").read() == "1\n2\n3\n"
    assert open("got/kept/only.txt").read() == "10\n"
    assert blob.download("none", prefix="kept") == 0
    assert "archive_store" in ws.datastores and archive.container_name == "old"


check()
