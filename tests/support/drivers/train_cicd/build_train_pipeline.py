"""First job of CI: build the training pipeline and publish it under the build id."""
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.core.graph import PipelineParameter
from azureml.pipeline.steps import PythonScriptStep
from env_variables import Env


def get_compute(workspace, name):
    if name in workspace.compute_targets:
        return workspace.compute_targets[name]
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS2_V2", min_nodes=0, max_nodes=4)
    target = ComputeTarget.create(workspace, name, config)
    target.wait_for_completion(show_output=True)
    return target


def main():
    e = Env()
    aml_workspace = Workspace.get(name="mlops-ws", subscription_id="0000", resource_group="mlops-rg")
    aml_compute = get_compute(aml_workspace, e.compute_name)
    run_config = RunConfiguration()

    model_name_param = PipelineParameter(name="model_name", default_value=e.model_name)
    alpha_param = PipelineParameter(name="alpha", default_value=0.5)
    caller_run_id_param = PipelineParameter(name="caller_run_id", default_value="none")

    pipeline_data = PipelineData("pipeline_data", datastore=aml_workspace.get_default_datastore())

    train_step = PythonScriptStep(
        name="Train Model",
        script_name="train.py",
        compute_target=aml_compute,
        source_directory="training",
        outputs=[pipeline_data],
        arguments=["--model_name", model_name_param, "--step_output", pipeline_data, "--alpha", alpha_param,
                   "--caller_run_id", caller_run_id_param],
        runconfig=run_config,
        allow_reuse=True,
    )  # fmt: skip
    register_step = PythonScriptStep(
        name="Register Model",
        script_name="register_model.py",
        compute_target=aml_compute,
        source_directory="training",
        inputs=[pipeline_data],
        arguments=["--model_name", model_name_param, "--step_input", pipeline_data],
        runconfig=run_config,
        allow_reuse=False,
    )
    register_step.run_after(train_step)

    train_pipeline = Pipeline(workspace=aml_workspace, steps=[train_step, register_step])
    train_pipeline._set_experiment_name
    train_pipeline.validate()
    published_pipeline = train_pipeline.publish(
        name=e.pipeline_name, description="Model training/retraining pipeline", version=e.build_id
    )
    print(f"Published pipeline: {published_pipeline.name}")
    print(f"for build {published_pipeline.version}")


if __name__ == "__main__":
    main()
