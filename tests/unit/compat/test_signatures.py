"""The constructors and methods that v1's drivers call have v1's parameters, in v1's order (V1_API.md B1)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from runner.azureml import install

SIGNATURES = {
    "azureml.pipeline.steps.PythonScriptStep": "script_name, name, arguments, compute_target, runconfig, "
    "runconfig_pipeline_params, inputs, outputs, params, source_directory, allow_reuse, version, hash_paths",
    "azureml.pipeline.steps.CommandStep": "command, name, compute_target, runconfig, runconfig_pipeline_params, "
    "inputs, outputs, params, source_directory, allow_reuse, version",
    "azureml.pipeline.steps.EstimatorStep": "name, estimator, estimator_entry_script_arguments, "
    "runconfig_pipeline_params, inputs, outputs, compute_target, allow_reuse, version",
    "azureml.pipeline.steps.ModuleStep": "module, version, module_version, inputs_map, outputs_map, compute_target, "
    "runconfig, runconfig_pipeline_params, arguments, params, name",
    "azureml.pipeline.steps.DataTransferStep": "name, source_data_reference, destination_data_reference, "
    "compute_target, source_reference_type, destination_reference_type, allow_reuse",
    "azureml.train.estimator.Estimator": "source_directory, compute_target, vm_size, vm_priority, entry_script, "
    "script_params, node_count, process_count_per_node, distributed_backend, distributed_training, use_gpu, "
    "use_docker, custom_docker_base_image, custom_docker_image, image_registry_details, user_managed, "
    "conda_packages, pip_packages, conda_dependencies_file_path, pip_requirements_file_path, "
    "conda_dependencies_file, pip_requirements_file, "
    "environment_variables, environment_definition, inputs, source_directory_data_store, shm_size, resume_from, "
    "max_run_duration_seconds",
    "azureml.pipeline.core.Pipeline": "workspace, steps, description, default_datastore, default_source_directory, "
    "resolve_closure",
    "azureml.pipeline.core.Pipeline.submit": "experiment_name, pipeline_parameters, continue_on_step_failure, "
    "regenerate_outputs, parent_run_id, credential_passthrough",
    "azureml.pipeline.core.Pipeline.validate": "",
    "azureml.pipeline.core.PipelineParameter": "name, default_value",
    "azureml.pipeline.core.StepSequence": "steps",
    "azureml.pipeline.core.graph.InputPortDef": "name, data_types, default_datastore_mode, default_path_on_compute, "
    "is_optional, default_overwrite, default_data_reference_name, is_resource, label",
    "azureml.pipeline.core.graph.OutputPortDef": "name, default_datastore_name, default_datastore_mode, "
    "default_path_on_compute, is_directory, data_type, default_overwrite, training_output, label",
    "azureml.pipeline.core.Module.create": "workspace, name, description",
    "azureml.pipeline.core.Module.get": "workspace, module_id, name",
    "azureml.pipeline.core.Module.publish_python_script": "script_name, description, inputs, outputs, params, "
    "create_sequencing_ports, version, is_default, source_directory, hash_paths, category, arguments, runconfig",
    "azureml.pipeline.core.Module.resolve": "version",
    "azureml.pipeline.core.TrainingOutput": "type, iteration, metric, model_file",
    "azureml.train.hyperdrive.BanditPolicy": "evaluation_interval, slack_factor, slack_amount, delay_evaluation",
}


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    install()


def found(place: str) -> object:
    """What stands at a dotted place, which goes through modules and then attributes."""
    parts = place.split(".")
    split = next(index for index in range(len(parts) - 1, 0, -1) if parts[index - 1].islower())
    value: object = import_module(".".join(parts[:split]))
    for part in parts[split:]:
        value = getattr(value, part)
    return value


def parameters(value: object) -> Iterator[str]:
    assert callable(value)
    for parameter in inspect.signature(value).parameters.values():
        private = parameter.name.startswith("_") or parameter.name == "self"
        if not private and parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            yield parameter.name


@pytest.mark.parametrize("place", SIGNATURES)
def test_parameters_are_v1s(place: str) -> None:
    assert ", ".join(parameters(found(place))) == SIGNATURES[place]
