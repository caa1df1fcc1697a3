"""The authoring API that users know: v1's names and signatures, each fetched when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .authentication import (
        InteractiveLoginAuthentication as InteractiveLoginAuthentication,
    )
    from .compute import AmlCompute as AmlCompute
    from .compute import ComputeTarget as ComputeTarget
    from .conda import CondaDependencies as CondaDependencies
    from .configuring import configure as configure
    from .consumption import DatasetConsumptionConfig as DatasetConsumptionConfig
    from .data import DataPath as DataPath
    from .data import DataPathComputeBinding as DataPathComputeBinding
    from .data import DataReference as DataReference
    from .dataset import Dataset as Dataset
    from .datastore import Datastore as Datastore
    from .environment import Environment as Environment
    from .experiment import Experiment as Experiment
    from .file_dataset import FileDataset as FileDataset
    from .graph import StepSequence as StepSequence
    from .output_config import OutputFileDatasetConfig as OutputFileDatasetConfig
    from .parameter import PipelineParameter as PipelineParameter
    from .pipeline import Pipeline as Pipeline
    from .pipeline_data import PipelineData as PipelineData
    from .pipeline_run import PipelineRun as PipelineRun
    from .registered_model import Model as Model
    from .run import Run as Run
    from .run_config import DockerConfiguration as DockerConfiguration
    from .run_config import RunConfiguration as RunConfiguration
    from .script_run_config import ScriptRunConfig as ScriptRunConfig
    from .step_run import StepRun as StepRun
    from .steps.command import CommandStep as CommandStep
    from .steps.python_script import PythonScriptStep as PythonScriptStep
    from .tabular import TabularDataset as TabularDataset
    from .widgets import RunDetails as RunDetails
    from .workspace import Workspace as Workspace

VERSION = "1.61.0"
"""The version of v1 that ``azureml.core.VERSION`` answers."""

_PUBLIC = {
    "Workspace": "workspace",
    "Experiment": "experiment",
    "Datastore": "datastore",
    "Dataset": "dataset",
    "TabularDataset": "tabular",
    "FileDataset": "file_dataset",
    "DatasetConsumptionConfig": "consumption",
    "DataReference": "data",
    "DataPath": "data",
    "DataPathComputeBinding": "data",
    "OutputFileDatasetConfig": "output_config",
    "Pipeline": "pipeline",
    "StepSequence": "graph",
    "PipelineData": "pipeline_data",
    "PipelineParameter": "parameter",
    "PythonScriptStep": "steps.python_script",
    "CommandStep": "steps.command",
    "ScriptRunConfig": "script_run_config",
    "RunConfiguration": "run_config",
    "DockerConfiguration": "run_config",
    "Environment": "environment",
    "CondaDependencies": "conda",
    "ComputeTarget": "compute",
    "AmlCompute": "compute",
    "configure": "configuring",
    "Run": "run",
    "PipelineRun": "pipeline_run",
    "StepRun": "step_run",
    "Model": "registered_model",
    "RunDetails": "widgets",
    "InteractiveLoginAuthentication": "authentication",
}
"""Every public name and the module that has it."""

_COMPAT = {
    "TokenAuthentication": "authentication",
    "EnvironmentDefinition": "environment",
    "ParallelTaskConfiguration": "run_config",
    "RSection": "environment_sections",
    "SparkPackage": "environment_sections",
    "DockerBuildContext": "environment",
    "ImageBuildDetails": "environment",
    "AdlaCompute": "attached_compute",
    "AksCompute": "attached_compute",
    "BatchCompute": "attached_compute",
    "ComputeInstance": "attached_compute",
    "DataFactoryCompute": "attached_compute",
    "DatabricksCompute": "attached_compute",
    "HDInsightCompute": "attached_compute",
    "KubernetesCompute": "attached_compute",
    "KustoCompute": "attached_compute",
    "RemoteCompute": "attached_compute",
    "SynapseCompute": "attached_compute",
    "AbstractDatastore": "datastore",
    "AzureBlobDatastore": "datastore",
    "AzureFileDatastore": "datastore",
    "ContainerRegistry": "environment_sections",
    "DEFAULT_CPU_IMAGE": "environment_sections",
    "DEFAULT_GPU_IMAGE": "environment_sections",
    "DataType": "dataset_types",
    "PromoteHeadersBehavior": "dataset_types",
    "TabularDatasetFactory": "dataset",
    "FileDatasetFactory": "dataset",
    "InputPortBinding": "pipeline_data",
    "PipelineOutputFileDataset": "pipeline_dataset",
    "PipelineOutputTabularDataset": "pipeline_dataset",
    "OutputTabularDatasetConfig": "output_config",
    "OutputDatasetConfig": "output_config",
    "PipelineStep": "steps.base",
    "DataReferenceConfiguration": "data",
    "DataTransferStep": "steps.data_transfer",
    "PortDataReference": "port_reference",
    "StepRunOutput": "port_reference",
    "MpiConfiguration": "run_config",
    "PyTorchConfiguration": "run_config",
    "TensorflowConfiguration": "run_config",
    "SparkConfiguration": "run_config",
    "_OfflineRun": "offline_run",
    "AbstractDataset": "dataset_base",
    "ComputeTargetException": "exceptions",
    "EntryScript": "entry_script",
    "AbstractAuthentication": "authentication",
    "ServicePrincipalAuthentication": "authentication",
    "AzureCliAuthentication": "authentication",
    "MsiAuthentication": "authentication",
    "Module": "module",
    "ModuleVersion": "module",
    "ModuleVersionDescriptor": "module",
    "ModuleStep": "steps.module_step",
    "EstimatorStep": "steps.estimator_step",
    "InputPortDef": "port_defs",
    "OutputPortDef": "port_defs",
    "TrainingOutput": "training_output",
    "Estimator": "estimator",
    "MMLBaseEstimator": "estimator",
    "TensorFlow": "framework_estimators",
    "PyTorch": "framework_estimators",
    "Chainer": "framework_estimators",
    "SKLearn": "framework_estimators",
    "Mpi": "framework_estimators",
    "Gloo": "framework_estimators",
    "Nccl": "framework_estimators",
    "ParameterServer": "framework_estimators",
    "PrimaryMetricGoal": "hyperdrive",
    "choice": "hyperdrive",
    "randint": "hyperdrive",
    "uniform": "hyperdrive",
    "quniform": "hyperdrive",
    "loguniform": "hyperdrive",
    "qloguniform": "hyperdrive",
    "normal": "hyperdrive",
    "qnormal": "hyperdrive",
    "lognormal": "hyperdrive",
    "qlognormal": "hyperdrive",
    "HyperParameterSampling": "hyperdrive",
    "RandomParameterSampling": "hyperdrive",
    "GridParameterSampling": "hyperdrive",
    "BayesianParameterSampling": "hyperdrive",
    "EarlyTerminationPolicy": "hyperdrive",
    "BanditPolicy": "hyperdrive",
    "MedianStoppingPolicy": "hyperdrive",
    "TruncationSelectionPolicy": "hyperdrive",
    "NoTerminationPolicy": "hyperdrive",
    "HistoryConfiguration": "run_config",
    "DockerSection": "environment_sections",
    "PythonSection": "environment_sections",
    "SparkSection": "environment_sections",
    "Keyvault": "keyvault",
    "ResourceConfiguration": "resource_configuration",
    "ScriptRun": "script_run",
    "get_run": "run_lookup",
    "ArcTokenAuthentication": "authentication",
    "AzureMLTokenAuthentication": "authentication",
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
    from .refused import refused

    return refused(name)
