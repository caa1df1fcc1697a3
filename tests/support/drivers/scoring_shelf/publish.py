"""Publish a batch scoring pipeline; the id goes to whoever schedules it."""
from azureml.core import Dataset, Workspace
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload("data", target_path="scores", overwrite=True, show_progress=False)

folder = PipelineParameter("folder", DataPath(datastore=store, path_on_datastore="scores/january"))
binding = (folder, DataPathComputeBinding(mode="download"))
files = PipelineParameter("files", Dataset.File.from_files((store, "scores/january/*.csv")))
file_input = DatasetConsumptionConfig("files", files).as_download()
table = PipelineParameter("table", Dataset.Tabular.from_delimited_files((store, "scores/january/a.csv")))
table_input = DatasetConsumptionConfig("table", table)
threshold = PipelineParameter("threshold", 0.5)

score = PythonScriptStep(
    name="score",
    script_name="score.py",
    arguments=["--folder", binding, "--files", file_input, "--threshold", threshold],
    inputs=[binding, file_input, table_input],
    compute_target="cpu",
    source_directory="scoring",
)
published = Pipeline(ws, steps=[score]).publish(name="batch scoring", description="scores a month")
with open("pipeline_id.txt", "w") as f:
    f.write(published.id)
print(published.endpoint)
