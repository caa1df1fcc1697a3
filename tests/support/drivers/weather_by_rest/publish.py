"""Publish a pipeline whose input folder is chosen by whoever calls its endpoint."""
from azureml.core import Workspace
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload("data", target_path="weather", overwrite=True, show_progress=False)

folder = PipelineParameter("input_datapath", DataPath(datastore=store, path_on_datastore="weather/2020"))
folder_input = (folder, DataPathComputeBinding(mode="mount"))
text = PipelineParameter("input_string", "sample_string1")
step = PythonScriptStep(
    name="mean_step",
    script_name="mean.py",
    arguments=["--arg1", folder_input, "--arg2", text],
    inputs=[folder_input],
    compute_target="cpu-cluster",
    source_directory="code",
)
published = Pipeline(ws, [step]).publish(name="Weather", description="means of a year")
with open("pipeline_id.txt", "w") as f:
    f.write(published.id)
