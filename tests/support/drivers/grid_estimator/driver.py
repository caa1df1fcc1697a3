# A grid of choices over an Estimator; the winner's files
import json

from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import HyperDriveStep, HyperDriveStepRun
from azureml.train.estimator import Estimator
from azureml.train.hyperdrive import GridParameterSampling, HyperDriveRunConfig, PrimaryMetricGoal, choice
from azureml.train.hyperdrive.exceptions import HyperDriveConfigException
from azureml.train.hyperdrive.parameter_expressions import uniform

ws = Workspace.from_config()
estimator = Estimator(source_directory="training", compute_target="cpu-cluster", entry_script="score.py")
try:
    GridParameterSampling({"--depth": uniform(1, 2)})
    raise AssertionError("a grid takes choices only")
except HyperDriveConfigException as error:
    print(error)
config = HyperDriveRunConfig(
    estimator=estimator,
    hyperparameter_sampling=GridParameterSampling({"--depth": choice(range(1, 4)), "--leaf": choice("few", "many")}),
    policy=None,
    primary_metric_name="auc",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=20,
    max_concurrent_runs=3,
)
metrics = PipelineData("metrics", datastore=ws.get_default_datastore(), pipeline_output_name="metrics")
step = HyperDriveStep(
    "grid", config, estimator_entry_script_arguments=["--seed", 3, "--depth", 99], metrics_output=metrics
)  # fmt: skip
run = Experiment(ws, "grid").submit(Pipeline(ws, steps=[step]))
run.wait_for_completion(show_output=False)
search = HyperDriveStepRun(run.find_step_run("grid")[0])


def check():
    values = [json.loads(text) for text in search.get_hyperparameters().values()]
    assert values == [{"--depth": depth, "--leaf": leaf} for depth in (1, 2, 3) for leaf in ("few", "many")], values
    children = {child.id: child for child in search.get_children()}
    failed = [child for child in children.values() if child.get_status() == "Failed"]
    assert len(failed) == 1 and "depth 3 with few leaves" in failed[0].get_job_log(), failed
    assert run.get_status() == "Finished", "a trial may fail"
    best = search.get_best_run_by_primary_metric()
    assert json.loads(search.get_hyperparameters()[best.id]) == {"--depth": 3, "--leaf": "many"}
    arguments = best.get_details()["runDefinition"]["arguments"]
    assert arguments == ["--seed", "3", "--depth", "99", "--depth", "3", "--leaf", "many"], arguments
    order = search.get_children_sorted_by_primary_metric()
    assert len(order) == 6 and order[-1]["run_id"] == failed[0].id and order[-1]["best_primary_metric"] is None
    assert len(search.get_children_sorted_by_primary_metric(discard_no_metric=True)) == 5
    place = run.get_pipeline_output("metrics")
    place.download("downloaded")
    found = json.load(open("downloaded/" + place.path_on_datastore))
    assert found[best.id] == {"auc": [0.8]} and found[failed[0].id] == {}, found


check()
