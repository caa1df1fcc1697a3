import os

from azureml.core import Dataset, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.core.graph import PipelineParameter
from azureml.pipeline.steps import PythonScriptStep
from ml_service.util.attach import get_compute, get_environment
from ml_service.util.env_variables import Env


def build(ws: Workspace, e: Env) -> Pipeline:
    compute = get_compute(ws, e.compute_name, e.vm_size, e.max_nodes)
    if compute is not None:
        print("aml_compute:", compute)
    environment = get_environment(ws, "sugar_env", os.path.join(e.source_dir, "conda_dependencies.yml"))
    run_config = RunConfiguration()
    run_config.environment = environment
    datastore_name = ws.get_default_datastore().name
    run_config.environment.environment_variables["DATASTORE_NAME"] = datastore_name

    model_name_param = PipelineParameter(name="model_name", default_value=e.model_name)
    dataset_version_param = PipelineParameter(name="dataset_version", default_value="latest")
    data_file_path_param = PipelineParameter(name="data_file_path", default_value="none")
    caller_run_id_param = PipelineParameter(name="caller_run_id", default_value="none")

    if e.dataset_name not in ws.datasets:
        datastore = ws.datastores[datastore_name]
        datastore.upload_files(files=["data/sugar.csv"], target_path="training-data/", overwrite=True,
                               show_progress=False)  # fmt: skip
        dataset = Dataset.Tabular.from_delimited_files(path=[(datastore, "training-data/sugar.csv")])
        dataset.register(workspace=ws, name=e.dataset_name, description="sugar", tags={"format": "CSV"},
                         create_new_version=True)  # fmt: skip

    pipeline_data = PipelineData("pipeline_data", datastore=ws.get_default_datastore())
    train_step = PythonScriptStep(
        name="Train Model", script_name="training/train_aml.py", compute_target=compute, source_directory=e.source_dir,
        outputs=[pipeline_data],
        arguments=[
            "--model_name", model_name_param, "--step_output", pipeline_data,
            "--dataset_version", dataset_version_param, "--data_file_path", data_file_path_param,
            "--caller_run_id", caller_run_id_param, "--dataset_name", e.dataset_name,
        ],
        runconfig=run_config, allow_reuse=True,
    )  # fmt: skip
    evaluate_step = PythonScriptStep(
        name="Evaluate Model ", script_name="evaluate/evaluate_model.py", compute_target=compute,
        source_directory=e.source_dir, arguments=["--model_name", model_name_param, "--allow_run_cancel", "false"],
        runconfig=run_config, allow_reuse=False,
    )  # fmt: skip
    register_step = PythonScriptStep(
        name="Register Model ", script_name="register/register_model.py", compute_target=compute,
        source_directory=e.source_dir, inputs=[pipeline_data],
        arguments=["--model_name", model_name_param, "--step_input", pipeline_data],
        runconfig=run_config, allow_reuse=False,
    )  # fmt: skip
    evaluate_step.run_after(train_step)
    register_step.run_after(evaluate_step)
    train_pipeline = Pipeline(workspace=ws, steps=[train_step, evaluate_step, register_step])
    train_pipeline._set_experiment_name
    train_pipeline.validate()
    return train_pipeline
