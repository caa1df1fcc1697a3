"""EstimatorStep: an Estimator as a step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from ...model.step import Interpreter
from ...override import override
from ..computes.compute_target import target_name
from .base import PipelineStep
from .estimator import Estimator
from .settings import settings_of


class EstimatorStep(PipelineStep):
    """A step that runs an estimator's script. Deprecated in v1 in favour of PythonScriptStep and CommandStep.

    Arguments and inputs belong to the step; those of the estimator are refused.

    Args:
        name: The step's name. None: the estimator's entry script.
        estimator: The Estimator. Required.
        estimator_entry_script_arguments: Items of the command line. Required; ``[]`` for none.
        runconfig_pipeline_params: Counts of nodes and processes as PipelineParameter; see PythonScriptStep. None: none.
        inputs: Data that the script reads; see PythonScriptStep. None: none.
        outputs: Data that the script writes; see PythonScriptStep. None: none.
        compute_target: A ComputeTarget or its name. Required.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.

    Raises:
        ValueError: Estimator, arguments or compute target are missing, or the estimator has arguments or inputs.

    """

    def __init__(
        self,
        name: str | None = None,
        estimator: Estimator | None = None,
        estimator_entry_script_arguments: Sequence[object] | None = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        compute_target: object = None,
        allow_reuse: bool = True,
        version: str | None = None,
    ) -> None:
        warnings.warn("EstimatorStep is deprecated: use PythonScriptStep", DeprecationWarning, stacklevel=2)
        made = _checked(estimator, estimator_entry_script_arguments)
        if not target_name(compute_target):
            raise ValueError("EstimatorStep: compute_target is required")
        self.estimator = made
        self.script_name = made.entry_script
        self.version = version
        settings = settings_of(
            made.run_config,
            compute_target,
            source_directory=made.source_directory,
            script=made.entry_script,
            reuse=allow_reuse,
            version=version,
            pipeline_params=runconfig_pipeline_params,
        )
        super().__init__(
            made.entry_script if name in (None, "") else name,
            inputs,
            outputs,
            arguments=estimator_entry_script_arguments,
            settings=settings,
        )

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the script and its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]


def _checked(estimator: Estimator | None, arguments: Sequence[object] | None) -> Estimator:
    if not isinstance(estimator, Estimator):
        raise ValueError("EstimatorStep: estimator is required, and must be an Estimator")  # noqa: TRY004 - as v1
    if arguments is None:
        raise ValueError("EstimatorStep: estimator_entry_script_arguments is required; [] says that there are none")
    if estimator.script_params:
        raise ValueError(
            "EstimatorStep: script_params of the Estimator are not used in a step; "
            "give them as estimator_entry_script_arguments"
        )
    if estimator.inputs:
        raise ValueError("EstimatorStep: inputs of the Estimator are not used in a step; give them as the step's")
    return estimator
