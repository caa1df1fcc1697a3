"""CommandStep: a shell command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...override import override
from ..flow import ShellText
from ..script_run_config import ScriptRunConfig
from .base import PipelineStep
from .settings import settings_of

_OPERATORS = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1"})


class CommandStep(PipelineStep):
    """Run a command by ``sh`` in a private copy of `source_directory`.

    In a list the first item is shell text; of the others, placeholders and words with blanks are
    passed as they are, and plain words (options, ``&&``, ``$NAME``) are the shell's to read.
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
        """``sh -c TEXT sh VALUE…``: placeholders are passed by position, so no path is ever parsed."""
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
