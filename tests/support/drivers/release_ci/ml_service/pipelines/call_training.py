"""Third job: call the newest build through the endpoint, as an application without the SDK's pipelines does."""
import json

import requests
from azureml.core import Experiment
from azureml.pipeline.core import PipelineEndpoint, PipelineRun
from ml_service.util.env_variables import Env
from ml_service.util.workspace import get_workspace, login


def main():
    e = Env()
    ws = get_workspace(e)
    address = PipelineEndpoint.get(workspace=ws, name=e.endpoint_name).endpoint
    response = requests.post(
        address,
        headers=login(e).get_authentication_header(),
        json={
            "ExperimentName": e.experiment_name,
            "RunSource": "CI",
            "Tags": {"BuildId": e.build_id},
            "ParameterAssignments": {"depth": 5, "label": "by REST"},
        },
        timeout=60,
    )
    response.raise_for_status()
    run = PipelineRun(Experiment(ws, e.experiment_name), response.json()["Id"])
    run.wait_for_completion(show_output=False)
    assert run.get_status() == "Finished"
    metrics = {step.name: step.get_metrics() for step in run.get_steps()}
    with open("called.json", "w") as f:
        json.dump({"run": run.id, "tags": run.get_tags(), "metrics": metrics}, f)


if __name__ == "__main__":
    main()
