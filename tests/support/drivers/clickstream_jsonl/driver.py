from azureml.core import Dataset, Experiment, Workspace
from azureml.data.dataset_factory import DataType, FileDatasetFactory, TabularDatasetFactory
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload(src_dir="data", target_path="clicks", overwrite=True, show_progress=False)
FORMAT = "/{source}/{day:yyyy/MM/dd}/e.jsonl"

events = Dataset.Tabular.from_json_lines_files(path=(store, "clicks/**/*.jsonl"), partition_format="/clicks" + FORMAT)
events = events.register(ws, "events", tags={"kind": "jsonl"})
web = events.filter(events["source"] == "web")
files = FileDatasetFactory.from_files(path=(store, "clicks"), partition_format=FORMAT)
typed = TabularDatasetFactory.from_json_lines_files((store, "clicks/app/**"), set_column_types={"ms": DataType.to_float()})

usage = PythonScriptStep(
    "usage.py", inputs=[events.as_named_input("events"), web.as_named_input("web")], compute_target="cpu",
    source_directory="steps",
)  # fmt: skip
run = Experiment(ws, "clicks").submit(Pipeline(ws, usage))
run.wait_for_completion()


def check():
    metrics = run.find_step_run("usage.py")[0].get_metrics()
    assert metrics["columns"] == "day,ms,source,user", metrics
    assert metrics["usage"] == {"source": ["app", "web"], "events": [2, 3], "ms": [160, 90]}, metrics
    assert metrics["days"] == "2021-03-04,2021-03-05" and metrics["web"] == 3, metrics
    assert sorted(events.partition_keys) == ["day", "source"], events.partition_keys
    assert sorted(files.partition_keys) == ["day", "source"], files.partition_keys
    found = events.get_partition_key_values(["source"])
    assert sorted(v["source"] for v in found) == ["app", "web"], found
    assert typed.to_pandas_dataframe()["ms"].tolist() == [70.0, 90.0]
    assert str(typed.to_pandas_dataframe()["ms"].dtype) == "float64"
    assert sorted(files.to_path())[0] == "/app/2021/03/04/e.jsonl"


check()
