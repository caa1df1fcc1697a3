"""A draft is tried with several values before it is published."""
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineDraft, PipelineParameter, PublishedPipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
depth = PipelineParameter(name="depth", default_value=2)
tune = PythonScriptStep("tune.py", name="tune", arguments=["--depth", depth], compute_target="cpu", source_directory="tune")
pipeline = Pipeline(ws, [tune])

pipeline_draft = PipelineDraft.create(
    ws,
    name="TuningDraft",
    description="draft description",
    experiment_name="tuning",
    pipeline=pipeline,
    pipeline_parameters={"depth": 3},
    continue_on_step_failure=True,
    tags={"dev": "true"},
    properties={"train": "value"},
)
assert (pipeline_draft.name, pipeline_draft.description) == ("TuningDraft", "draft description")
assert (pipeline_draft.tags, pipeline_draft.properties) == ({"dev": "true"}, {"train": "value"})
assert [d.id for d in PipelineDraft.list(ws, tags={"dev": "true"})] == [pipeline_draft.id]
assert PipelineDraft.list(ws, tags={"dev": "false"}) == []

first = pipeline_draft.submit_run()
copy = PipelineDraft.clone(ws, pipeline_draft)
pipeline_draft = PipelineDraft.get(ws, id=pipeline_draft.id)
pipeline_draft.update(name="BetterDraft", pipeline_parameters={"depth": 5}, tags={"dev": "false"})
second = pipeline_draft.submit_run()
published = pipeline_draft.publish()
third = published.submit(ws, "tuning")


def depth_of(run):
    assert run.wait_for_completion(show_output=False) == "Finished"
    assert run.experiment.name == "tuning"
    return run.find_step_run("tune")[0].get_metrics()["depth"]


assert [depth_of(run) for run in (first, second, third)] == [3, 5, 5]
assert (published.name, published.continue_on_step_failure) == ("BetterDraft", True)
assert first.tags == {"dev": "true"}
assert copy.name == "TuningDraft" and copy.id != pipeline_draft.id
of_published = PipelineDraft.create(ws, pipeline=PublishedPipeline.get(ws, published.id), experiment_name="tuning")
of_run = PipelineDraft.create(ws, pipeline=first, experiment_name="tuning")
assert of_published.pipeline_parameters == {"depth": 5}
assert of_run.pipeline_parameters == {"depth": 3}
assert depth_of(of_run.submit_run()) == 3

try:
    pipeline_draft.update(pipeline_parameters={"dept": 1})
except Exception as e:
    assert "did you mean 'depth'" in str(e), e
else:
    raise AssertionError("an unknown parameter was accepted")
assert PipelineDraft.get(ws, pipeline_draft.id).pipeline_parameters == {"depth": 5}

pipeline_draft.delete()
assert pipeline_draft.id not in [d.id for d in PipelineDraft.list(ws)]
try:
    pipeline_draft.submit_run()
except Exception as e:
    assert "no pipeline draft" in str(e), e
else:
    raise AssertionError("a deleted draft was run")
