"""PythonScriptStep: a Python script with arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model.step import Interpreter
from ...override import override
from .base import PipelineStep, note_hash_paths
from .settings import settings_of


class PythonScriptStep(PipelineStep):
    """A step that runs ``python script_name arguments...`` in a private copy of `source_directory`.

    Example:
        >>> clean = PipelineData("clean")
        >>> step = PythonScriptStep("prepare.py", arguments=["--out", clean], outputs=[clean],
        ...                         compute_target="cpu", source_directory="src")

    Args:
        script_name: The script, as a path relative to `source_directory`.
        name: The step's name, in messages and in ``runner status``. None: `script_name`.
        arguments: Items of the command line: text, numbers, PipelineParameter, and data. Data stand for the local path
            that they have in the step. A dataset with a name, or an OutputFileDatasetConfig, may be listed here alone;
            PipelineData and DataReference must also be in `inputs` or `outputs`. None: no arguments.
        compute_target: A ComputeTarget or its name. None: the target of `runconfig`, else the configured default.
        runconfig: A RunConfiguration, or a ScriptRunConfig whose run configuration is used: the environment,
            environment variables, shared memory and time limit. None: the default environment.
        runconfig_pipeline_params: Counts of a distributed job as PipelineParameter, by v1's names: ``NodeCount``,
            ``MpiProcessCountPerNode``, ``TensorflowWorkerCount``, ``TensorflowParameterServerCount``. Where
            `runconfig` has no communicator, they must be 1. None: none.
        inputs: Data that the script reads: PipelineData, DataReference, ``dataset.as_named_input(...)``, or a tuple of
            a PipelineParameter and a DataPathComputeBinding. They are in place before the script starts. None: none.
        outputs: Data that the script writes: PipelineData, OutputFileDatasetConfig. They are kept if the step succeeds,
            and steps that read them wait for this one. None: none.
        params: Values by name. The script gets each as the environment variable ``AML_PARAMETER_<name>``, and an
            argument ``"parameter:<name>"`` stands for it. A value may be a PipelineParameter. None: none.
        source_directory: The folder that is stored as the step's snapshot, up to 2000 files and 300 MB; files that
            ``.amlignore`` names are left out. None: the pipeline's `default_source_directory`, else the current folder.
        allow_reuse: True: an equal step of an earlier run (same code, arguments, environment and bytes of the inputs)
            takes the place of this one. False: it runs each time. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.
        hash_paths: Accepted as in v1, deprecated and ignored with a warning: every file of the snapshot counts.

    Raises:
        ValueError: There is no `script_name`; or a list of data, arguments or parameters is of a wrong type.
        RunConfigurationException: `runconfig` is of another type.
        NotOffered: More than one node is asked for without a communicator.

    """

    def __init__(
        self,
        script_name: str,
        name: str | None = None,
        arguments: Sequence[object] | None = None,
        compute_target: object = None,
        runconfig: object = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        source_directory: str | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
    ) -> None:
        if not script_name or not isinstance(script_name, str):
            raise ValueError("PythonScriptStep: script_name is required")
        note_hash_paths(hash_paths)
        self.script_name = script_name
        self.version = version
        settings = settings_of(
            runconfig,
            compute_target,
            source_directory=source_directory,
            script=script_name,
            reuse=allow_reuse,
            version=version,
            pipeline_params=runconfig_pipeline_params,
        )
        super().__init__(
            script_name if name in (None, "") else name,
            inputs,
            outputs,
            arguments=arguments,
            params=params,
            settings=settings,
        )

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the script and its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]
