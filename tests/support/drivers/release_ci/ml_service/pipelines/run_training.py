"""Second job: find the pipeline of this build by name and build id, run it, and read what it measured."""
import json

from azureml.core import Experiment
from azureml.pipeline.core import PublishedPipeline
from ml_service.util.env_variables import Env
from ml_service.util.workspace import get_workspace


def main():
    e = Env()
    ws = get_workspace(e)
    matched = [p for p in PublishedPipeline.list(ws) if p.name == e.pipeline_name and p.version == e.build_id]
    if len(matched) > 1:
        raise Exception(f"Multiple active pipelines are published for build {e.build_id}.")
    if not matched:
        raise KeyError(f"Unable to find a published pipeline for this build {e.build_id}")
    run = Experiment(workspace=ws, name=e.experiment_name).submit(
        matched[0], tags={"BuildId": e.build_id}, pipeline_parameters={"depth": 4, "label": "of the trigger job"}
    )
    run.wait_for_completion(show_output=True)
    assert run.get_status() == "Finished"
    metrics = {step.name: step.get_metrics() for step in run.get_steps()}
    with open("metrics.json", "w") as f:
        json.dump({"run": run.id, "pipeline": matched[0].id, "tags": run.get_tags(), "metrics": metrics}, f)


if __name__ == "__main__":
    main()
