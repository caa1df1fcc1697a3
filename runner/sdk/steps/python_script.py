"""PythonScriptStep: a Python script with arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model.step import Interpreter
from ...override import override
from .base import PipelineStep, note_hash_paths
from .settings import settings_of


class PythonScriptStep(PipelineStep):
    """Run ``python script_name arguments…`` in a private copy of `source_directory`."""

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
        """The interpreter, the script, its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]
