# coding: utf-8
# # Tune a classifier with HyperDrive: random sampling, bandit policy
# In[1]:
import json

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.run import Run
from azureml.train.hyperdrive import BanditPolicy, HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling
from azureml.train.hyperdrive import choice, loguniform
from azureml.train.hyperdrive.run import HyperDriveRun
from azureml.widgets import RunDetails

ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="sklearn-shoes")

# In[2]:
src = ScriptRunConfig(source_directory="./training", script="train.py", arguments=["--epochs", 4], compute_target="cpu")
sampling = RandomParameterSampling({"--learning-rate": loguniform(-6, -1), "--batch-size": choice(16, 32, 64)})
early_termination_policy = BanditPolicy(evaluation_interval=2, slack_factor=0.1, delay_evaluation=100)
config = HyperDriveConfig(
    run_config=src,
    hyperparameter_sampling=sampling,
    policy=early_termination_policy,
    primary_metric_name="Accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=4,
    max_concurrent_runs=2,
)

# In[3]:
hyperdrive_run = exp.submit(config, tags={"shop": "shoes"})
RunDetails(hyperdrive_run).show()
hyperdrive_run.wait_for_completion(show_output=True)
assert hyperdrive_run.get_status() == "Completed"

# In[4]:
best_run = hyperdrive_run.get_best_run_by_primary_metric()
print(best_run.get_details()["runDefinition"]["arguments"])
print(best_run.get_file_names())
model = best_run.register_model(model_name="sklearn-shoes", model_path="outputs/model.json")
print(model.name, model.version, sep="\t")


# In[5]:
def accuracy(values):
    """What the script logs at best with these values."""
    return round(1 - abs(values["--learning-rate"] - 0.02) - 1 / values["--batch-size"], 6)


def check():
    children = list(hyperdrive_run.get_children())
    assert len(children) == 4, children
    assert {child.get_status() for child in children} == {"Completed"}
    assert all(child.parent.id == hyperdrive_run.id for child in children)
    values = {run_id: json.loads(text) for run_id, text in hyperdrive_run.get_hyperparameters().items()}
    assert sorted(values) == sorted(child.id for child in children)
    for one in values.values():
        assert set(one) == {"--learning-rate", "--batch-size"} and one["--batch-size"] in (16, 32, 64), one
        assert 0.0024 <= one["--learning-rate"] <= 0.368, one
    assert len({one["--learning-rate"] for one in values.values()}) == 4
    expected = sorted(values, key=lambda run_id: -accuracy(values[run_id]))
    ranked = hyperdrive_run.get_children_sorted_by_primary_metric()
    assert [each["run_id"] for each in ranked] == expected, ranked
    assert ranked[0]["best_primary_metric"] == accuracy(values[expected[0]])
    assert ranked[0]["status"] == "Completed" and json.loads(ranked[0]["hyperparameters"]) == values[expected[0]]
    assert len(hyperdrive_run.get_children_sorted_by_primary_metric(top=2, reverse=True)) == 2
    assert best_run.id == expected[0]
    metrics = hyperdrive_run.get_metrics()
    assert len(metrics) == 4 and len(metrics[best_run.id]["Accuracy"]) == 4
    arguments = best_run.get_details()["runDefinition"]["arguments"]
    assert arguments[:2] == ["--epochs", "4"] and len(arguments) == 6, arguments
    chosen = dict(zip(arguments[2::2], arguments[3::2]))
    assert float(chosen["--learning-rate"]) == values[best_run.id]["--learning-rate"]
    best_run.download_file("outputs/model.json", "best.json")
    assert json.load(open("best.json"))["rate"] == values[best_run.id]["--learning-rate"]
    again = HyperDriveRun(exp, hyperdrive_run.id)
    assert again.get_best_run_by_primary_metric().id == best_run.id
    assert isinstance(Run(exp, hyperdrive_run.id), HyperDriveRun)
    assert next(exp.get_runs()).id == hyperdrive_run.id and hyperdrive_run.type == "hyperdrive"
    assert hyperdrive_run.hyperdrive_config.max_total_runs == 4

    # the same search draws the same values
    second = exp.submit(HyperDriveConfig(sampling, "Accuracy", PrimaryMetricGoal.MAXIMIZE, 2, run_config=src))
    second.wait_for_completion()
    assert list(map(json.loads, second.get_hyperparameters().values())) == list(values.values())[:2]
    # a search that runs the best trial again
    rerun = exp.submit(
        HyperDriveConfig(
            sampling, "Accuracy", PrimaryMetricGoal.MAXIMIZE, 1, run_config=src,
            resume_from=[hyperdrive_run], resume_child_runs=best_run,
        )
    )  # fmt: skip
    rerun.wait_for_completion()
    assert list(map(json.loads, rerun.get_hyperparameters().values())) == [values[best_run.id]]
    assert rerun.get_best_run_by_primary_metric(include_resume_from_runs=False).parent.id == rerun.id


check()
