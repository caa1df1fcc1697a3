"""Try a pipeline, and publish the run that was good."""
import shutil

from azureml.core import Experiment, Workspace
from azureml.core.run import Run
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
for name in ("small", "large"):
    with open(name + ".txt", "w") as f:
        f.write("\n".join(name * 2))
    store.upload_files([name + ".txt"], target_path="promoted/" + name, overwrite=True, show_progress=False)

source = PipelineParameter("source", DataPath(store, "promoted/small"))
source_input = (source, DataPathComputeBinding(mode="mount"))
factor = PipelineParameter("factor", 2)
lines = PipelineData("lines", datastore=store, pipeline_output_name="lines")
extract = PythonScriptStep("extract.py", name="extract", arguments=[source_input, lines], inputs=[source_input],
                           outputs=[lines], compute_target="cpu", source_directory="etl")  # fmt: skip
load = PythonScriptStep("load.py", name="load", arguments=[lines, factor], inputs=[lines], compute_target="cpu",
                        source_directory="etl")  # fmt: skip
pipeline = Pipeline(ws, [load])
good = Experiment(ws, "promoted").submit(
    pipeline, pipeline_parameters={"factor": 3, "source": DataPath(store, "promoted/large")}
)
assert good.wait_for_completion(show_output=False) == "Finished"

published_pipeline = good.publish_pipeline(name="My_Published_Pipeline", description="of a run", version="1.0")
shutil.rmtree("etl")
again = published_pipeline.submit(ws, "promoted")
other = Experiment(ws, "promoted").submit(
    published_pipeline,
    pipeline_parameters={"source": DataPath(store, "promoted/small"), "factor": 10},
    regenerate_outputs=True,
)
for run in (again, other):
    assert run.wait_for_completion(show_output=False) == "Finished"


def step(run, name):
    return PipelineRun(run.experiment, run.id).find_step_run(name)[0]


def reused(run):
    return sorted(s.name for s in run.get_steps() if s.get_properties().get("azureml.reusedrunid"))


# the same values as in the good run: nothing runs again
assert reused(again) == ["extract", "load"], reused(again)
assert step(good, "load").get_metrics() == step(again, "load").get_metrics() == {"total": 30}
assert step(other, "load").get_metrics() == {"total": 100}
assert reused(other) == []
assert published_pipeline.get_step_names() == ["extract", "load"]
assert published_pipeline.version == "1.0"
assert "azureml.pipelineid" not in good.properties
for run in (again, other):
    assert run.properties["azureml.pipelineid"] == published_pipeline.id
    assert Run.get(ws, run.id).get_details()["properties"]["azureml.pipelineid"] == published_pipeline.id
other.get_pipeline_output("lines").download("got", show_progress=False)
