"""What a notebook prints of its objects on the way, files under ./outputs, and errors whose words are read."""
import json
import os

from azureml.core import Dataset, Datastore, Environment, Experiment, RunConfiguration, Workspace
from azureml.core.model import Model
from azureml.exceptions import ActivityFailedException, UserErrorException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import AzureBatchStep, PythonScriptStep
from azureml.widgets import RunDetails

ws = Workspace.from_config()
print(ws)
store = Datastore(ws, "workspaceblobstore")
os.makedirs("words", exist_ok=True)
with open("words/a.csv", "w") as file:
    file.write("word,count\nhello,2\nworld,1\n")
store.upload(src_dir="words", target_path="words", overwrite=True, show_progress=True)
words = Dataset.Tabular.from_delimited_files(store.path("words/*.csv")).register(ws, "words")
print(store, words, sep="\n")
printed = json.loads(str(words).partition("\n")[2])
assert printed["source"] == ["('workspaceblobstore', 'words/*.csv')"], printed
assert printed["registration"]["version"] == 1, printed

environment = Environment("talk")
environment.environment_variables = {"TONE": "loud"}
assert '"TONE": "loud"' in str(environment), environment
run_config = RunConfiguration()
run_config.environment = environment
run_config.amlcompute.vm_size = "STANDARD_D2_V2"

times = PipelineParameter(name="times", default_value=2)
said = PipelineData("said", datastore=store)
say = PythonScriptStep(
    name="say", script_name="say.py", arguments=["--times", times, "--said", said],
    inputs=[words.as_named_input("words")], outputs=[said], compute_target="speaker", runconfig=run_config,
    source_directory="scripts",
)  # fmt: skip
pipeline = Pipeline(ws, steps=[say])
print(say, said, times, pipeline)
experiment = Experiment(ws, "spoken")
run = experiment.submit(pipeline)
RunDetails(run).show()
step_run = run.find_step_run("say")[0]
step_run.wait_for_completion(show_output=True)
run.wait_for_completion()
print(run, step_run, experiment)
assert str(run) == f"Run(Experiment: spoken,\nId: {run.id},\nType: azureml.PipelineRun,\nStatus: Finished)", run
assert step_run.get_stdout_log().splitlines() == ["HELLO HELLO", "HELLO HELLO", "WORLD WORLD"], step_run.get_stdout_log()

step_run.download_file("./outputs/summary.txt")
with open("summary.txt") as file:
    assert file.read() == "2 words"
print(step_run.get_outputs(), step_run.get_output_data("said"))
model = step_run.register_model("speech", model_path="./outputs/summary.txt")
model.update_tags_properties(add_tags={"tone": "loud"}, add_properties={"length": 2})
again = Model(ws, "speech")
assert (again.tags, again.properties["length"]) == ({"tone": "loud"}, "2"), again

try:
    Dataset.get_by_name(ws, "wordz")
except UserErrorException as error:
    assert "words" in error.message, error.message
try:
    experiment.submit(pipeline, pipeline_parameters={"times": -1}).wait_for_completion(show_output=False)
except ActivityFailedException as error:
    assert "ValueError: cannot say it -1 times" in error.message, error.message
else:
    raise AssertionError("it should have failed")
try:
    AzureBatchStep("speak", compute_target="speaker")
except NotImplementedError as error:
    assert "AzureBatchStep is not offered" in str(error), error
print("\nchecked")
