# The pipeline of every night: what has not changed is not done again.
import os
import shutil
import time

from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload_files(["data/in.txt"], target_path="nightly", overwrite=True, show_progress=False)
experiment = Experiment(ws, "nightly")


def build(folder="steps"):
    raw = store.path("nightly").as_mount()
    lines = PipelineData("lines", datastore=store)
    unit = PipelineParameter("unit", "lines")
    load = PythonScriptStep("load.py", name="load", arguments=[raw, lines], inputs=[raw], outputs=[lines],
                            compute_target="cpu", source_directory=folder)  # fmt: skip
    count = PythonScriptStep("count.py", name="count", arguments=[lines, unit], inputs=[lines], compute_target="cpu",
                             source_directory=folder, allow_reuse=True)  # fmt: skip
    notify = PythonScriptStep("notify.py", name="notify", compute_target="cpu", source_directory=folder,
                              allow_reuse=False)  # fmt: skip
    notify.run_after(count)
    return Pipeline(ws, [load, count, notify])


def night(pipeline=None, **options):
    run = experiment.submit(pipeline or build(), **options)
    assert run.wait_for_completion(show_output=False) == "Finished"
    return run


def step(run, name):
    return run.find_step_run(name)[0]


def origin(run, name):
    return step(run, name).get_properties().get("azureml.reusedrunid")


def reused(run):
    return sorted(s.name for s in run.get_steps() if s.get_properties().get("azureml.reusedrunid"))


first = night()
second = night()
os.utime("steps/load.py", (time.time(), 12345))
shutil.copytree("steps", "elsewhere")
third = night(build("elsewhere"))
forced = night(regenerate_outputs=True)
other = night(pipeline_parameters={"unit": "rows"})
with open("steps/count.py", "a") as f:
    f.write("\n# a remark\n")
edited = night()
os.makedirs("data2", exist_ok=True)
with open("data2/in.txt", "w") as f:
    f.write("a\nb\nc\n")
store.upload_files(["data2/in.txt"], target_path="nightly", overwrite=True, show_progress=False)
grown = night()


def check():
    assert reused(first) == []
    assert reused(second) == ["count", "load"], reused(second)
    assert origin(second, "load") == step(first, "load").id
    assert origin(second, "count") == step(first, "count").id
    properties = step(second, "count").get_properties()
    assert properties["azureml.reusedpipelinerunid"] == first.id, properties
    assert step(second, "count").get_status() == "Finished"
    assert step(second, "count").get_metrics() == {"lines": 2, "unit": "lines"}
    # outputs of a reused step lie where the first one put them
    where = step(second, "load").get_output_data("lines").path_on_datastore
    assert where == "azureml/%s/lines" % step(first, "load").id, where
    assert step(first, "notify").get_metrics() != step(second, "notify").get_metrics()

    assert reused(third) == ["count", "load"], reused(third)  # another folder, another mtime: the same content
    assert reused(forced) == []
    assert reused(other) == ["load"], reused(other)
    assert step(other, "count").get_metrics()["unit"] == "rows"
    assert reused(edited) == [], reused(edited)  # the snapshot is the whole folder
    assert "load" not in reused(grown), reused(grown)
    assert step(grown, "count").get_metrics()["lines"] == 3


check()
