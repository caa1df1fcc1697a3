"""CommandStep: a shell command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...override import override
from ..base.placeholders import ShellText
from ..runconfig.script_run_config import ScriptRunConfig
from .base import PipelineStep
from .settings import settings_of

_OPERATORS = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1"})


class CommandStep(PipelineStep):
    """A step that runs a shell command by ``sh`` in a private copy of `source_directory`.

    Example:
        >>> data = PipelineData("data")
        >>> step = CommandStep(["python make.py --out", data, "&& ls"], name="make", outputs=[data],
        ...                    compute_target="cpu", source_directory="src")

    Args:
        command: The command: one text, or a list. In a list the first item is shell text. Of the others, data and
            text with blanks are passed as one word each; the shell reads plain words (options, ``&&``, ``$NAME``).
            None: the command of the ScriptRunConfig in `runconfig`.
        name: The step's name. None: ``CommandStep_`` and the command's first word.
        compute_target: A ComputeTarget or its name. None: the target of `runconfig`, else the configured default.
        runconfig: A RunConfiguration, or a ScriptRunConfig, which can give command and source directory too.
            None: the default environment.
        runconfig_pipeline_params: Counts of nodes and processes as PipelineParameter; see PythonScriptStep. None: none.
        inputs: Data that the command reads; see PythonScriptStep. None: none.
        outputs: Data that the command writes; see PythonScriptStep. None: none.
        params: Values for ``AML_PARAMETER_<name>`` in the environment; see PythonScriptStep. None: none.
        source_directory: The folder that is stored as the step's snapshot; it must exist.
            None: that of the ScriptRunConfig, else the pipeline's default, else the current folder.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.

    Raises:
        ValueError: There is no command, or no such directory.
        RunConfigurationException: `runconfig` is of another type.
        NotOffered: More than one node is asked for without a communicator.

    """

    def __init__(
        self,
        command: str | Sequence[object] | None = None,
        name: str | None = None,
        compute_target: object = None,
        runconfig: object = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        source_directory: str | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
    ) -> None:
        if isinstance(runconfig, ScriptRunConfig):
            command = command or runconfig.command or _script_command(runconfig)
            source_directory = source_directory or runconfig.source_directory
        if not command:
            raise ValueError("CommandStep: command is required, here or in the ScriptRunConfig")
        if source_directory is not None and not Path(source_directory).is_dir():
            raise ValueError(f"CommandStep: there is no directory {Path(source_directory).absolute()}")
        items = [command] if isinstance(command, str) else list(command)
        self.version = version
        settings = settings_of(
            runconfig,
            compute_target,
            source_directory=source_directory,
            reuse=allow_reuse,
            version=version,
            pipeline_params=runconfig_pipeline_params,
        )
        super().__init__(
            f"CommandStep_{_first_word(items[0])}" if name in (None, "") else name,
            inputs,
            outputs,
            arguments=items,
            params=params,
            settings=settings,
        )

    @override
    def command(self) -> list[object]:
        """Return ``sh -c TEXT sh VALUE...``.

        Placeholders are passed by position, so the shell never parses a path.
        """
        text: list[str] = []
        values: list[object] = []
        for index, item in enumerate(self.arguments):
            if index == 0 or _is_plain(item):
                text.append(str(item))
            else:
                values.append(item)
                text.append(f'"${{{len(values)}}}"')
        return ["/bin/sh", "-c", ShellText(" ".join(text)), "sh", *values]


def _script_command(config: ScriptRunConfig) -> list[object] | None:
    return ["python", config.script, *config.arguments] if config.script else None


def _first_word(item: object) -> str:
    words = shlex.split(item) if isinstance(item, str) else []
    return Path(words[0]).name if words else "command"


def _is_plain(item: object) -> bool:
    if not isinstance(item, str):
        return False
    return item in _OPERATORS or (shlex.quote(item) == item) or (item.startswith("$") and item[1:].isidentifier())
