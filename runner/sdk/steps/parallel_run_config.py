"""ParallelRunConfig: the way in which the work of a ParallelRunStep is cut, spread and judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Problem
from ...override import override
from ..base.caller import caller
from ..base.exceptions import PipelineInvalid, UserErrorException
from ..base.json_access import mapping
from ..base.pipeline_parameter import PipelineParameter
from ..base.plain_values import plain_scalar, texts
from ..environments.environment import Environment
from ..parallel_run.batch_size import batch_size, is_in_bytes
from ..parallel_run.settings import APPEND_ROW, SUMMARY_ONLY

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace

_LEVELS = ("DEBUG", "INFO", "WARNING")
_UNFIT = re.compile(r'[~"#%&*:<>?/\\{|}]|^\.{0,2}$')
"""Characters that v1 refuses in the name of the file with the rows, and names that are no file's."""
_COUNTS = ("node_count", "process_count_per_node", "run_invocation_timeout", "run_max_try")
_PARAMETERS = ("mini_batch_size", "partition_keys", "logging_level", *_COUNTS)
"""The arguments that may be PipelineParameters, as in v1."""
_MAY_BE_ABSENT = ("mini_batch_size", "partition_keys", "process_count_per_node")
_KEYS = "give a list of columns; as a PipelineParameter, its JSON text"
_SAVED = (
    "mini_batch_size", "partition_keys", "error_threshold", "allowed_failed_count", "allowed_failed_percent",
    "output_action", "logging_level", "node_count", "process_count_per_node", "entry_script", "source_directory",
    "description", "run_invocation_timeout", "run_max_try", "append_row_file_name",
)  # fmt: skip
"""The fields of the YAML form that are plain values."""


class ParallelRunConfig:
    """The way in which a ParallelRunStep cuts its inputs, spreads the mini-batches over processes, and judges failures.

    Example:
        >>> config = ParallelRunConfig(environment=env, entry_script="score.py", source_directory="src",
        ...     mini_batch_size="5", error_threshold=10, output_action="append_row", compute_target="cpu",
        ...     node_count=2, process_count_per_node=4)

    Args:
        environment: The Environment of the entry script. Required.
        entry_script: The script with ``init()`` and ``run(mini_batch)``, as a path relative to `source_directory`.
        error_threshold: The most items that may fail over the whole input; a file, or a row of a table, is an item.
            -1: any number.
        output_action: ``"append_row"``: what ``run()`` returns goes to one file of the output. ``"summary_only"``:
            the script writes its own files.
        compute_target: A ComputeTarget or its name.
        node_count: The number of nodes. It may be a PipelineParameter.
        process_count_per_node: The number of processes that run the script on each node. None: one per core. It may
            be a PipelineParameter.
        mini_batch_size: For files, the number of files of one call of ``run()``; for tables, about the size of the
            rows: bytes, or text such as ``"1KB"``, ``"10MB"``, ``"1GB"``. None: 10 files, 1 MB. It may be a
            PipelineParameter.
        source_directory: The folder that is stored as the step's snapshot. None: the pipeline's default, else the
            current folder.
        description: Text for people; it is not used. None: none.
        logging_level: ``"DEBUG"``, ``"INFO"`` or ``"WARNING"``. Default: INFO. It may be a PipelineParameter.
        run_invocation_timeout: Seconds that one call of ``run()`` may take. Default: 60. It may be a
            PipelineParameter.
        run_max_try: The most calls of ``run()`` for one mini-batch. Default: 3. It may be a PipelineParameter.
        append_row_file_name: The name of the file with the rows. None: ``parallel_run_step.txt``.
        allowed_failed_count: The most mini-batches that may fail; -1: any number. None: any number.
        allowed_failed_percent: The same as a percentage of all mini-batches, 0 to 100. None: any number.
        partition_keys: Columns of partitioned inputs: each combination of their values is one mini-batch. It excludes
            `mini_batch_size`. None: none. A PipelineParameter of it has the list as JSON text.
        environment_variables: Variables of the script's processes. None: none.

    Raises:
        PipelineInvalid: (a ValueError) Arguments are invalid; the exception has every problem.

    """

    def __init__(
        self,
        environment: Environment,
        entry_script: str,
        error_threshold: int,
        output_action: str,
        compute_target: object,
        node_count: object,
        process_count_per_node: object = None,
        mini_batch_size: object = None,
        source_directory: str | None = None,
        description: str | None = None,
        logging_level: object = "INFO",
        run_invocation_timeout: object = 60,
        run_max_try: object = 3,
        append_row_file_name: str | None = None,
        allowed_failed_count: int | None = None,
        allowed_failed_percent: float | None = None,
        partition_keys: Sequence[str] | PipelineParameter | None = None,
        environment_variables: Mapping[str, object] | None = None,
    ) -> None:
        self.where = caller()
        self.environment = environment
        self.entry_script = str(entry_script or "").strip()
        self.error_threshold = plain_scalar(error_threshold)
        self.output_action = output_action
        self.compute_target = compute_target
        self.node_count = plain_scalar(node_count)
        self.process_count_per_node = plain_scalar(process_count_per_node)
        self.mini_batch_size = plain_scalar(mini_batch_size)
        self.source_directory = str(source_directory).strip() if source_directory is not None else None
        self.description = description
        self.logging_level = "INFO" if logging_level is None else logging_level
        self.run_invocation_timeout = 60 if run_invocation_timeout is None else plain_scalar(run_invocation_timeout)
        self.run_max_try = 3 if run_max_try is None else plain_scalar(run_max_try)
        self.append_row_file_name = append_row_file_name
        self.allowed_failed_count = plain_scalar(allowed_failed_count)
        self.allowed_failed_percent = plain_scalar(allowed_failed_percent)
        self.partition_keys = partition_keys
        self.environment_variables: dict[str, object] = dict(environment_variables or {})
        found = list(_faults(vars(self)))
        if found:
            raise PipelineInvalid([Problem(f"ParallelRunConfig: {what}", self.where, do) for what, do in found])
        self.is_sized_in_bytes = is_in_bytes(_default(self.mini_batch_size))
        """True if `mini_batch_size`, or the default of its parameter, has a unit."""
        if isinstance(self.mini_batch_size, str):  # v1 keeps the number
            self.mini_batch_size = batch_size(self.mini_batch_size)

    @property
    def parameters(self) -> dict[str, PipelineParameter]:
        """The arguments that are PipelineParameters."""
        given = {name: getattr(self, name) for name in _PARAMETERS}
        return {name: value for name, value in given.items() if isinstance(value, PipelineParameter)}

    def save_to_yaml(self, path: str) -> None:
        """Write v1's YAML form. A PipelineParameter is written as its default.

        Args:
            path: The file.

        """
        from ..computes.compute_target import target_name
        from ..environments.conda_dependencies import to_yaml
        from ..environments.files import document_of

        fields = {name: _default(getattr(self, name)) for name in _SAVED}
        if isinstance(self.partition_keys, tuple):
            fields["partition_keys"] = list(self.partition_keys)
        if isinstance(self.partition_keys, PipelineParameter):
            fields["partition_keys"] = json.loads(str(fields["partition_keys"]))
        document = {
            **fields,
            "compute_target_name": target_name(self.compute_target),
            "environment": document_of(self.environment),
            "environment_variables": texts(self.environment_variables),
        }
        Path(path).write_text(to_yaml({"parallel_run_config": document}), encoding="utf-8")

    @staticmethod
    def load_yaml(workspace: Workspace, path: str) -> ParallelRunConfig:
        """Return the configuration of a file that `save_to_yaml` or v1 has written.

        ``environment`` is the environment itself, the path of a file with it, or absent; then
        ``environment_dir_path`` or ``environment_name`` tells it.

        Args:
            workspace: The workspace that has the compute target and named environments.
            path: The file.

        Returns:
            The configuration.

        Raises:
            UserErrorException: The file cannot be read, or lacks a field.
            PipelineInvalid: Values are invalid; the exception has every problem.

        """
        from ..computes.compute_target import AmlCompute
        from ..environments.conda_dependencies import read_yaml

        document = read_yaml(Path(path), "parallel run configuration").get("parallel_run_config")
        if not isinstance(document, Mapping):
            raise UserErrorException(
                "there is no mapping parallel_run_config", where=path, remedy="write it by config.save_to_yaml(path)"
            )
        given = {name: document.get(name) for name in _SAVED}
        if given["mini_batch_size"] is not None:
            given["mini_batch_size"] = str(given["mini_batch_size"])
        name = document.get("compute_target_name")
        if not isinstance(name, str) or not name:
            raise UserErrorException("there is no compute_target_name", where=path, remedy="add it")
        return ParallelRunConfig(
            environment=_environment(document, workspace, path),
            compute_target=AmlCompute(workspace, name),
            environment_variables=mapping(document.get("environment_variables")),
            **given,  # type: ignore[arg-type]  # the constructor checks the types
        )

    @override
    def __repr__(self) -> str:
        return f"ParallelRunConfig({self.entry_script!r}, {self.output_action!r})"


def _environment(document: Mapping[str, object], workspace: Workspace, path: str) -> Environment:
    from ..environments.conda_dependencies import read_yaml
    from ..environments.files import environment_of

    written = document.get("environment")
    if isinstance(written, str):
        return environment_of(read_yaml(Path(path).parent / written, "environment"))
    if isinstance(written, Mapping):
        return environment_of(written)
    folder, name = document.get("environment_dir_path"), document.get("environment_name")
    if isinstance(folder, str):
        return Environment.load_from_directory(folder)
    if isinstance(name, str):
        return Environment.get(workspace, name=name)
    raise UserErrorException("there is no environment", where=path, remedy="add it below parallel_run_config")


def _default(value: object) -> object:
    """Return the default of a PipelineParameter, any other value as it is."""
    return value.default_value if isinstance(value, PipelineParameter) else value


def _faults(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the arguments, and what to do about it."""
    yield from _of_script(given)
    yield from _of_thresholds(given)
    if given["mini_batch_size"] is not None and given["partition_keys"] is not None:
        yield "both mini_batch_size and partition_keys are given", "leave one of them out: each defines the batches"
    for name in _PARAMETERS:
        value = given[name]
        if isinstance(value, PipelineParameter):
            fault = value_fault(name, value.default_value)
        elif name == "partition_keys" and isinstance(value, (list, tuple)):
            fault = value_fault(name, json.dumps(list(value), default=str) if all(map(_is_text, value)) else value)
        elif name == "partition_keys" and value is not None:
            fault = f"partition_keys is {value!r}", _KEYS
        else:
            fault = None if value is None and name in _MAY_BE_ABSENT else value_fault(name, value)
        if fault is not None:
            yield fault


def _of_script(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if not isinstance(given["environment"], Environment):
        yield f"environment is a {type(given['environment']).__name__}", "give an Environment"
    if not given["entry_script"]:
        yield "there is no entry_script", "name the script that has init() and run(mini_batch)"
    if str(given["output_action"]).lower() not in (APPEND_ROW, SUMMARY_ONLY):
        yield f"output_action is {given['output_action']!r}", f"give {APPEND_ROW!r} or {SUMMARY_ONLY!r}"
    name = given["append_row_file_name"]
    if name is not None and _UNFIT.search(str(name)):
        yield f"append_row_file_name {name!r} cannot be a file's name", "use letters, digits, dots, - and _"


def _of_thresholds(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in ("error_threshold", "allowed_failed_count"):
        value = given[name]
        if value is None and name != "error_threshold":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < -1:
            yield f"{name} is {value!r}", "give a whole number; -1 allows any number of failures"
    share = given["allowed_failed_percent"]
    if share is None:
        return
    if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0 <= share <= 100:
        yield f"allowed_failed_percent is {share!r}", "give a number from 0 to 100"


def value_fault(name: str, value: object) -> tuple[str, str] | None:
    """Return why a value cannot be that of an argument which may be a PipelineParameter, and what to do; None: it can.

    Args:
        name: The argument.
        value: The value; `partition_keys` as JSON text.

    """
    if name in _COUNTS:
        fits, remedy = _is_whole(value) and int(str(value)) >= 1, "give a whole number of at least 1"
    elif name == "logging_level":
        fits, remedy = str(value).upper() in _LEVELS, f"give one of {', '.join(_LEVELS)}"
    elif name == "mini_batch_size":
        fits, remedy = _is_size(value), "give a number of files, or a size such as '1KB', '10MB' or '1GB'"
    else:
        fits, remedy = _are_keys(value), _KEYS
    return None if fits else (f"{name} is {value!r}", remedy)


def _is_size(value: object) -> bool:
    try:
        batch_size(value)
    except ValueError:
        return False
    return True


def _are_keys(value: object) -> bool:
    try:
        listed = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return isinstance(listed, list) and bool(listed) and all(map(_is_text, listed))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_whole(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, str)) and str(value).strip().isdigit()
