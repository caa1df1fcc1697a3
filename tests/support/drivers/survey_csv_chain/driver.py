from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
people = PipelineParameter("people", 3)
answers = PipelineData("answers", datastore=ws.get_default_datastore(), is_directory=True).as_dataset()
table = answers.parse_delimited_files(separator=";", partition_format="year={year}/answers.csv", file_extension=".csv")
table = table.keep_columns(["who", "score", "year"])

steps = [
    PythonScriptStep(
        name="ask", script_name="ask.py", source_directory="steps", compute_target="cpu",
        arguments=["--answers", answers, "--people", people], outputs=[answers],
    ),
    PythonScriptStep(
        name="mean", script_name="mean.py", source_directory="steps", compute_target="cpu", inputs=[table],
    ),
    PythonScriptStep(
        name="peek", script_name="peek.py", source_directory="steps", compute_target="cpu",
        inputs=[answers.as_named_input("raw").as_mount()],
    ),
]  # fmt: skip
run = Experiment(ws, "survey").submit(Pipeline(workspace=ws, steps=steps), pipeline_parameters={"people": 5})
run.wait_for_completion()


def check():
    mean = run.find_step_run("mean")[0].get_metrics()
    assert mean == {"means": [2.0, 3.0], "columns": "score,who,year"}, mean
    files = run.find_step_run("peek")[0].get_metrics()["files"]
    assert files == ["year=2019/answers.csv", "year=2020/answers.csv"], files


check()
