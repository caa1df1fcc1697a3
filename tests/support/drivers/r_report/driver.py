from azureml.core import Environment, Experiment, RunConfiguration, Workspace
from azureml.core.environment import RSection
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep, RScriptStep

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
datastore.upload("flights", target_path="flights", overwrite=True)

rc = RunConfiguration()
rc.framework = "R"
rc.environment = Environment("r-env")
rc.environment.r = RSection()
rc.environment.docker.enabled = True

flights = DataReference(datastore, data_reference_name="flights", path_on_datastore="flights")
fit_data = PipelineData("fit", datastore=datastore)
fit = RScriptStep(
    script_name="fit.R",
    arguments=["--flights", flights, fit_data],
    inputs=[flights],
    outputs=[fit_data],
    params={"model": "lm"},
    compute_target="cpu-cluster",
    source_directory="R",
    runconfig=rc,
    allow_reuse=True,
)
check = PythonScriptStep("check.py", arguments=[fit_data], inputs=[fit_data], compute_target="cpu-cluster",
                         source_directory="R")  # fmt: skip
run = Experiment(ws, "r-report").submit(Pipeline(ws, steps=[check]))
assert run.wait_for_completion() == "Finished"
assert run.find_step_run("check.py")[0].get_metrics()["script"] == "fit.R"
assert "fit with lm, 4 arguments" in run.find_step_run("fit.R")[0].get_job_log()
