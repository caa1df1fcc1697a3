"""A step makes a table, a parallel step looks at its rows, and a third step reads parallel_run_step.txt."""
import os

from azureml.core import Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep

ws = Workspace.from_config()
env = Environment("totals")
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-core", "azureml-dataset-runtime[pandas]"])
rc = RunConfiguration()
rc.environment = env

sales = OutputFileDatasetConfig("sales")
rules = PipelineData("rules", is_directory=True)
flagged = PipelineData("flagged", datastore=ws.get_default_datastore())
total = OutputFileDatasetConfig("total").register_on_complete("total")

make = PythonScriptStep(
    "make.py", name="make", source_directory="steps", compute_target="cpu", runconfig=rc,
    arguments=["--sales", sales, "--rules", rules], outputs=[rules],
)  # fmt: skip
config = ParallelRunConfig(
    env, "flag.py", error_threshold=-1, output_action="append_row", compute_target="cpu", node_count=2,
    process_count_per_node=1, mini_batch_size=2000, source_directory="steps", environment_variables={"LIMIT": "40"},
)  # fmt: skip
flag = ParallelRunStep(
    "flag",
    config,
    inputs=[sales.read_delimited_files().as_input("rows")],
    output=flagged,
    side_inputs=[rules],
    arguments=["--rules", rules],
)
add = PythonScriptStep(
    "add.py", name="add", source_directory="steps", compute_target="cpu", runconfig=rc,
    arguments=["--flagged", flagged.as_download(), "--total", total], inputs=[flagged.as_download()],
)  # fmt: skip
run = Experiment(ws, "totals").submit(Pipeline(ws, steps=[add]))
run.wait_for_completion(show_output=False)


def check():
    wanted = [number for number in range(400) if number * 7 % 101 > 40 and number % 3 != 2]
    metrics = run.find_step_run("add")[0].get_metrics()
    assert metrics == {"rows": len(wanted), "sum": sum(number * 7 % 101 for number in wanted)}, metrics
    path = ws.datasets["total"].download("down")[0]
    with open(path) as file:
        assert int(file.read()) == metrics["sum"]
    details = run.find_step_run("flag")[0].get_details()
    assert details["status"] == "Completed", details["status"]
    assert os.path.basename(path) == "total.txt"


check()
