"""A pipeline whose input folder is chosen when it is submitted."""
import azureml.core
from azureml.core import Datastore, Experiment, Workspace
from azureml.core.runconfig import CondaDependencies, RunConfiguration
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineParameter, PipelineRun
from azureml.pipeline.steps import PythonScriptStep

print("Azure ML SDK Version: ", azureml.core.VERSION)
ws = Workspace.from_config()  # there is none: the folder is the workspace
print(ws.get_details()["name"])
def_blob_store = Datastore.get(ws, datastore_name="workspaceblobstore")
assert def_blob_store.name == Datastore.get_default(ws).name
def_blob_store.upload_files(
    ["data/2020/t.csv", "data/2021/t.csv"], relative_root="data", target_path="weather", overwrite=True,
    show_progress=False,
)

rcfg = RunConfiguration(conda_dependencies=CondaDependencies())
data_path = DataPath(datastore=def_blob_store, path_on_datastore="weather/2020")
datapath1_pipeline_param = PipelineParameter(name="input_datapath", default_value=data_path)
datapath_input = (datapath1_pipeline_param, DataPathComputeBinding(mode="mount"))
string_pipeline_param = PipelineParameter(name="input_string", default_value="sample_string1")

step = PythonScriptStep(
    name="mean_step",
    script_name="mean.py",
    arguments=["--arg1", datapath_input, "--arg2", string_pipeline_param],
    inputs=[datapath_input],
    compute_target="cpu-cluster",
    source_directory="code",
    runconfig=rcfg,
)
print("mean_step created")
pipeline = Pipeline(workspace=ws, steps=[step])
run1 = Experiment(ws, "DataPathTest").submit(pipeline)
run2 = Experiment(ws, "DataPathTest").submit(
    pipeline,
    pipeline_parameters={
        "input_datapath": DataPath(datastore=def_blob_store, path_on_datastore="weather/2021"),
        "input_string": "sample_string2",
    },
)
for run in (run1, run2):
    run.wait_for_completion()


def check():
    one, two = [next(iter(run.get_steps())).get_metrics() for run in (run1, run2)]
    assert one == {"mean": 1.5, "what": "sample_string1"}, one
    assert two == {"mean": 20.0, "what": "sample_string2"}, two
    again = PipelineRun(Experiment(ws, "DataPathTest"), run2.id)
    assert again.get_status() == "Finished"
    assert again.find_step_run("mean_step")[0].get_metrics()["mean"] == 20
    assert [r.id for r in Experiment(ws, "DataPathTest").get_runs()] == [run2.id, run1.id]


check()
