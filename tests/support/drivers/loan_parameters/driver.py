from azureml.core import Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.core.graph import PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()

rate = PipelineParameter(name="interest_rate", default_value=1.5)
years = PipelineParameter(name="years", default_value=10)
bank = PipelineParameter(name="bank name", default_value="first bank")
insured = PipelineParameter(name="insured", default_value=True)

rc = RunConfiguration()
rc.environment.environment_variables = {"COLOUR": "green"}

score = PythonScriptStep(
    name="score",
    script_name="score.py",
    arguments=[
        "--rate", rate, "--years", years, "--bank", bank, "--insured", insured, "--fixed", 7,
        "--note", "two words; $HOME \"quoted\"",
    ],
    params={"region": "north"},
    compute_target="cpu",
    runconfig=rc,
    source_directory="src",
)  # fmt: skip
pipeline = Pipeline(ws, [score])
experiment = Experiment(ws, "loans")

first = experiment.submit(pipeline)
second = experiment.submit(
    pipeline, pipeline_parameters={"interest_rate": 2.25, "years": 3, "bank name": "other & sons", "insured": False}
)
third = pipeline.submit("loans", pipeline_parameters={"years": 4}, regenerate_outputs=True)


def metrics_of(run):
    run.wait_for_completion(show_output=False)
    (step,) = list(run.get_steps())
    return step.get_metrics()


def check():
    note = "two words; $HOME \"quoted\""
    one = metrics_of(first)
    assert (one["rate"], one["years"], one["bank"], one["insured"]) == (1.5, 10, "first bank", True), one
    assert (one["fixed"], one["note"]) == ("7", note), one
    assert (one["env_rate"], one["env_bank"]) == ("1.5", "first bank"), one
    assert (one["env_region"], one["env_colour"]) == ("north", "green"), one

    two = metrics_of(second)
    assert (two["rate"], two["years"], two["bank"], two["insured"]) == (2.25, 3, "other & sons", False), two
    assert (two["env_rate"], two["env_bank"]) == ("2.25", "other & sons"), two

    three = metrics_of(third)
    assert (three["rate"], three["years"]) == (1.5, 4), three

    try:
        experiment.submit(pipeline, pipeline_parameters={"intrest_rate": 2})
    except Exception as e:
        assert "intrest_rate" in str(e), e
    else:
        raise AssertionError("an unknown parameter was accepted")
    try:
        PipelineParameter("values", [1, 2])
    except ValueError:
        pass
    else:
        raise AssertionError("a list was accepted as default value")


check()
