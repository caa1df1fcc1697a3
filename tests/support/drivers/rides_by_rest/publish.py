# coding: utf-8
# # Two versions of an endpoint whose dataset is a parameter
from azureml.core import Dataset, Workspace
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineEndpoint, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload("data", "rides", overwrite=True, show_progress=False)

spring = Dataset.Tabular.from_delimited_files([(store, "rides/spring.csv")])
summer = Dataset.Tabular.from_delimited_files([(store, "rides/summer.csv")])
summer.register(ws, "summer rides")
all_files = Dataset.File.from_files((store, "rides/**/*.csv"))
all_files.register(ws, "all rides")


def pipeline(default):
    table = DatasetConsumptionConfig("rides", PipelineParameter(name="tabular_ds_param", default_value=default))
    one_file = Dataset.File.from_files(store.path("rides/spring.csv"))
    files = DatasetConsumptionConfig("files", PipelineParameter(name="file_ds_param", default_value=one_file)).as_mount()
    count = PythonScriptStep(
        name="count",
        script_name="count.py",
        arguments=["--files", files],
        inputs=[table, files],
        compute_target="cpu-cluster",
        source_directory="scripts",
    )
    return Pipeline(ws, [count])


first = pipeline(spring).publish(name="count rides", version="1")
second = pipeline(summer).publish(name="count rides", version="2")
endpoint = PipelineEndpoint.publish(workspace=ws, name="rides", pipeline=first, description="counts rides")
endpoint.add(second)
