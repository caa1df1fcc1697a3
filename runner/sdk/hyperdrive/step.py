"""HyperDriveStep: a search over hyperparameters as a step of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import Problem
from ...model.step import Interpreter, OutputPath, SampledArguments, StepSpec
from ...override import override
from ..base.placeholders import Placeholder
from ..datastores.data_paths import DataReference
from ..outputs.pipeline_data import PipelineData
from ..outputs.training_output import TrainingOutput
from ..steps.base import PipelineStep, Settings
from ..steps.script_run import references_of
from ..steps.settings import settings_of
from .config import HyperDriveConfig
from .work import PROGRAM, Made, Work


class HyperDriveStep(PipelineStep):
    """A step that searches hyperparameters: it runs the script of the configuration once for each trial.

    The step has ended when all its trials have ended, and has succeeded if one of them has. It is never reused.

    Example:
        >>> metrics = PipelineData("metrics", training_output=TrainingOutput("Metrics"))
        >>> model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/model.pkl"))
        >>> tune = HyperDriveStep("tune", config, inputs=[data], outputs=[metrics, model])
        >>> use = PythonScriptStep("use.py", arguments=["--model", model], inputs=[model], source_directory="src")

    Args:
        name: The step's name. Its trials are ``<name>-1``, ``<name>-2`` and so on.
        hyperdrive_config: The search.
        estimator_entry_script_arguments: The script's arguments, before the values of a trial. Required for an
            Estimator; with a ScriptRunConfig they are given there. None: those of the ScriptRunConfig.
        inputs: Data that the script reads; see PythonScriptStep. None: none.
        outputs: PipelineData with a `training_output`: the metrics of all trials, or a file of the best one. Other
            outputs are those of each trial. None: none.
        metrics_output: PipelineData or a DataReference for the metrics of all trials. None: none.
        allow_reuse: Accepted as in v1 and not used: a search always runs. Default: True.
        version: Kept as in v1. None: none.

    Raises:
        ValueError: An argument is missing or of a wrong type, or the arguments are given twice.

    """

    trains = True

    def __init__(
        self,
        name: str,
        hyperdrive_config: HyperDriveConfig,
        estimator_entry_script_arguments: Sequence[object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        metrics_output: object = None,
        allow_reuse: bool = True,
        version: str | None = None,
    ) -> None:
        _check(name, hyperdrive_config, estimator_entry_script_arguments)
        self.config = hyperdrive_config
        self.version = version
        arguments = _arguments(hyperdrive_config, estimator_entry_script_arguments)
        made = [*(outputs or ()), *_metrics(metrics_output)]
        self.training = dict(pair for item in made for pair in _training(item))
        """The outputs of the search, by name."""
        super().__init__(
            name,
            [*(inputs or ()), *_own_inputs(hyperdrive_config)],
            made,
            arguments=arguments,
            settings=_settings(hyperdrive_config, version),
        )
        self.bindings.problems.extend(self._problems())

    @override
    def command(self) -> list[object]:
        """Return the command of a trial: the interpreter, the script, its arguments, and the trial's values."""
        return [Interpreter(), self.settings.script, *self.arguments, SampledArguments()]

    def steps(self, trial: StepSpec, keys: SearchKeys) -> Iterator[StepSpec]:
        """Yield the steps of a plan that the search becomes: its trials, then the step that summarizes them.

        Args:
            trial: The step as the lowering made it: as if its script ran once, with all outputs.
            keys: The keys.

        """
        own = tuple(output for output in trial.outputs if output.name not in self.training)
        for key in keys.trials:
            yield replace(trial, key=key, name=key, outputs=own, trial_of=keys.search, reuse=False)
        yield replace(
            trial,
            key=keys.search,
            command=(Interpreter(), "-m", PROGRAM, self._work(), *self._paths(trial)),
            inputs=(),
            outputs=tuple(output for output in trial.outputs if output.name in self.training),
            parameters={},
            reuse=False,
            workers=None,
            search=self.config.search(keys.trials),
        )

    def _work(self) -> str:
        made = {
            name: Made(type=each.type, file=each.model_file or "", iteration=each.iteration, metric=each.metric or "")
            for name, each in self.training.items()
        }
        resumed = tuple(run.id for run in self.config.resume_from)
        return Work(made, resumed, tuple(run.id for run in self.config.resume_child_runs)).text()

    def _paths(self, trial: StepSpec) -> Iterator[str | OutputPath]:
        """Yield the name and the path of each output of the search."""
        for output in trial.outputs:
            if output.name in self.training:
                yield output.name
                yield OutputPath(output.name)

    def _problems(self) -> Iterator[Problem]:
        as_problem = self.bindings.as_problem
        for name, output in self.bindings.outputs.items():
            if name in self.training:
                continue
            if output.pipeline_output_name:
                yield as_problem(
                    f"each trial makes its own output '{name}', so it cannot be the pipeline's output "
                    f"'{output.pipeline_output_name}'",
                    "leave pipeline_output_name out, or give it a training_output",
                )
            if output.destination and "{run-id}" not in output.destination:
                yield as_problem(
                    f"all trials would write their output '{name}' to '{output.destination}'",
                    "put {run-id} into the destination",
                )


class SearchKeys:
    """The keys of the steps that a search becomes.

    Args:
        search: The key of the search step.
        trials: The keys of its trials, in order.

    """

    def __init__(self, search: str, trials: Sequence[str]) -> None:
        self.search = search
        self.trials = tuple(trials)


def search_step(config: HyperDriveConfig) -> HyperDriveStep:
    """Return the step that a submitted HyperDriveConfig becomes.

    Args:
        config: The configuration.

    """
    made = config.estimator
    arguments = list(made.arguments) if made else None
    inputs = [item for item in (*(made.inputs if made else ()), *(arguments or ())) if isinstance(item, Placeholder)]
    script = made.entry_script if made else str(config.run_config.script if config.run_config else "")
    return HyperDriveStep(Path(script).stem, config, arguments, list(dict.fromkeys(inputs)))


def _check(name: object, config: object, arguments: object) -> None:
    if not name or not isinstance(name, str):
        raise ValueError("HyperDriveStep: name is required, and must be a text")
    if not isinstance(config, HyperDriveConfig):
        raise ValueError(f"HyperDriveStep {name!r}: hyperdrive_config is required, and must be a HyperDriveConfig")  # noqa: TRY004 - as v1
    if arguments is not None and not isinstance(arguments, list):
        raise ValueError(f"HyperDriveStep {name!r}: estimator_entry_script_arguments must be a list")
    if config.estimator is not None and arguments is None:
        raise ValueError(
            f"HyperDriveStep {name!r}: estimator_entry_script_arguments is required for an Estimator; "
            "[] says that there are none"
        )
    if config.run_config is not None and arguments and config.run_config.arguments:
        raise ValueError(
            f"HyperDriveStep {name!r}: the ScriptRunConfig has arguments, so estimator_entry_script_arguments "
            "must be left out"
        )


def _arguments(config: HyperDriveConfig, given: Sequence[object] | None) -> list[object]:
    own = list(config.run_config.arguments) if config.run_config else []
    return own or list(given or ())


def _own_inputs(config: HyperDriveConfig) -> list[object]:
    """Return the data references of the script's run configuration."""
    return references_of(config.run_config.run_config.data_references) if config.run_config else []


def _settings(config: HyperDriveConfig, version: str | None) -> Settings:
    if config.estimator is not None:
        made, script, target = (
            config.estimator.run_config,
            config.estimator.entry_script,
            config.estimator.compute_target,
        )
        return settings_of(
            made, target, source_directory=config.source_directory, script=script, reuse=False, version=version
        )
    given = config.run_config
    assert given is not None
    return settings_of(
        given, None, source_directory=given.source_directory, script=str(given.script), reuse=False, version=version
    )


def _training(item: object) -> Iterator[tuple[str, TrainingOutput]]:
    """Yield the name of an output and what the search makes there; nothing for an output of the trials."""
    if isinstance(item, PipelineData) and isinstance(item.training_output, TrainingOutput):
        yield item.origin.name, item.training_output


def _metrics(given: object) -> list[PipelineData]:
    """Return the output of v1's `metrics_output`."""
    if given is None:
        return []
    if isinstance(given, PipelineData):
        given.training_output = TrainingOutput("Metrics")
        return [given]
    if isinstance(given, DataReference):
        made = PipelineData(
            given.data_reference_name, datastore=given.datastore, training_output=TrainingOutput("Metrics")
        )
        made.origin.destination = given.path_on_datastore or ""
        return [made]
    raise ValueError(f"HyperDriveStep: metrics_output cannot be a {type(given).__name__}")
