"""Builds the training pipeline of a project with its CI in mind, runs it for this build, and looks at what is registered."""
import argparse
import os

from azureml.core import Dataset, Experiment, Model, Workspace
from azureml.core.authentication import ServicePrincipalAuthentication
from ml_service.build import build
from ml_service.util.env_variables import Env


def main():
    parser = argparse.ArgumentParser("run pipeline")
    parser.add_argument("--skip_train_execution", action="store_true")
    args = parser.parse_args()
    e = Env()
    auth = ServicePrincipalAuthentication(
        tenant_id=os.environ.get("TENANT_ID", "t"), service_principal_id="id", service_principal_password="secret"
    )
    config = Workspace.from_config()
    ws = Workspace.get(
        name=config.name, subscription_id=config.subscription_id, resource_group=config.resource_group, auth=auth
    )
    print("get_workspace:", ws)
    pipeline = build(ws, e)
    if args.skip_train_execution:
        return
    run = Experiment(workspace=ws, name=e.experiment_name).submit(
        pipeline, tags={"BuildId": e.build_id}, pipeline_parameters={"model_name": e.model_name, "caller_run_id": "c1"}
    )
    run.wait_for_completion(show_output=True)
    print("Pipeline run finished:", run.id)
    check(ws, e, run)


def check(ws, e, run):
    (model,) = Model.list(ws, name=e.model_name, tags=[["BuildId", "local.1"], "area"])
    assert model.version == 1 and model.tags["run_id"] == run.id, model.tags
    assert Model.list(ws, name=e.model_name, tags=[["BuildId", "other"]]) == []
    assert float(model.tags["mse"]) == 0.0
    dataset = Dataset.get_by_name(ws, e.dataset_name)
    assert run.get_tags()["dataset_id"] == dataset.id
    assert [d.name for d in model.datasets["training data"]] == [e.dataset_name]
    train = run.find_step_run("Train Model")[0]
    assert train.get_tags()["run_type"] == "train"
    assert train.get_metrics() == {"alpha": 0.0, "mse": 0.0}
    assert run.get_metrics() == {"alpha": 0.0, "mse": 0.0}
    assert "outputs/sugar_model.json" in train.get_file_names()
    assert "This is the first model" in run.find_step_run("Evaluate Model ")[0].get_stdout_log()
    children = run.get_children()
    for step_run in children:
        status = step_run.get_status()
        print("Script:", step_run.name, "status:", status)
        if status == "Failed":
            print("job log:", step_run.get_job_log())
        assert status == "Finished"


if __name__ == "__main__":
    main()
