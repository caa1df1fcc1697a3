# coding: utf-8
# # Call both versions of the endpoint, by id and by name
import requests
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.pipeline.core import PipelineEndpoint, PipelineRun

ws = Workspace.from_config()
endpoint = PipelineEndpoint.get(workspace=ws, name="rides")
auth_header = InteractiveLoginAuthentication().get_authentication_header()

# By id: the default version, with registered datasets in place of the defaults
rest_endpoint_id = endpoint.endpoint
summer = Dataset.get_by_name(ws, "summer rides")
all_rides = Dataset.get_by_name(ws, "all rides")
body = {
    "ExperimentName": "rides",
    "RunSource": "SDK",
    "DataSetDefinitionValueAssignments": {
        "tabular_ds_param": {"SavedDataSetReference": {"Id": summer.id}},
        "file_ds_param": {"SavedDataSetReference": {"Id": all_rides.id}},
    },
}
response = requests.post(rest_endpoint_id, headers=auth_header, json=body)
response.raise_for_status()
changed = response.json()["Id"]

# A version, appended to the id
response = requests.post(rest_endpoint_id + "/1", headers=auth_header, json={"ExperimentName": "rides"})
response.raise_for_status()
second = response.json()["Id"]

# By name: v1's samples cut the address at its first "Id"
rest_endpoint_name = rest_endpoint_id.split("Id")[0] + "Name?name=" + endpoint.name
response = requests.post(rest_endpoint_name, headers=auth_header, json={"ExperimentName": "rides"})
response.raise_for_status()
default = response.json()["Id"]
response = requests.post(rest_endpoint_name + "&pipelineVersion=7", headers=auth_header, json={"ExperimentName": "rides"})
assert response.status_code == 404, response.text
assert "7" in response.json()["detail"], response.text

unknown = {"tabular_ds_param": {"SavedDataSetReference": {"Id": "0" * 8}}}
wrong = dict(body, DataSetDefinitionValueAssignments=unknown)
response = requests.post(rest_endpoint_id, headers=auth_header, json=wrong)
assert response.status_code == 400, response.text
assert "no registered dataset has the id" in response.json()["detail"], response.text

experiment = Experiment(ws, "rides")
counts = {}
for run_id in (changed, second, default):
    run = PipelineRun(experiment, run_id)
    run.wait_for_completion(show_output=False)
    counts[run_id] = next(iter(run.get_steps())).get_metrics()
assert counts[changed] == {"rides": 3, "km": 27.0, "files": "spring.csv,summer.csv"}, counts[changed]
assert counts[second] == {"rides": 3, "km": 27.0, "files": "spring.csv"}, counts[second]
assert counts[default] == {"rides": 2, "km": 7.0, "files": "spring.csv"}, counts[default]
assert len(list(experiment.get_runs())) == 3
