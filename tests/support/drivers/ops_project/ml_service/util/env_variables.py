"""What the CI sets; the defaults are those of a laptop."""
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Env:
    compute_name: str = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "train-cluster")
    vm_size: str = os.environ.get("AML_COMPUTE_CLUSTER_CPU_SKU", "STANDARD_DS2_V2")
    max_nodes: int = int(os.environ.get("AML_CLUSTER_MAX_NODES", 4))
    model_name: str = os.environ.get("MODEL_NAME", "sugar_model.json")
    experiment_name: str = os.environ.get("EXPERIMENT_NAME", "sugar_experiment")
    dataset_name: str = os.environ.get("DATASET_NAME", "sugar_ds")
    build_id: str = os.environ.get("BUILD_BUILDID", "local.1")
    source_dir: str = "sugar"
