"""Score a month with what was published: every kind of parameter."""
from azureml.core import Dataset, Workspace
from azureml.data.datapath import DataPath
from azureml.pipeline.core import PipelineRun, PublishedPipeline

ws = Workspace.from_config()
store = ws.get_default_datastore()
published = PublishedPipeline.get(ws, open("pipeline_id.txt").read())
assert published.get_step_names() == ["score"]

plain = published.submit(ws, "scoring")
february = published.submit(
    ws,
    "scoring",
    pipeline_parameters={
        "folder": DataPath(store, "scores/february"),
        "files": Dataset.File.from_files((store, "scores/february/*.csv")),
        "table": Dataset.Tabular.from_delimited_files((store, "scores/february/c.csv")),
        "threshold": 1,
    },
)
for run in (plain, february):
    assert run.wait_for_completion(show_output=False) == "Finished"


def seen(run):
    return PipelineRun.get(ws, run.id).find_step_run("score")[0].get_metrics()


assert seen(plain) == {"folder": "a.csv", "files": "a.csv", "rows": 2, "threshold": 0.5}, seen(plain)
assert seen(february) == {"folder": "b.csv,c.csv", "files": "b.csv,c.csv", "rows": 3, "threshold": 1.0}, seen(february)


def refused(error, **parameters):
    try:
        published.submit(ws, "scoring", pipeline_parameters=parameters)
    except error as e:
        return str(e)
    raise AssertionError(f"{parameters} was accepted")


assert "did you mean 'threshold'" in refused(Exception, treshold=1)
assert "DataPath" in refused(Exception, folder="scores/february")
assert "TabularDataset" in refused(Exception, table=Dataset.File.from_files((store, "scores/february/*.csv")))
assert "float" in refused(Exception, threshold="high")
assert len(list(ws.experiments["scoring"].get_runs())) == 2
