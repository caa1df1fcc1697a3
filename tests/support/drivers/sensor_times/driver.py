from datetime import datetime, timedelta

from azureml.core import Dataset, Experiment, Workspace
from azureml.exceptions import DatasetTimestampMissingError
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
dstore = ws.get_default_datastore()
dstore.upload("./data", "sensors", overwrite=True, show_progress=True)
raw = Dataset.Tabular.from_delimited_files(
    path=[(dstore, "sensors/*.csv")], partition_format="sensors/{month:yyyy-MM}.csv"
)
tsd = raw.with_timestamp_columns(timestamp="time", partition_timestamp="month")
tsd = tsd.register(ws, "sensors", create_new_version=True)

window = tsd.time_between(datetime(2021, 1, 5), datetime(2021, 2, 20, 12), include_boundary=True)
step = PythonScriptStep(
    "window.py", inputs=[window.as_named_input("window")], compute_target="cpu", source_directory="steps"
)
run = Experiment(ws, "sensors").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=False)


def rows(dataset):
    return len(dataset.to_pandas_dataframe())


def check():
    metrics = run.find_step_run("window.py")[0].get_metrics()
    assert metrics["rows"] == 5 and metrics["first"].startswith("2021-01-10 12:00:00"), metrics
    assert metrics["stamps"] == "time month", metrics
    assert tuple(tsd.timestamp_columns) == ("time", "month")
    assert rows(tsd) == 9
    assert rows(tsd.time_before(datetime(2021, 1, 10, 12))) == 2
    assert rows(tsd.time_before(datetime(2021, 1, 10, 12), include_boundary=False)) == 1
    assert rows(tsd.time_after(datetime(2021, 3, 1), include_boundary=False)) == 3
    assert rows(tsd.time_after(datetime(2021, 2, 1)).time_before(datetime(2021, 2, 28))) == 3
    assert rows(Dataset.get_by_name(ws, "sensors").time_recent(timedelta(days=1))) == 0
    try:
        raw.time_before(datetime(2021, 1, 1))
    except DatasetTimestampMissingError:
        pass
    else:
        raise AssertionError("a dataset without timestamp columns was filtered by time")


check()
