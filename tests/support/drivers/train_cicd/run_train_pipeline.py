"""Second job of CI, on another agent: find what this build published, and run it."""
import argparse
import os

from azureml.core import Experiment, Model, Workspace
from azureml.pipeline.core import PublishedPipeline
from env_variables import Env


def main():
    parser = argparse.ArgumentParser("register")
    parser.add_argument("--output_pipeline_id_file", default="pipeline_id.txt")
    parser.add_argument("--skip_train_execution", action="store_true")
    args = parser.parse_args()

    e = Env()
    aml_workspace = Workspace.get(name="mlops-ws", subscription_id="0000", resource_group="mlops-rg")

    pipelines = PublishedPipeline.list(aml_workspace)
    matched_pipes = []
    for p in pipelines:
        if p.name == e.pipeline_name:
            if p.version == e.build_id:
                matched_pipes.append(p)

    if len(matched_pipes) > 1:
        raise Exception(f"Multiple active pipelines are published for build {e.build_id}.")
    elif len(matched_pipes) == 0:
        raise KeyError(f"Unable to find a published pipeline for this build {e.build_id}")
    published_pipeline = matched_pipes[0]
    print("published pipeline id is", published_pipeline.id)

    with open(args.output_pipeline_id_file, "w") as out_file:
        out_file.write(published_pipeline.id)
    if args.skip_train_execution:
        return

    tags = {"BuildId": e.build_id, "BuildUri": "https://ci.example/" + e.build_id}
    experiment = Experiment(workspace=aml_workspace, name=e.experiment_name)
    run = experiment.submit(
        published_pipeline, tags=tags, pipeline_parameters={"alpha": 0.25, "caller_run_id": "agent-7"}
    )
    print("Pipeline run initiated ", run.id)
    assert run.wait_for_completion(show_output=True) == "Finished"

    assert run.get_tags() == tags, run.get_tags()
    assert run.properties["azureml.pipelineid"] == published_pipeline.id
    metrics = run.find_step_run("Train Model")[0].get_metrics()
    assert metrics == {"alpha": 0.25, "name": "diabetes", "caller": "agent-7"}, metrics
    model = Model(aml_workspace, name=e.model_name)
    assert model.tags["build"] == "by pipeline", model.tags
    assert not os.path.exists("training"), "this agent has no source"


if __name__ == "__main__":
    main()
