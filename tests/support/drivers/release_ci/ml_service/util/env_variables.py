"""The settings of the CI jobs, from their environment."""
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Env:
    workspace_name: str = os.environ.get("WORKSPACE_NAME", "wine-ws")
    subscription_id: str = os.environ.get("SUBSCRIPTION_ID", "00000000-0000-0000-0000-000000000000")
    resource_group: str = os.environ.get("RESOURCE_GROUP", "wine-rg")
    app_id: str = os.environ.get("SP_APP_ID", "ci")
    app_secret: str = os.environ.get("SP_APP_SECRET", "not used")
    tenant_id: str = os.environ.get("TENANT_ID", "tenant")
    compute_name: str = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "train-cluster")
    build_id: str = os.environ.get("BUILD_BUILDID", "local")
    pipeline_name: str = os.environ.get("TRAINING_PIPELINE_NAME", "wine training")
    endpoint_name: str = os.environ.get("TRAINING_ENDPOINT_NAME", "wine-training")
    experiment_name: str = os.environ.get("EXPERIMENT_NAME", "wine")
    sources_directory: str = "wine"
