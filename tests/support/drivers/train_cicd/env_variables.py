"""The settings of the two CI jobs, from their environment."""
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Env:
    build_id: str = os.environ.get("BUILD_BUILDID", "local")
    pipeline_name: str = os.environ.get("TRAINING_PIPELINE_NAME", "diabetes-training")
    experiment_name: str = os.environ.get("EXPERIMENT_NAME", "mlops")
    model_name: str = os.environ.get("MODEL_NAME", "diabetes")
    compute_name: str = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "train-cluster")
    allow_run_cancel: bool = os.environ.get("ALLOW_RUN_CANCEL", "true").lower().strip() == "true"
