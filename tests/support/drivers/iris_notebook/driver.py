import json
import os

from azureml.contrib.notebook import AzureMLNotebookHandler, NotebookRunConfig, NotebookRunnerStep
from azureml.core import Environment, Experiment, RunConfiguration, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
datastore.upload_files(["data/iris.csv"], target_path="iris", overwrite=True)

conda_run_config = RunConfiguration(framework="python")
conda_run_config.environment.docker.enabled = True
conda_run_config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["pandas"])
ready_run_config = RunConfiguration()
ready_run_config.environment = Environment("notebooks")
ready_run_config.environment.python.user_managed_dependencies = True

train_config = NotebookRunConfig(
    source_directory="notebooks",
    notebook="train.ipynb",
    handler=AzureMLNotebookHandler(timeout=600, progress_bar=False),
    parameters={"kinds": ["setosa", "virginica"], "factor": 2},
    run_config=ready_run_config,
)
input_data = DataReference(datastore, data_reference_name="iris_data", path_on_datastore="iris/iris.csv")
model = PipelineData("model", datastore=datastore)
threshold = PipelineParameter(name="threshold", default_value=5.0)
train = NotebookRunnerStep(
    name="train_step",
    notebook_run_config=train_config,
    params={"threshold": threshold, "title": "Iris"},
    inputs=[input_data],
    outputs=[model],
    allow_reuse=True,
    compute_target="cpu-cluster",
    output_notebook_pipeline_data_name="train_notebook",
)
report = PythonScriptStep("report.py", arguments=[model], inputs=[model], compute_target="cpu-cluster",
                          source_directory="scripts")  # fmt: skip
run = Experiment(ws, "iris-notebook").submit(
    Pipeline(ws, steps=[report]), pipeline_parameters={"threshold": 6.5}
)
assert run.wait_for_completion() == "Finished"

step = run.find_step_run("train_step")[0]
assert step.get_metrics()["large"] == 2, step.get_metrics()
assert "outputs/train.output.ipynb" in step.get_file_names(), step.get_file_names()
step.download_file("outputs/train.output.ipynb", "executed.ipynb")
cells = json.load(open("executed.ipynb"))["cells"]
tags = [cell["metadata"].get("tags", []) for cell in cells]
assert tags[1:3] == [["parameters"], ["injected-parameters"]], tags
injected = "".join(cells[2]["source"])
assert "threshold = '6.5'" in injected and "factor = 2" in injected, injected
assert "rows: 4" in json.dumps(cells[-1]["outputs"])
assert run.find_step_run("report.py")[0].get_metrics() == {"model": "setosa 2.0 virginica 2.0"}
run.get_pipeline_output("train_notebook").download("kept")
found = [os.path.join(folder, name) for folder, _, names in os.walk("kept") for name in names]
assert [os.path.basename(path) for path in found] == ["train.output.ipynb"], found

alone = NotebookRunConfig("notebooks", "broken.ipynb", output_notebook="outputs/seen.ipynb", run_config=ready_run_config)
broken = Experiment(ws, "iris-notebook").submit(alone)
try:
    broken.wait_for_completion()
except Exception as error:
    assert "ZeroDivisionError: division by zero" in str(error), error
else:
    raise AssertionError("a notebook with an error was accepted")
broken.download_file("outputs/seen.ipynb", "seen.ipynb")
outputs = json.load(open("seen.ipynb"))["cells"][1]["outputs"]
assert outputs[-1]["ename"] == "ZeroDivisionError", outputs

# the packages that execute a notebook are added to the step's environment alone
assert list(conda_run_config.environment.python.conda_dependencies.pip_packages) == ["pandas"]
step = NotebookRunnerStep("listed", NotebookRunConfig("notebooks", "train.ipynb", run_config=conda_run_config),
                          compute_target="cpu-cluster")  # fmt: skip
assert list(conda_run_config.environment.python.conda_dependencies.pip_packages) == ["pandas"]
print("checked")
