# # A stable name for a pipeline that changes
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineEndpoint, PipelineParameter, PublishedPipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()


def build(greeting):
    name = PipelineParameter(name="who", default_value="nobody")
    step = PythonScriptStep(
        name="greet", script_name="greet.py", arguments=[greeting, name], compute_target="cpu", source_directory="scripts"
    )
    return Pipeline(workspace=ws, steps=[step])


published_hello = build("hello").publish(name="greeting hello", description="version with hello")
published_bye = build("goodbye").publish(name="greeting goodbye", description="version with goodbye")

pipeline_endpoint = PipelineEndpoint.publish(
    workspace=ws, name="GreetingEndpoint", pipeline=published_hello, description="Greets people"
)
endpoint_by_name = PipelineEndpoint.get(workspace=ws, name="GreetingEndpoint")
endpoint_by_id = PipelineEndpoint.get(workspace=ws, id=pipeline_endpoint.id)
assert endpoint_by_name.id == endpoint_by_id.id == pipeline_endpoint.id
assert [e.name for e in PipelineEndpoint.list(ws)] == ["GreetingEndpoint"]
assert endpoint_by_name.get_default_version() == "0"

endpoint_by_name.add(published_bye)
assert endpoint_by_name.get_default_version() == "0"
versions = endpoint_by_name.list_versions()
assert [(v.version, v.pipeline.id) for v in versions] == [("0", published_hello.id), ("1", published_bye.id)]
assert [p.name for p in endpoint_by_name.list_pipelines()] == ["greeting hello", "greeting goodbye"]


def said(run):
    assert run.wait_for_completion(show_output=False) == "Finished"
    return next(iter(run.get_steps())).get_metrics()["said"]


by_default = endpoint_by_name.submit("greetings", pipeline_parameters={"who": "Ada"})
by_version = endpoint_by_name.submit("greetings", pipeline_parameters={"who": "Ada"}, pipeline_version="1")
endpoint_by_name.set_default_version("1")
assert pipeline_endpoint.get_default_version() == "1"
switched = Experiment(ws, "greetings").submit(endpoint_by_id, pipeline_parameters={"who": "Bob"}, tags={"of": "endpoint"})
back = Experiment(ws, "greetings").submit(endpoint_by_id, pipeline_version="0")
runs = [by_default, by_version, switched, back]
assert [said(run) for run in runs] == ["hello Ada", "goodbye Ada", "goodbye Bob", "hello nobody"]
assert switched.tags == {"of": "endpoint"}
assert switched.properties["azureml.pipelineid"] == published_bye.id

endpoint_by_name.add_default(build("good day").publish(name="greeting good day"))
assert endpoint_by_name.get_default_version() == "2"
assert endpoint_by_name.get_pipeline().name == "greeting good day"
assert endpoint_by_name.get_pipeline(version="0").id == published_hello.id
endpoint_by_name.set_default(published_hello)
assert endpoint_by_name.get_default_version() == "0"

head, _, tail = pipeline_endpoint.endpoint.partition("Id")
assert tail == "/" + pipeline_endpoint.id, pipeline_endpoint.endpoint


def refused(call, word):
    try:
        call()
    except Exception as e:
        assert word in str(e), e
    else:
        raise AssertionError("accepted, instead of: " + word)


refused(lambda: endpoint_by_name.submit("greetings", pipeline_version="7"), "known: 0, 1, 2")
refused(lambda: endpoint_by_name.set_default_version("3"), "known: 0, 1, 2")
refused(lambda: PipelineEndpoint.get(ws, name="GreetingEndpont"), "did you mean 'GreetingEndpoint'")
refused(lambda: PipelineEndpoint.publish(ws, "GreetingEndpoint", "again", published_bye), "belongs to")

published_bye.disable()
refused(lambda: endpoint_by_name.submit("greetings", pipeline_version="1"), "isabled")
pipeline_endpoint.disable()
refused(lambda: endpoint_by_name.submit("greetings"), "disabled")
assert PipelineEndpoint.list(ws) == []
pipeline_endpoint.enable()
pipeline_endpoint.set_name("Greetings")
assert PipelineEndpoint.get(ws, name="Greetings").status == "Active"
assert len(list(Experiment(ws, "greetings").get_runs())) == 4
assert {p.id for p in PublishedPipeline.list(ws)} < {p.id for p in PublishedPipeline.list(ws, active_only=False)}
