"""The step that a submitted ScriptRunConfig or Estimator becomes."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.data import DEFAULT_DATASTORE, DatastorePath
from ...override import override
from ..base.placeholders import Consumed, Placeholder
from ..datastores.data_paths import DataReferenceConfiguration, plain_path, referenced
from ..runconfig.notebook_run_config import NotebookRunConfig
from ..runconfig.script_run_config import ScriptRunConfig
from .base import PipelineStep
from .command import CommandStep
from .estimator import Estimator
from .notebook_runner import notebook_step
from .python_script import PythonScriptStep


def script_run_step(config: ScriptRunConfig | Estimator) -> PipelineStep:
    """Return the step of a script, a command, a notebook or an estimator.

    Args:
        config: The object given to ``experiment.submit``.

    Raises:
        ValueError: It has neither script nor command.

    """
    if isinstance(config, Estimator):
        return _estimator_step(config)
    if isinstance(config, NotebookRunConfig):
        return notebook_step(config)
    references = references_of(config.run_config.data_references)
    if config.command:
        return CommandStep(runconfig=config, inputs=references)
    if not config.script:
        raise ValueError("ScriptRunConfig: script or command is required")
    return PythonScriptStep(
        config.script,
        arguments=config.arguments,
        runconfig=config,
        inputs=references,
        source_directory=config.source_directory,
    )


class ConfiguredReference(Placeholder):
    """A data reference of a run configuration, under the name that it has there.

    Args:
        name: The key in ``run_config.data_references``.
        config: The reference.

    """

    def __init__(self, name: str, config: DataReferenceConfiguration) -> None:
        self.name = name
        self.config = config

    @override
    def consumed(self) -> Consumed:
        """Return the place as an input of the step."""
        place = DatastorePath(
            self.config.datastore_name or DEFAULT_DATASTORE, plain_path(self.config.path_on_datastore)
        )
        return referenced(place, self.name, self.config)


def references_of(given: Mapping[str, object]) -> list[object]:
    """Return the inputs of v1's ``run_config.data_references``; arguments name them by ``str(reference)``.

    Args:
        given: The references by name.

    """
    return [
        ConfiguredReference(name, value) if isinstance(value, DataReferenceConfiguration) else value
        for name, value in given.items()
    ]


def _estimator_step(estimator: Estimator) -> PipelineStep:
    arguments = estimator.arguments
    places = [item for item in arguments if isinstance(item, Placeholder) and not item.implicit]
    return PythonScriptStep(
        estimator.entry_script,
        arguments=arguments,
        compute_target=estimator.compute_target,
        runconfig=estimator.run_config,
        inputs=[*estimator.inputs, *(item for item in places if item not in estimator.inputs)],
        source_directory=estimator.source_directory,
    )
