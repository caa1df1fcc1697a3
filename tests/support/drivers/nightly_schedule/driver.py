"""Publish a pipeline and set it up on a schedule, as the public samples of v1 do; clean up at the end."""
from datetime import datetime, timedelta

from azureml.core import Datastore, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.pipeline.core import Pipeline, PipelineEndpoint
from azureml.pipeline.core.graph import PipelineParameter
from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence, TimeZone
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
def_blob_store = Datastore(ws, "workspaceblobstore")
aml_compute = ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4))

rounds = PipelineParameter(name="rounds", default_value=1)
train_step = PythonScriptStep(name="Training_Step", script_name="train.py", arguments=["--rounds", rounds],
                              compute_target=aml_compute, source_directory="src")
pipeline1 = Pipeline(workspace=ws, steps=[train_step])
published_pipeline1 = pipeline1.publish(name="Published_Pipeline", description="d")

# runs at once, then every 12 hours
recurrence = ScheduleRecurrence(frequency="Hour", interval=12)
schedule = Schedule.create(workspace=ws, name="My_Schedule", pipeline_id=published_pipeline1.id,
                           experiment_name="Schedule-run-sample", recurrence=recurrence,
                           wait_for_provisioning=True, description="Schedule Run",
                           pipeline_parameters={"rounds": 3})
print("Created schedule with id: {}".format(schedule.id))

schedules = Schedule.list(ws)
assert schedule.id in [s.id for s in schedules]
for s in schedules:
    print(s)

fetched_schedule = Schedule.get(ws, schedule.id)
print("Using schedule with id: {}".format(fetched_schedule.id))

run = fetched_schedule.get_last_pipeline_run()
run.wait_for_completion(show_output=False)
assert run.get_status() == "Finished", run.get_status()
assert run.experiment.name == "Schedule-run-sample"
assert run.properties["azureml.pipelineid"] == published_pipeline1.id
step_run = run.find_step_run("Training_Step")[0]
assert step_run.get_metrics() == {"rounds": 3}, step_run.get_metrics()
assert [r.id for r in fetched_schedule.get_pipeline_runs()] == [run.id]

fetched_schedule.disable(wait_for_provisioning=True)
fetched_schedule = Schedule.get(ws, schedule.id)
print("Disabled schedule {}. New status is: {}".format(fetched_schedule.id, fetched_schedule.status))
assert fetched_schedule.status == "Disabled"
fetched_schedule.enable(wait_for_provisioning=True)
assert Schedule.get(ws, schedule.id).status == "Active"

new_recurrence = ScheduleRecurrence(frequency="Week", interval=2, week_days=["Monday", "Wednesday"],
                                    time_of_day="18:30", time_zone=TimeZone.PacificStandardTime,
                                    start_time=datetime.now() + timedelta(days=400))
fetched_schedule.update(name="Updated_Schedule", description="Updated", status="Active", wait_for_provisioning=True,
                        recurrence=new_recurrence, pipeline_parameters={"rounds": 4})
updated = Schedule.get(ws, schedule.id)
print("Updated schedule:", updated.id, "\nNew name:", updated.name, "\nNew frequency:", updated.recurrence.frequency)
assert (updated.name, updated.recurrence.frequency, updated.recurrence.hours) == ("Updated_Schedule", "Week", [18])

pipeline_endpoint = PipelineEndpoint.publish(workspace=ws, name="TestEndpoint", pipeline=pipeline1, description="e")
endpoint_schedule = Schedule.create_for_pipeline_endpoint(
    workspace=ws, name="My_Endpoint_Schedule", pipeline_endpoint_id=pipeline_endpoint.id,
    experiment_name="Schedule-run-sample", recurrence=ScheduleRecurrence(frequency="Minute", interval=15),
    description="Schedule Run", wait_for_provisioning=True)
endpoint_run = endpoint_schedule.get_last_pipeline_run()
endpoint_run.wait_for_completion(show_output=False)
assert endpoint_run.find_step_run("Training_Step")[0].get_metrics() == {"rounds": 1}

for s in Schedule.list(ws):
    s.disable(wait_for_provisioning=True)
assert Schedule.list(ws) == []
assert len(Schedule.list(ws, active_only=False)) == 2
