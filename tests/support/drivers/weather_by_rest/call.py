"""Run a published pipeline by REST, with another folder, as the samples of v1 do."""
import requests
from azureml.core import Workspace
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.pipeline.core import PipelineRun, PublishedPipeline

ws = Workspace.from_config()
published_pipeline = PublishedPipeline.get(ws, open("pipeline_id.txt").read())

interactive_auth = InteractiveLoginAuthentication()
auth_header = interactive_auth.get_authentication_header()
rest_endpoint = published_pipeline.endpoint
print("You can perform HTTP POST on URL {} to trigger this pipeline".format(rest_endpoint))

response = requests.post(
    rest_endpoint,
    headers=auth_header,
    json={
        "ExperimentName": "MyRestPipeline",
        "RunSource": "SDK",
        "DataPathAssignments": {
            "input_datapath": {"DataStoreName": "workspaceblobstore", "RelativePath": "weather/2021"}
        },
        "ParameterAssignments": {"input_string": "sample_string3", "1": "united"},
    },
)
try:
    response.raise_for_status()
except Exception:
    raise Exception(
        "Received bad response from the endpoint: {}\n"
        "Response Code: {}\n"
        "Headers: {}\n"
        "Content: {}".format(rest_endpoint, response.status_code, response.headers, response.content)
    )

run_id = response.json().get("Id")
print("Submitted pipeline run: ", run_id)
run = PipelineRun(ws.experiments["MyRestPipeline"], run_id)
run.wait_for_completion(show_output=False)
metrics = run.find_step_run("mean_step")[0].get_metrics()
assert metrics == {"mean": 20.0, "what": "sample_string3"}, metrics

denied = requests.post(rest_endpoint, json={"ExperimentName": "MyRestPipeline"})
assert denied.status_code == 401, denied.text

published_pipeline.disable()
refused = requests.post(rest_endpoint, headers=auth_header, json={"ExperimentName": "MyRestPipeline"})
assert refused.status_code == 409, refused.text
assert len(list(ws.experiments["MyRestPipeline"].get_runs())) == 1
