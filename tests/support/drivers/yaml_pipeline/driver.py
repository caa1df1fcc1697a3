import os

from azureml.core import Experiment, RunConfiguration, Workspace
from azureml.data.datapath import DataPath
from azureml.pipeline.core import Pipeline

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
os.makedirs("sample", exist_ok=True)
for name in ("one", "two"):
    with open(f"sample/{name}.txt", "w") as file:
        file.write(f"{name}\n")
datastore.upload("sample", target_path="sample", overwrite=True)

config = RunConfiguration()
config.environment_variables = {"MODE": "quick"}
config.save("train.runconfig")

pipeline = Pipeline.load_yaml(ws, filename="pipeline.yml")
assert pipeline.validate() == []
experiment = Experiment(ws, "from-yaml")
first = experiment.submit(pipeline)
assert first.wait_for_completion() == "Finished"
assert first.find_step_run("Train Step")[0].get_metrics() == {"prepared": "hello one 40 2", "mode": "quick"}

second = experiment.submit(
    pipeline,
    pipeline_parameters={
        "NumIterationsParameter": 7,
        "DataPathParameter": DataPath(datastore, "sample/two.txt"),
    },
)
assert second.wait_for_completion() == "Finished"
assert second.find_step_run("Train Step")[0].get_metrics()["prepared"] == "hello two 7 2"

with open("broken.yml", "w") as file:
    file.write(open("pipeline.yml").read().replace("source: prepared", "source: prepred").replace("int", "integer"))
try:
    Pipeline.load_yaml(ws, "broken.yml")
except ValueError as error:
    assert "broken.yml:4" in str(error) and "'integer'" in str(error), error
    assert "did you mean 'prepared'?" in str(error), error
else:
    raise AssertionError("a broken pipeline was loaded")
