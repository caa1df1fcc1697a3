"""One branch of the pipeline fails; the other one is to be done all the same."""
from azureml.core import Experiment, Workspace
from azureml.exceptions import ActivityFailedException
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()


def script(name, script_name, inputs, output):
    return PythonScriptStep(
        name=name, script_name=script_name, arguments=inputs + [output], inputs=inputs, outputs=[output],
        compute_target="cpu", source_directory="steps", allow_reuse=False,
    )  # fmt: skip


bad, good, after_bad, after_good, both = [
    PipelineData(n, datastore=store, output_mode="upload" if n == "bad" else "mount")
    for n in ("bad", "good", "after_bad", "after_good", "both")
]
steps = [
    script("explode", "explode.py", [], bad),
    script("good", "work.py", [], good),
    script("after explode", "work.py", [bad], after_bad),
    script("after good", "work.py", [good], after_good),
    script("both", "work.py", [after_bad, after_good], both),
]
pipeline = Pipeline(ws, steps)
run = Experiment(ws, "brittle").submit(pipeline, continue_on_step_failure=True)
status = run.wait_for_completion(show_output=False, raise_on_error=False)

raised = None
strict = pipeline.submit("brittle")
try:
    strict.wait_for_completion(show_output=False)
except ActivityFailedException as e:
    raised = e


def check():
    assert status == "Failed" and run.get_status() == "Failed", status
    assert run.get_details()["status"] == "Failed"
    states = {s.name: s.get_status() for s in run.get_steps()}
    assert states["good"] == states["after good"] == "Finished", states
    assert states["explode"] == "Failed", states
    assert states.get("both") not in ("Finished", "Failed") and states.get("after explode") != "Finished", states
    broken = run.find_step_run("explode")[0]
    assert "about to divide" in broken.get_stdout_log()
    assert "the divisor of row 17 is zero" in broken.get_job_log() + broken.get_stderr_log()
    assert broken.get_metrics() == {"rows": 17}
    assert "outputs/why.txt" in broken.get_file_names()
    assert "row 17" in str(broken.get_details()["error"]), broken.get_details()["error"]
    # upload mode: nothing comes of a step that failed
    assert store.download("none", prefix="azureml/%s/bad" % broken.id) == 0
    assert raised is not None, "the failure of the second run was not raised"
    assert "explode" in str(raised) and "the divisor of row 17 is zero" in str(raised), raised
    assert strict.get_status() == "Failed"


check()
print("checked")
