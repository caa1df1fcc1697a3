"""First job: publish the training pipeline of this build, and make it the default of the endpoint."""
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineEndpoint, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep
from ml_service.util.env_variables import Env
from ml_service.util.workspace import get_workspace


def main():
    e = Env()
    ws = get_workspace(e)
    depth = PipelineParameter(name="depth", default_value=2)
    label = PipelineParameter(name="label", default_value="by default")
    model = PipelineData("model", datastore=ws.get_default_datastore())
    run_config = RunConfiguration()
    train = PythonScriptStep(
        name="Train", script_name="train.py", source_directory=e.sources_directory, compute_target=e.compute_name,
        arguments=["--depth", depth, "--label", label, "--model", model], outputs=[model], runconfig=run_config,
    )  # fmt: skip
    evaluate = PythonScriptStep(
        name="Evaluate", script_name="evaluate.py", source_directory=e.sources_directory, compute_target=e.compute_name,
        arguments=["--model", model], inputs=[model], runconfig=run_config, allow_reuse=False,
    )  # fmt: skip
    pipeline = Pipeline(workspace=ws, steps=[train, evaluate])
    pipeline.validate()
    published = pipeline.publish(name=e.pipeline_name, description="training", version=e.build_id)
    try:
        PipelineEndpoint.get(workspace=ws, name=e.endpoint_name).add_default(published)
    except Exception:
        PipelineEndpoint.publish(workspace=ws, name=e.endpoint_name, pipeline=published, description="newest build")
    print(f"Published pipeline: {published.name} for build {published.version}")


if __name__ == "__main__":
    main()
