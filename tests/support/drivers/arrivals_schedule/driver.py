"""Set up a schedule that runs when files arrive in a folder of the datastore."""
from azureml.core import Datastore, Workspace
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.core.schedule import Schedule
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
datastore = Datastore(workspace=ws, name="workspaceblobstore")

datapath = DataPath(datastore=datastore, path_on_datastore="incoming/sample.csv")
input_data = (PipelineParameter(name="input_data", default_value=datapath), DataPathComputeBinding(mode="mount"))
count = PythonScriptStep(name="count", script_name="count.py", arguments=["--input", input_data], inputs=[input_data],
                         compute_target="cpu-cluster", source_directory="src", allow_reuse=False)
published = Pipeline(workspace=ws, steps=[count]).publish(name="count-arrivals", description="d")

schedule = Schedule.create(workspace=ws, name="MySchedule", pipeline_id=published.id,
                           experiment_name="Arrivals", datastore=datastore, wait_for_provisioning=True,
                           description="Schedule Run", path_on_datastore="incoming",
                           polling_interval=1, data_path_parameter_name="input_data")
print("Created schedule with id: {}".format(schedule.id))
assert schedule.get_last_pipeline_run() is None
