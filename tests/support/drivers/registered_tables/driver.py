"""Tables that a pipeline makes and registers, a new version with each run; they are split for the next step."""
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.runconfig import CondaDependencies, RunConfiguration
from azureml.data import OutputFileDatasetConfig, TabularDataset
from azureml.data.dataset_factory import DataType
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
rc = RunConfiguration(conda_dependencies=CondaDependencies.create(pip_packages=["azureml-dataprep[pandas]"]))
rows = PipelineParameter("rows", 20)

clean = OutputFileDatasetConfig(name="clean", destination=(store, "tables/{run-id}"))
table = clean.read_delimited_files(set_column_types={"value": DataType.to_float()})
table = table.drop_columns("comment").register_on_complete(name="clean_table", tags={"made": "by run"})
raw = OutputFileDatasetConfig(name="raw").register_on_complete("raw_files")
train, test = table.random_split(percentage=0.7, seed=7)

cleaning = PythonScriptStep(
    name="clean", script_name="clean.py", source_directory="steps", compute_target="cpu", runconfig=rc,
    arguments=["--rows", rows, "--clean", table, "--raw", raw], allow_reuse=False,
)  # fmt: skip
fitting = PythonScriptStep(
    name="fit", script_name="fit.py", source_directory="steps", compute_target="cpu", runconfig=rc,
    inputs=[train.as_input("train"), test.as_input("test"), table.as_input("whole")],
)  # fmt: skip
pipeline = Pipeline(ws, [cleaning, fitting])
experiment = Experiment(ws, "tables")
runs = []
for number in (20, 30):
    run = experiment.submit(pipeline, pipeline_parameters={"rows": number})
    run.wait_for_completion(show_output=False)
    runs.append(run)


def check():
    for run, number in zip(runs, (20, 30)):
        metrics = run.find_step_run("fit")[0].get_metrics()
        assert metrics == {"rows": number, "parts": number, "disjoint": True, "columns": "id,value"}, metrics
    newest = Dataset.get_by_name(ws, "clean_table")
    assert isinstance(newest, TabularDataset) and newest.version == 2 and newest.tags == {"made": "by run"}
    frame = newest.to_pandas_dataframe()
    assert len(frame) == 30 and list(frame.columns) == ["id", "value"] and str(frame["value"].dtype) == "float64"
    assert len(Dataset.get_by_name(ws, "clean_table", version=1).to_pandas_dataframe()) == 20
    raw_files = Dataset.get_by_name(ws, "raw_files", version="latest")
    assert open(raw_files.download("down")[0]).read() == "raw of 30"
    extra = Dataset.get_by_name(ws, "extra")
    assert open(extra.download("down")[0]).read() == "extra of 30"
    assert set(ws.datasets) == {"clean_table", "raw_files", "extra"}


check()
