"""The search of the tour: twelve trials of the training."""

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
    loguniform,
    uniform,
)

ws = Workspace.from_config()
script = ScriptRunConfig("steps", "trial.py", compute_target="laptop")
sampling = RandomParameterSampling(
    {
        "--rate": loguniform(-6, -1),
        "--layers": choice(1, 2, 3, 4),
        "--dropout": uniform(0, 0.6),
        "--activation": choice("relu", "tanh"),
    }
)
config = HyperDriveConfig(
    run_config=script,
    hyperparameter_sampling=sampling,
    primary_metric_name="accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=12,
    max_concurrent_runs=4,
)
run = Experiment(ws, "tuning").submit(config)
