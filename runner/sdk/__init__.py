"""The authoring API: v1's names and signatures. Each name is imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base.pipeline_parameter import PipelineParameter as PipelineParameter
    from .computes.compute_target import AmlCompute as AmlCompute
    from .computes.compute_target import ComputeTarget as ComputeTarget
    from .datasets.consumption import DatasetConsumptionConfig as DatasetConsumptionConfig
    from .datasets.dataset import Dataset as Dataset
    from .datasets.file_dataset import FileDataset as FileDataset
    from .datasets.tabular import TabularDataset as TabularDataset
    from .datastores.data_paths import DataPath as DataPath
    from .datastores.data_paths import DataPathComputeBinding as DataPathComputeBinding
    from .datastores.data_paths import DataReference as DataReference
    from .datastores.datastore import Datastore as Datastore
    from .environments.conda_dependencies import CondaDependencies as CondaDependencies
    from .environments.environment import Environment as Environment
    from .models.model import Model as Model
    from .outputs.output_dataset_config import OutputFileDatasetConfig as OutputFileDatasetConfig
    from .outputs.pipeline_data import PipelineData as PipelineData
    from .pipelines.configuring import configure as configure
    from .pipelines.graph import StepSequence as StepSequence
    from .pipelines.pipeline import Pipeline as Pipeline
    from .published.pipeline_draft import PipelineDraft as PipelineDraft
    from .published.pipeline_endpoint import PipelineEndpoint as PipelineEndpoint
    from .published.published_pipeline import PublishedPipeline as PublishedPipeline
    from .published.recurrence import ScheduleRecurrence as ScheduleRecurrence
    from .published.schedule import Schedule as Schedule
    from .published.time_zone import TimeZone as TimeZone
    from .runconfig.run_configuration import DockerConfiguration as DockerConfiguration
    from .runconfig.run_configuration import RunConfiguration as RunConfiguration
    from .runconfig.script_run_config import ScriptRunConfig as ScriptRunConfig
    from .runs.pipeline_run import PipelineRun as PipelineRun
    from .runs.run import Run as Run
    from .runs.step_run import StepRun as StepRun
    from .runs.widgets import RunDetails as RunDetails
    from .steps.command import CommandStep as CommandStep
    from .steps.mpi_step import MpiStep as MpiStep
    from .steps.python_script import PythonScriptStep as PythonScriptStep
    from .workspaces.authentication import InteractiveLoginAuthentication as InteractiveLoginAuthentication
    from .workspaces.experiment import Experiment as Experiment
    from .workspaces.workspace import Workspace as Workspace

VERSION = "1.61.0"
"""The version of v1 that ``azureml.core.VERSION`` answers."""

_PUBLIC = {
    "Workspace": "workspaces.workspace",
    "Experiment": "workspaces.experiment",
    "Datastore": "datastores.datastore",
    "Dataset": "datasets.dataset",
    "TabularDataset": "datasets.tabular",
    "FileDataset": "datasets.file_dataset",
    "DatasetConsumptionConfig": "datasets.consumption",
    "DataReference": "datastores.data_paths",
    "DataPath": "datastores.data_paths",
    "DataPathComputeBinding": "datastores.data_paths",
    "OutputFileDatasetConfig": "outputs.output_dataset_config",
    "Pipeline": "pipelines.pipeline",
    "StepSequence": "pipelines.graph",
    "PipelineData": "outputs.pipeline_data",
    "PipelineParameter": "base.pipeline_parameter",
    "PublishedPipeline": "published.published_pipeline",
    "Schedule": "published.schedule",
    "ScheduleRecurrence": "published.recurrence",
    "TimeZone": "published.time_zone",
    "PipelineEndpoint": "published.pipeline_endpoint",
    "PipelineDraft": "published.pipeline_draft",
    "PythonScriptStep": "steps.python_script",
    "CommandStep": "steps.command",
    "ScriptRunConfig": "runconfig.script_run_config",
    "RunConfiguration": "runconfig.run_configuration",
    "DockerConfiguration": "runconfig.run_configuration",
    "Environment": "environments.environment",
    "CondaDependencies": "environments.conda_dependencies",
    "ComputeTarget": "computes.compute_target",
    "AmlCompute": "computes.compute_target",
    "configure": "pipelines.configuring",
    "Run": "runs.run",
    "PipelineRun": "runs.pipeline_run",
    "StepRun": "runs.step_run",
    "Model": "models.model",
    "RunDetails": "runs.widgets",
    "InteractiveLoginAuthentication": "workspaces.authentication",
}
"""Every public name and the module that has it."""

_COMPAT = {
    "TokenAuthentication": "workspaces.authentication",
    "EnvironmentDefinition": "environments.environment",
    "ParallelTaskConfiguration": "runconfig.run_configuration",
    "RSection": "environments.sections",
    "RCranPackage": "environments.sections",
    "RGitHubPackage": "environments.sections",
    "SparkPackage": "environments.sections",
    "DockerBuildContext": "environments.docker_build",
    "ImageBuildDetails": "environments.docker_build",
    "AdlaCompute": "computes.attached",
    "AksCompute": "computes.attached",
    "BatchCompute": "computes.attached",
    "ComputeInstance": "computes.attached",
    "DataFactoryCompute": "computes.attached",
    "DatabricksCompute": "computes.attached",
    "HDInsightCompute": "computes.attached",
    "KubernetesCompute": "computes.attached",
    "KustoCompute": "computes.attached",
    "RemoteCompute": "computes.attached",
    "SynapseCompute": "computes.attached",
    "AbstractDatastore": "datastores.datastore",
    "AzureBlobDatastore": "datastores.datastore",
    "AzureFileDatastore": "datastores.datastore",
    "ContainerRegistry": "environments.sections",
    "DEFAULT_CPU_IMAGE": "environments.sections",
    "DEFAULT_GPU_IMAGE": "environments.sections",
    "DataType": "datasets.types",
    "PromoteHeadersBehavior": "datasets.types",
    "TabularDatasetFactory": "datasets.factories",
    "FileDatasetFactory": "datasets.factories",
    "InputPortBinding": "outputs.pipeline_data",
    "PipelineOutputFileDataset": "outputs.pipeline_output_dataset",
    "PipelineOutputTabularDataset": "outputs.pipeline_output_dataset",
    "OutputTabularDatasetConfig": "outputs.output_dataset_config",
    "OutputDatasetConfig": "outputs.output_dataset_config",
    "PipelineIdVersion": "published.endpoint_versions",
    "PipelineVersion": "published.endpoint_versions",
    "PipelineStep": "steps.base",
    "DataReferenceConfiguration": "datastores.data_paths",
    "DataTransferStep": "steps.data_transfer",
    "PortDataReference": "outputs.port_reference",
    "StepRunOutput": "outputs.port_reference",
    "MpiConfiguration": "runconfig.run_configuration",
    "PyTorchConfiguration": "runconfig.run_configuration",
    "TensorflowConfiguration": "runconfig.run_configuration",
    "SparkConfiguration": "runconfig.run_configuration",
    "_OfflineRun": "runs.offline_run",
    "AbstractDataset": "datasets.abstract_dataset",
    "ComputeTargetException": "base.exceptions",
    "EntryScript": "steps.entry_script",
    "ParallelRunConfig": "steps.parallel_run_config",
    "ParallelRunStep": "steps.parallel_run_step",
    "AbstractAuthentication": "workspaces.authentication",
    "ServicePrincipalAuthentication": "workspaces.authentication",
    "AzureCliAuthentication": "workspaces.authentication",
    "MsiAuthentication": "workspaces.authentication",
    "Module": "steps.module",
    "ModuleVersion": "steps.module",
    "ModuleVersionDescriptor": "steps.module",
    "ModuleStep": "steps.module_step",
    "EstimatorStep": "steps.estimator_step",
    "MpiStep": "steps.mpi_step",
    "RScriptStep": "steps.r_script",
    "NotebookRunnerStep": "steps.notebook_runner",
    "NotebookRunConfig": "runconfig.notebook_run_config",
    "NotebookExecutionHandler": "runconfig.notebook_run_config",
    "AzureMLNotebookHandler": "runconfig.notebook_run_config",
    "PapermillExecutionHandler": "runconfig.notebook_run_config",
    "InputPortDef": "steps.port_definitions",
    "OutputPortDef": "steps.port_definitions",
    "TrainingOutput": "outputs.training_output",
    "Estimator": "steps.estimator",
    "MMLBaseEstimator": "steps.estimator",
    "TensorFlow": "steps.framework_estimators",
    "PyTorch": "steps.framework_estimators",
    "Chainer": "steps.framework_estimators",
    "SKLearn": "steps.framework_estimators",
    "Mpi": "steps.distributed_training",
    "Gloo": "steps.distributed_training",
    "Nccl": "steps.distributed_training",
    "ParameterServer": "steps.distributed_training",
    "PrimaryMetricGoal": "hyperdrive.config",
    "HyperDriveConfig": "hyperdrive.config",
    "HyperDriveRunConfig": "hyperdrive.config",
    "HyperDriveRun": "hyperdrive.run",
    "HyperDriveStepRun": "hyperdrive.run",
    "HyperDriveStep": "hyperdrive.step",
    "choice": "hyperdrive.expressions",
    "randint": "hyperdrive.expressions",
    "uniform": "hyperdrive.expressions",
    "quniform": "hyperdrive.expressions",
    "loguniform": "hyperdrive.expressions",
    "qloguniform": "hyperdrive.expressions",
    "normal": "hyperdrive.expressions",
    "qnormal": "hyperdrive.expressions",
    "lognormal": "hyperdrive.expressions",
    "qlognormal": "hyperdrive.expressions",
    "HyperParameterSampling": "hyperdrive.sampling",
    "RandomParameterSampling": "hyperdrive.sampling",
    "GridParameterSampling": "hyperdrive.sampling",
    "BayesianParameterSampling": "hyperdrive.sampling",
    "EarlyTerminationPolicy": "hyperdrive.policy",
    "BanditPolicy": "hyperdrive.policy",
    "MedianStoppingPolicy": "hyperdrive.policy",
    "TruncationSelectionPolicy": "hyperdrive.policy",
    "NoTerminationPolicy": "hyperdrive.policy",
    "HistoryConfiguration": "runconfig.run_configuration",
    "DockerSection": "environments.sections",
    "PythonSection": "environments.sections",
    "SparkSection": "environments.sections",
    "Keyvault": "workspaces.keyvault",
    "ResourceConfiguration": "models.resource_configuration",
    "ScriptRun": "runs.script_run",
    "get_run": "runs.lookup",
    "ArcTokenAuthentication": "workspaces.authentication",
    "AzureMLTokenAuthentication": "workspaces.authentication",
}
"""More names that only the compat layer shows."""

_MODULES = {**_PUBLIC, **_COMPAT}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> object:
    """Fetch a public name on first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))


def shown_in(module: str, names: tuple[str, ...] = ()) -> Callable[[str], object]:
    """Return a module's ``__getattr__``.

    It knows these names of ours, the module's submodules, which it imports on first use, and v1's other names.

    Args:
        module: The module.
        names: Our names in it. Default: none.

    """

    def fetch(name: str) -> object:
        if name in names:
            return __getattr__(name) if name in _MODULES else _refused(name)
        if not name.startswith("__") and _is_module(f"{module}.{name}"):
            return import_module(f"{module}.{name}")
        from .v1_names import name_of_v1

        return name_of_v1(module, name)

    return fetch


def _is_module(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the parent is no package
        return False


def _refused(name: str) -> object:
    from .base.refused import refused

    return refused(name)
