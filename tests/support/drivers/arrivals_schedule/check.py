"""Look at the run that the files started, and remove the schedule."""
from azureml.core import Workspace
from azureml.pipeline.core.schedule import Schedule

ws = Workspace.from_config()
schedule, = Schedule.list(ws)
run = schedule.get_last_pipeline_run()
run.wait_for_completion(show_output=False)
assert run.get_status() == "Finished", run.get_status()
assert run.find_step_run("count")[0].get_metrics() == {"lines": 3}
assert run.get_tags()["changed_files"] == "incoming/second.csv"
assert len(schedule.get_pipeline_runs()) == 1
schedule.disable(wait_for_provisioning=True)
