"""Keep the list of published pipelines in order."""
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineParameter, PublishedPipeline
from azureml.pipeline.core.graph import PublishedPipeline as OfGraph
from azureml.pipeline.steps import PythonScriptStep

assert OfGraph is PublishedPipeline
ws = Workspace.from_config()
rounds = PipelineParameter("rounds", 3)
step = PythonScriptStep("say.py", arguments=[rounds], compute_target="cpu", source_directory="src")
pipeline = Pipeline(ws, [step], description="says")

nightly = [pipeline.publish(name="nightly", version=str(number), description="one") for number in (1, 2, 3)]
one = nightly[0]
assert [(p.name, p.version) for p in PublishedPipeline.list(ws)] == [("nightly", v) for v in ("3", "2", "1")]
assert len({p.id for p in nightly}) == 3
assert len({p.graph_id for p in nightly}) == 1
assert (one.status, one.description, one.continue_on_step_failure) == ("Active", "one", False)
assert one.endpoint.endswith("/PipelineSubmit/" + one.id), one.endpoint

for p in PublishedPipeline.list(ws):
    if p.version != "3":
        p.disable()
assert [p.version for p in PublishedPipeline.list(ws)] == ["3"]
assert len(PublishedPipeline.list(ws, active_only=False)) == 3
assert PublishedPipeline.get(ws, one.id).status == "Disabled"


def refused(call, *words):
    try:
        call()
    except Exception as e:
        for word in words:
            assert word in str(e), (word, str(e))
    else:
        raise AssertionError("accepted, instead of: " + words[0])


refused(lambda: one.submit(ws, "nightly"), "isabled", "enable")
refused(lambda: one.submit(ws, "nightly", pipeline_parameters={"rounds": 4}), "isabled")
refused(lambda: PublishedPipeline.get(ws, "00000000-0000-0000-0000-000000000000"), "no published pipeline")
refused(lambda: nightly[2].submit(ws, "nightly", pipeline_parameters={"round": 4}), "did you mean 'rounds'")
refused(lambda: nightly[2].submit(ws, "nightly", pipeline_parameters={"rounds": "four"}), "int")
refused(lambda: nightly[2].submit(ws, "nightly", pipeline_parameters=[("rounds", 4)]), "dict")
assert list(Experiment(ws, "nightly").get_runs()) == []

one.enable()
run = PublishedPipeline.get(ws, one.id).submit(ws, "nightly", {"rounds": 2})
assert run.wait_for_completion(show_output=False) == "Finished"
assert next(iter(run.get_steps())).get_metrics() == {"rounds": 2}
print(one)
