import os

from azureml.core import Experiment, Workspace
from azureml.core.model import Model
from azureml.exceptions import WebserviceException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
model_dir = PipelineData("model_dir", datastore=ws.get_default_datastore())
weight = PipelineParameter("weight", 1.5)
fit = PythonScriptStep(
    "fit.py", arguments=["--model_name", "weights", "--model_dir", model_dir, "--weight", weight],
    outputs=[model_dir], compute_target="cpu", source_directory="steps", allow_reuse=False,
)  # fmt: skip
score = PythonScriptStep(
    "score.py", arguments=["weights", model_dir], inputs=[model_dir], compute_target="cpu", source_directory="steps",
    allow_reuse=False,
)  # fmt: skip
pipeline = Pipeline(ws, [fit, score])
experiment = Experiment(ws, "models")
run = experiment.submit(pipeline)
run.wait_for_completion()
second = experiment.submit(pipeline, pipeline_parameters={"weight": 2.0})
second.wait_for_completion()


def metrics_of(pipeline_run, name):
    return pipeline_run.find_step_run(name)[0].get_metrics()


def check():
    assert metrics_of(run, "score.py") == {"score": 15.0, "version": 1, "same": True}
    assert metrics_of(second, "score.py") == {"score": 20.0, "version": 2, "same": True}

    newest = Model(ws, "weights")
    assert (newest.version, newest.tags["from"], newest.description) == (2, "step", "weights")
    assert newest.properties["w"] == "2.0"
    assert newest.run_id == second.find_step_run("fit.py")[0].id
    assert Model(ws, name="weights", version=1).properties["w"] == "1.5"
    assert sorted(m.version for m in Model.list(ws, name="weights")) == [1, 2]
    assert [m.version for m in Model.list(ws, "weights", latest=True)] == [2]
    path = newest.download(target_dir="downloaded", exist_ok=True)
    assert os.path.isfile(path), path

    os.makedirs("local_model/deep", exist_ok=True)
    with open("local_model/deep/m.txt", "w") as f:
        f.write("m")
    mine = Model.register(workspace=ws, model_path="local_model", model_name="folder", tags={"kind": "folder"})
    assert mine.version == 1 and mine.id == "folder:1" and mine.created_time
    where = Model.get_model_path("folder", _workspace=ws)
    assert os.path.isfile(os.path.join(where, "deep", "m.txt")), where
    assert set(ws.models) == {"weights", "folder"}
    try:
        Model(ws, "nobody")
    except WebserviceException as e:
        assert "nobody" in str(e)
    else:
        raise AssertionError("a model that is not there was found")
    mine.delete()
    assert "folder" not in ws.models


check()
