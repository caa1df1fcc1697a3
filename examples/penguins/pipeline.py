"""Two steps on real data: prepare the Palmer penguins, then train a classifier on them."""

import os

from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

here = os.path.dirname(os.path.abspath(__file__))
ws = Workspace.from_config()
datastore = ws.get_default_datastore()

# Upload and register the data the first time.
try:
    raw_ds = Dataset.get_by_name(ws, "raw_dataset")
except UserErrorException:
    datastore.upload_files(
        [os.path.join(here, "data", "penguins.csv")], target_path="penguins", overwrite=True, show_progress=False
    )
    raw_ds = Dataset.Tabular.from_delimited_files(path=[(datastore, "penguins/penguins.csv")])
    raw_ds = raw_ds.register(ws, name="raw_dataset", description="Palmer penguins", create_new_version=True)

environment = Environment("penguins")
environment.python.conda_dependencies = CondaDependencies.create(
    pip_packages=["numpy==2.2.6", "pandas==2.3.3", "scikit-learn==1.7.2"]
)
run_config = RunConfiguration()
run_config.environment = environment

prepped_data = PipelineData("prepped_data", datastore=datastore)

prep_step = PythonScriptStep(
    name="Prepare data",
    source_directory=os.path.join(here, "steps"),
    script_name="data_prep.py",
    arguments=["--out_folder", prepped_data],
    inputs=[raw_ds.as_named_input("raw_data")],
    outputs=[prepped_data],
    compute_target="aml-cluster",
    runconfig=run_config,
)
train_step = PythonScriptStep(
    name="Train model",
    source_directory=os.path.join(here, "steps"),
    script_name="train.py",
    arguments=["--in_folder", prepped_data],
    inputs=[prepped_data],
    compute_target="aml-cluster",
    runconfig=run_config,
)

# The order of this list does not matter: the training step reads the output of the other step.
pipeline = Pipeline(workspace=ws, steps=[train_step, prep_step])
run = Experiment(ws, "penguins").submit(pipeline)
