# coding: utf-8
"""Publish a notebook; whoever needs the report of a month runs it by its id."""
from azureml.contrib.notebook import NotebookRunConfig, NotebookRunnerStep
from azureml.core import RunConfiguration, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload("data", target_path="prices", overwrite=True, show_progress=False)

run_config = RunConfiguration()
run_config.environment.python.conda_dependencies = CondaDependencies()
config = NotebookRunConfig(
    source_directory="notebooks", notebook="prices.ipynb", parameters={"digits": 1}, run_config=run_config
)
prices = DataReference(store, data_reference_name="prices", path_on_datastore="prices")
summary = PipelineData("summary", datastore=store)
month = PipelineParameter(name="month", default_value="may")
report = NotebookRunnerStep(
    name="report",
    notebook_run_config=config,
    params={"month": month},
    inputs=[prices],
    outputs=[summary],
    compute_target="cpu-cluster",
    output_notebook_pipeline_data_name="notebook",
)
send = PythonScriptStep(
    "send.py", arguments=[summary], inputs=[summary], compute_target="cpu-cluster", source_directory="notebooks"
)
published = Pipeline(ws, [send]).publish(name="price report", description="a notebook")
with open("pipeline_id.txt", "w") as f:
    f.write(published.id)
