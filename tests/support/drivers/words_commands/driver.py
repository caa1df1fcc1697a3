from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import CommandStep, PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
text = PipelineParameter("text", "the cat and the dog and the bird")
words = PipelineData("words", store, is_directory=False)
top = PipelineData("top", store, is_directory=True)

config = RunConfiguration()
config.environment = Environment("words")
config.environment.environment_variables["LIMIT"] = "2"

split = CommandStep(
    name="split",
    command=["python split.py", text, words],
    outputs=[words],
    compute_target="cpu-cluster",
    source_directory="src",
    runconfig=config,
)
count = CommandStep(
    command=["sh count.sh", words, top],
    inputs=[words],
    outputs=[top],
    compute_target="cpu-cluster",
    source_directory="src",
    runconfig=config,
)
src = ScriptRunConfig(
    source_directory="src",
    command=["python", "report.py", "--top", top, "--title", "most used"],
    compute_target="cpu-cluster",
    environment=Environment("words"),
)
report = CommandStep(name="report", runconfig=src, inputs=[top])
shell_config = RunConfiguration()
shell_config.environment_variables = {"GREETING": "hello"}
spoken = CommandStep(
    name="spoken", command="mkdir -p outputs && echo $GREETING | tr a-z A-Z > outputs/said.txt",
    runconfig=shell_config, compute_target="cpu-cluster", source_directory="src",
)  # fmt: skip
run = Experiment(ws, "words").submit(Pipeline(ws, steps=[report, spoken]))
run.wait_for_completion()


def check():
    metrics = run.find_step_run("report")[0].get_metrics()
    assert metrics == {"most": "the", "times": 3, "title": "most used", "count": 2}, metrics
    assert {s.name for s in run.get_steps()} == {"split", "CommandStep_sh", "report", "spoken"}
    run.find_step_run("spoken")[0].download_file("outputs/said.txt", "said.txt")
    assert open("said.txt").read() == "HELLO\n"
    try:
        CommandStep(name="nowhere", command="true", source_directory="not-there", compute_target="c",
                    runconfig=RunConfiguration())  # fmt: skip
    except ValueError:
        pass
    else:
        raise AssertionError("a folder that is not there was accepted")


check()
