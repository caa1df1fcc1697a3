"""The settings of a ParallelRunStep, as they stand in its command.

The command is the interpreter, ``-m``, `PROGRAM`, a JSON document of `Settings`, pairs of a field's name and a text
that pipeline parameters give, ``--``, and the arguments for the entry script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...dataclass import dataclass

PROGRAM = "_runner_step.sdk.parallel_run.program"
"""The module `runner.sdk.parallel_run.program` under the step bundle's private name. Stored plans have it."""
APPEND_ROW = "append_row"
"""The output action that writes what ``run()`` returns to one file."""
SUMMARY_ONLY = "summary_only"
"""The output action that leaves all files to the entry script."""
ROWS_FILE = "parallel_run_step.txt"
"""v1's name of the file with the returned rows."""
RESERVED = (
    "--allowed_failed_count",
    "--allowed_failed_percent",
    "--append_row_file_name",
    "--error_threshold",
    "--logging_level",
    "--mini_batch_size",
    "--output",
    "--output_action",
    "--partition_keys",
    "--process_count_per_node",
    "--run_invocation_timeout",
    "--run_max_try",
)
"""The options that stand before the entry script's own in its ``sys.argv``, as in v1."""
PLACE = "RUNNER_PARALLEL"
"""The variable of a worker process with its `Place`, as JSON."""
_END = "--"


@dataclass(frozen=True)
class Source:
    """An input that is cut into mini-batches."""

    name: str
    """Its name in `model.context.StepContext.inputs`."""
    kind: str
    """``file`` or ``tabular``."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one step. The defaults are v1's."""

    entry_script: str
    """Its path below the working directory."""
    inputs: tuple[Source, ...]
    """The inputs to be cut, all of one kind; side inputs are none of them."""
    output: str = ""
    """The name of the output for the rows in `StepContext.outputs`; empty: there is none."""
    output_action: str = APPEND_ROW
    append_row_file_name: str = ROWS_FILE
    mini_batch_size: str = ""
    """Number of files, or bytes such as ``1MB`` of tables; empty: v1's default."""
    partition_keys: tuple[str, ...] = ()
    """The columns of which each combination of values is a batch; empty: batches have `mini_batch_size`."""
    error_threshold: int = -1
    """The most failed items; -1: any number."""
    allowed_failed_count: int = -1
    """The most failed batches; -1: any number."""
    allowed_failed_percent: float = -1.0
    """The most failed batches as a percentage of all; -1: any number."""
    run_invocation_timeout: int = 60
    """Seconds that one call of ``run()`` may take."""
    run_max_try: int = 3
    """The most calls of ``run()`` for one batch."""
    logging_level: str = "INFO"

    @property
    def is_summary(self) -> bool:
        """True if rows are not kept."""
        return self.output_action == SUMMARY_ONLY

    @property
    def document(self) -> dict[str, object]:
        """The settings as JSON values."""
        return {name: _plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class Place:
    """One worker process among all of the step."""

    node: str
    """The index of its node."""
    process: str
    """Its name in the node: ``process000``."""
    log: str
    """The file of the entry script's logger; its folder need not exist."""
    errors: str
    """The file with tracebacks."""
    stderr: str
    """The file of its error output."""
    working_dir: str
    output_dir: str
    """The folder of the output; empty: there is none."""
    prepared: str
    """The file with the result of `mini_batches.prepare`, which is there before the first batch."""
    settings: Settings
    arguments: tuple[str, ...] = ()
    """The script's ``sys.argv`` without its name."""

    @staticmethod
    def of(environ: Mapping[str, str]) -> Place | None:
        """Return the place of this process; None: it is no worker process.

        Args:
            environ: The variables of the process.
        """
        if PLACE not in environ:
            return None
        document = json.loads(environ[PLACE])
        return Place(**{**document, "settings": of_document(document["settings"])})

    @property
    def document(self) -> dict[str, object]:
        """The place as JSON values."""
        return {**vars(self), "settings": self.settings.document}


def command_arguments(
    settings: Settings, parameters: Mapping[str, object], arguments: Sequence[object]
) -> list[object]:
    """Return the part of the command after the program's module.

    Args:
        settings: The settings as far as the author has fixed them.
        parameters: By field of `Settings`: a placeholder, whose text comes when values are bound.
        arguments: The entry script's own arguments.
    """
    pairs = [item for pair in parameters.items() for item in pair]
    return [json.dumps(settings.document), *pairs, _END, *arguments]


def of_arguments(arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """Return the settings and the entry script's own arguments.

    Args:
        arguments: What `command_arguments` has made, with texts in place of placeholders.

    Raises:
        ValueError: A parameter's text does not fit its field; the message names both.
    """
    end = arguments.index(_END)
    document, pairs = json.loads(arguments[0]), arguments[1:end]
    for name, text in zip(pairs[::2], pairs[1::2]):
        document[name] = _of_text(name, text)
    return of_document(document), list(arguments[end + 1 :])


def of_document(document: Mapping[str, Any]) -> Settings:
    """Return the settings that `Settings.document` has written.

    Args:
        document: The JSON values.
    """
    inputs = tuple(Source(**one) for one in document["inputs"])
    return Settings(**{**document, "inputs": inputs, "partition_keys": tuple(document["partition_keys"])})


def script_arguments(settings: Settings, output: str, processes: int, own: Sequence[str]) -> list[str]:
    """Return the ``sys.argv`` of the entry script without its name: as in v1, options of the step precede its own.

    Args:
        settings: The settings.
        output: The path of the output; empty: there is none.
        processes: The number of processes per node.
        own: The entry script's own arguments.
    """
    options: dict[str, object] = {
        "client_sdk_version": "1.61.0",  # the version of v1 that this one follows
        "scoring_module_name": settings.entry_script,
        "mini_batch_size": settings.mini_batch_size,
        "error_threshold": settings.error_threshold,
        "output_action": settings.output_action,
        "logging_level": settings.logging_level,
        "run_invocation_timeout": settings.run_invocation_timeout,
        "run_max_try": settings.run_max_try,
        "create_snapshot_at_runtime": True,
    }
    if settings.allowed_failed_count >= 0:
        options["allowed_failed_count"] = settings.allowed_failed_count
    if settings.allowed_failed_percent >= 0:
        options["allowed_failed_percent"] = settings.allowed_failed_percent
    if not settings.is_summary:
        options["append_row_file_name"] = settings.append_row_file_name
    if output:
        options["output"] = output
    options["process_count_per_node"] = processes
    if settings.partition_keys:
        options["partition_keys"] = json.dumps(settings.partition_keys)
    before = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    named = {"file": "input_fds", "tabular": "input_ds"}
    inputs = [
        text
        for number, source in enumerate(settings.inputs)
        for text in (f"--{named[source.kind]}_{number}", source.name)
    ]
    return [*before, *own, *inputs]


def _of_text(name: str, text: str) -> object:
    kind = type(getattr(Settings, name, ""))
    try:
        if kind is tuple:
            keys = json.loads(text)
            return tuple(str(key) for key in ([keys] if isinstance(keys, str) else keys))
        return kind(text) if kind in (int, float) else text
    except (ValueError, TypeError) as error:
        words = {int: "a whole number", float: "a number", tuple: "a JSON list of column names"}[kind]
        raise ValueError(f"{name} is {text!r}, which is not {words}") from error


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [vars(one) if isinstance(one, Source) else one for one in value]
    return value
