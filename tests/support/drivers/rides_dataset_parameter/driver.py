# coding: utf-8
# # Datasets as pipeline parameters
# In[1]:
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload("data", "rides", overwrite=True, show_progress=True)

compute_name = "cpu-cluster"
if compute_name in ws.compute_targets:
    compute_target = ws.compute_targets[compute_name]
    if compute_target and type(compute_target) is AmlCompute:
        print("found compute target: " + compute_name)
else:
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS3_V2", max_nodes=4)
    compute_target = ComputeTarget.create(ws, compute_name, config)
    compute_target.wait_for_completion(show_output=True, min_node_count=0, timeout_in_minutes=20)

# In[2]:
spring = Dataset.Tabular.from_delimited_files([(store, "rides/spring.csv")])
summer = Dataset.Tabular.from_delimited_files([(store, "rides/summer.csv")])
tabular_param = PipelineParameter(name="tabular_ds_param", default_value=spring)
tabular_consumption = DatasetConsumptionConfig("rides", tabular_param)

one_file = Dataset.File.from_files(store.path("rides/spring.csv"))
all_files = Dataset.File.from_files((store, "rides/**/*.csv"))
file_param = PipelineParameter(name="file_ds_param", default_value=one_file)
file_consumption = DatasetConsumptionConfig("files", file_param).as_mount()

conda = CondaDependencies()
conda.add_pip_package("pandas")
conda.add_pip_package("azureml-dataprep[pandas,fuse]")
run_config = RunConfiguration()
run_config.environment.python.conda_dependencies = conda

count = PythonScriptStep(
    name="count",
    script_name="count.py",
    arguments=["--files", file_consumption],
    inputs=[tabular_consumption, file_consumption],
    compute_target=compute_target,
    source_directory="scripts",
    runconfig=run_config,
)
pipeline = Pipeline(workspace=ws, steps=[count])
experiment = Experiment(ws, "rides")
run = experiment.submit(pipeline)
changed = experiment.submit(pipeline, pipeline_parameters={"tabular_ds_param": summer, "file_ds_param": all_files})


# In[3]:
def check():
    for r in (run, changed):
        assert r.wait_for_completion() == "Finished"
    one, two = [next(iter(r.get_steps())).get_metrics() for r in (run, changed)]
    assert one == {"rides": 2, "km": 7.0, "files": "spring.csv"}, one
    assert two == {"rides": 3, "km": 27.0, "files": "spring.csv,summer.csv"}, two
    try:
        experiment.submit(pipeline, pipeline_parameters={"tabular_ds_param": "rides/summer.csv"})
    except TypeError:
        pass
    else:
        raise AssertionError("text was taken for a dataset")


check()
