"""ParallelRunStep: one script over many files or rows, in many processes on many nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ...data.partitions import partition_columns
from ...errors import Problem
from ...model.data import DatasetDefinition, Mode
from ...model.step import Interpreter
from ...model.workers import WorkerKind, Workers
from ...override import override
from ..base.caller import caller
from ..base.exceptions import PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Placeholder
from ..base.plain_values import texts
from ..datasets.abstract_dataset import AbstractDataset
from ..datasets.consumption import DatasetConsumptionConfig
from ..outputs.output_dataset_config import OutputDatasetConfig
from ..outputs.output_input import OutputDatasetInput
from ..outputs.pipeline_output_dataset import PipelineOutputFileDataset, PipelineOutputTabularDataset
from ..parallel_run.batch_size import is_in_bytes
from ..parallel_run.settings import APPEND_ROW, PROGRAM, RESERVED, ROWS_FILE, Settings, Source, command_arguments
from .base import PipelineStep
from .parallel_run_config import ParallelRunConfig, value_fault
from .settings import settings_of

_DATASETS = (
    DatasetConsumptionConfig,
    PipelineOutputFileDataset,
    PipelineOutputTabularDataset,
    OutputDatasetInput,
)
_OF_SETTINGS = ("mini_batch_size", "partition_keys", "logging_level", "run_invocation_timeout", "run_max_try")
"""The arguments of a ParallelRunConfig that the program reads; the others tell how many workers there are."""
_BYTES_OF_FILES = (
    "mini_batch_size is a size in bytes, but the inputs are files, which are counted",
    "give the number of files of a mini-batch, such as '10'",
)
"""v1 takes ``1MB`` for 1,048,576 files, so that one process gets all of them."""


class ParallelRunStep(PipelineStep):
    """A step that cuts its inputs into mini-batches and calls ``run(mini_batch)`` of a script for each.

    The script's ``init()`` is called once in each process, ``run(mini_batch)`` or ``run(mini_batch, context)`` for each
    mini-batch, ``shutdown()`` at the end; `init` and `shutdown` may be absent. A mini-batch is a list of paths or a
    data frame. ``run()`` returns a list or a data frame with one element or row for each item that it has processed.

    Example:
        >>> scores = PipelineData("scores")
        >>> step = ParallelRunStep("score", parallel_run_config=config, inputs=[images.as_named_input("images")],
        ...     output=scores, arguments=["--model", "v3"])

    Args:
        name: The step's name. Required.
        parallel_run_config: The ParallelRunConfig. Required.
        inputs: The data that are cut, all files or all tables: ``dataset.as_named_input(...)``, ``data.as_dataset()``
            of a PipelineData, ``output.as_input()`` of an OutputFileDatasetConfig. Files are mounted where the target
            can, unless ``as_download()`` is asked for. At least one.
        output: PipelineData or OutputFileDatasetConfig: a folder with the file of rows, and with what the script writes
            there. None: none, which needs the output action ``summary_only``.
        side_inputs: Data that every process sees whole: as inputs of a PythonScriptStep. None: none.
        arguments: Options of the script, after v1's own in its ``sys.argv``. The first begins with ``-``. None: none.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.

    Raises:
        PipelineInvalid: (a ValueError) Arguments are invalid; the exception has every problem.

    """

    def __init__(
        self,
        name: str,
        parallel_run_config: ParallelRunConfig,
        inputs: Sequence[object],
        output: object = None,
        side_inputs: Sequence[object] | None = None,
        arguments: Sequence[object] | None = None,
        allow_reuse: bool = True,
    ) -> None:
        own = list(arguments) if isinstance(arguments, (list, tuple)) else []
        cut = [_brought(item) for item in inputs] if isinstance(inputs, (list, tuple)) else []
        side = [_brought(item) for item in side_inputs or ()]
        found = [*_faults(name, parallel_run_config, cut, output), *_of_arguments(arguments)]
        if found:
            where = caller()
            raise PipelineInvalid([Problem(f"ParallelRunStep {name!r}: {what}", where, do) for what, do in found])
        config = self.config = parallel_run_config
        self.side_inputs = side
        self._own_arguments = own
        self._sources = tuple(
            Source(item.consumed().name, _kind(item)) for item in cut if isinstance(item, Placeholder)
        )
        self._output = _output_name(output)
        settings = settings_of(
            None,
            config.compute_target,
            source_directory=config.source_directory,
            script=config.entry_script,
            reuse=allow_reuse,
        )
        super().__init__(
            name,
            [*cut, *side],
            [] if output is None else [output],
            arguments=own,
            settings=replace(
                settings,
                environment=config.environment,
                variables=texts(config.environment_variables),
                workers=_workers(config),
                worker_parameters=tuple(config.parameters.values()),
            ),
        )

    @property
    @override
    def value_rules(self) -> Mapping[str, Callable[[object], tuple[str, str] | None]]:
        """The rules of the settings that are parameters: a number may be text, as in v1."""
        given = self.config.parameters.items()
        counted = any(source.kind == "file" for source in self._sources)
        return {
            one.name: _size_of_files_fault if counted and name == "mini_batch_size" else partial(value_fault, name)
            for name, one in given
            if name in _OF_SETTINGS
        }

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the program and its arguments; see `runner.sdk.parallel_run.settings`."""
        config, given = self.config, self.config.parameters
        fixed = {name: getattr(config, name) for name in _OF_SETTINGS if name not in given}
        settings = Settings(
            entry_script=config.entry_script,
            inputs=self._sources,
            output=self._output,
            output_action=config.output_action.lower(),
            append_row_file_name=config.append_row_file_name or ROWS_FILE,
            mini_batch_size=_text(fixed.get("mini_batch_size")),
            partition_keys=tuple(fixed.get("partition_keys") or ()),
            error_threshold=int(str(config.error_threshold)),
            allowed_failed_count=int(_limit(config.allowed_failed_count)),
            allowed_failed_percent=_limit(config.allowed_failed_percent),
            run_invocation_timeout=int(fixed.get("run_invocation_timeout") or 60),
            run_max_try=int(fixed.get("run_max_try") or 3),
            logging_level=_text(fixed.get("logging_level")).upper() or "INFO",
        )
        parameters = {name: value for name, value in given.items() if name in _OF_SETTINGS}
        return [Interpreter(), "-m", PROGRAM, *command_arguments(settings, parameters, self._own_arguments)]


def _workers(config: ParallelRunConfig) -> Workers:
    nodes, processes = config.node_count, config.process_count_per_node
    return Workers(
        kind=WorkerKind.POOL,
        nodes=_count(nodes) or 1,
        nodes_parameter=nodes.name if isinstance(nodes, PipelineParameter) else "",
        processes=_count(processes),
        processes_parameter=processes.name if isinstance(processes, PipelineParameter) else "",
    )


def _count(value: object) -> int:
    known = value.default_value if isinstance(value, PipelineParameter) else value
    return 0 if known is None else int(str(known))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _limit(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else -1.0


def _brought(item: object) -> object:
    """Return an input as v1 brings it to the step: outputs as inputs, and files as a mount unless a download is asked.

    Each worker reads only its part of a mount.
    """
    if isinstance(item, OutputDatasetConfig):
        item = item.as_input()
    if not isinstance(item, _DATASETS) or _kind(item) != "file" or isinstance(item, PipelineOutputTabularDataset):
        return item
    consumed = item.consumed()
    if consumed.mode in (Mode.MOUNT, Mode.DOWNLOAD):
        return item
    return item.as_mount(consumed.path_on_compute or None)


def _kind(item: object) -> str:
    """Return ``file`` or ``tabular``; empty for anything that is no dataset."""
    if not isinstance(item, _DATASETS):
        return ""
    consumed = item.consumed()
    if consumed.view is not None:
        return consumed.view.kind
    origin: object = consumed.origin
    if isinstance(origin, PipelineParameter):
        origin = origin.default_value
        origin = origin.definition if isinstance(origin, AbstractDataset) else None
    return origin.kind if isinstance(origin, DatasetDefinition) else ""


def _output_name(output: object) -> str:
    produced = output.produced() if isinstance(output, Placeholder) else None
    return produced.name if produced is not None else ""


def _faults(name: object, config: object, inputs: Sequence[object], output: object) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a step, and what to do about it."""
    if not name or not isinstance(name, str):
        yield "there is no name", "give the step a name"
    if not isinstance(config, ParallelRunConfig):
        yield f"parallel_run_config is a {type(config).__name__}", "give a ParallelRunConfig"
    elif output is None and config.output_action.lower() == APPEND_ROW:
        yield "there is no output for the rows", "give output=PipelineData(...), or the output action 'summary_only'"
    if output is not None and not _output_name(output):
        yield f"a {type(output).__name__} cannot be the output", "give a PipelineData or an OutputFileDatasetConfig"
    if not inputs:
        yield "inputs must be a list with at least one element", "list the datasets that are cut into mini-batches"
    for item in inputs:
        if not _kind(item):
            yield (
                f"a {type(item).__name__} cannot be an input",
                "give dataset.as_named_input('name'), data.as_dataset() of a PipelineData or output.as_input()",
            )
    kinds = {_kind(item) for item in inputs} - {""}
    if len(kinds) > 1:
        yield "some inputs are files and others are tables", "make a step for each kind, or use side_inputs"
    if isinstance(config, ParallelRunConfig):
        yield from _of_keys(config, inputs)
        if config.is_sized_in_bytes and "file" in kinds:
            yield _BYTES_OF_FILES


def _size_of_files_fault(value: object) -> tuple[str, str] | None:
    """Return why a value cannot be the `mini_batch_size` of files, and what to do; None: it can."""
    return _BYTES_OF_FILES if is_in_bytes(value) else value_fault("mini_batch_size", value)


def _of_keys(config: ParallelRunConfig, inputs: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Yield the partition keys that an input is known not to have. The value of a parameter may have others."""
    if isinstance(config.partition_keys, PipelineParameter):
        return
    for item in inputs:
        definition = _definition(item)
        if definition is None:
            continue
        known = partition_columns(definition.options.get("partition_format"))
        for key in config.partition_keys or ():
            if key not in known:
                name = item.consumed().name if isinstance(item, Placeholder) else ""
                yield (
                    f"input '{name}' has no partition key {key!r} (it has: {', '.join(known) or 'none'})",
                    "define the dataset with partition_format, or make it with partition_by",
                )


def _definition(item: object) -> DatasetDefinition | None:
    """Return how an input is read; None for anything that is no dataset, or that a parameter gives."""
    if not isinstance(item, _DATASETS):
        return None
    consumed = item.consumed()
    origin: object = consumed.view or consumed.origin
    return origin if isinstance(origin, DatasetDefinition) else None


def _of_arguments(arguments: object) -> Iterator[tuple[str, str]]:
    if arguments is None:
        return
    if not isinstance(arguments, (list, tuple)):
        yield f"arguments must be a list, not a {type(arguments).__name__}", "give a list"
        return
    if arguments and not (isinstance(arguments[0], str) and arguments[0].startswith("-")):
        yield (
            f"the first argument is {arguments[0]!r}, which is no option",
            "begin each argument's name with '-': v1's own options stand before them",
        )
    for item in arguments:
        option = item.partition("=")[0] if isinstance(item, str) else ""
        if option in RESERVED:
            yield f"the argument {option!r} is one of v1's own for parallel steps", "give it another name"
