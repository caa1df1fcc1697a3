"""A step's inputs and outputs by name, and its arguments resolved to them (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ...errors import Problem
from ...model.data import Mode
from ...model.step import Argument, InputPath, Interpreter, OutputPath, ParameterValue, SampledArguments
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Consumed, Output, Placeholder, ShellText
from ..datasets.abstract_dataset import AbstractDataset
from ..datastores.data_paths import DataPath, DataPathComputeBinding, pair_of, referenced

if TYPE_CHECKING:
    from .base import PipelineStep

_NAME = re.compile(r"[A-Za-z0-9_]+")
_MARK = "$AZUREML_DATAREFERENCE_"
_REFERENCE = r"\$AZUREML_DATAREFERENCE_([A-Za-z0-9_]+)"
_MARKS = (_MARK, "DatasetConsumptionConfig:", "DatasetOutputConfig:", "PipelineParameter_Name:")


class Bindings:
    """The inputs, outputs and parameters of a step by name. Faults are collected in `problems`; none is raised.

    Args:
        step: The step.

    """

    def __init__(self, step: PipelineStep) -> None:
        self.step = step
        self.problems: list[Problem] = []
        self.inputs: dict[str, Consumed] = {}
        self.outputs: dict[str, Output] = {}
        self.parameters: dict[str, PipelineParameter] = {}
        for item in step.outputs:
            self._add_output(item)
        for item in step.inputs:
            self._add_input(item)
        for item in step.arguments:
            self._add_implicit(item)
        settings = step.settings
        for value in (*step.params.values(), *settings.node_parameters, *settings.worker_parameters):
            if isinstance(value, PipelineParameter):
                self._add_parameter(value)
        for name, value in step.params.items():
            if isinstance(value, PipelineParameter) and not value.scalar:
                self.problem(f"params[{name!r}] stands for data", "list it in inputs with a DataPathComputeBinding")

    @cached_property
    def command(self) -> tuple[Argument, ...]:
        """The step's command with every placeholder resolved to a name."""
        return tuple(self._argument(item) for item in (*self.step.settings.program, *self.step.command()))

    def problem(self, what: str, remedy: str = "") -> None:
        """Add a problem of the step.

        Args:
            what: The fault.
            remedy: The way to mend it. Default: empty, none is known.

        """
        self.problems.append(self.as_problem(what, remedy))

    def as_problem(self, what: str, remedy: str = "") -> Problem:
        """Return the problem with the step's name and the line that made the step.

        Args:
            what: The fault.
            remedy: The way to mend it. Default: empty, none is known.

        """
        return Problem(f"step '{self.step.name}': {what}", self.step.where, remedy)

    def _add_output(self, item: object) -> None:
        output = item.produced() if isinstance(item, Placeholder) else None
        if output is None:
            self.problem(f"a {type(item).__name__} cannot be an output", "list PipelineData in outputs")
            return
        if getattr(item, "training_output", None) is not None and not self.step.trains:
            self.problem(f"'{output.name}' has a training_output, which this kind of step cannot make",
                         "leave training_output out; the script writes the file itself")  # fmt: skip
        self._check_name(output.name, "output")
        if self.outputs.setdefault(output.name, output) is not output:
            self.problem(f"two outputs are named '{output.name}'", "give each its own name or output_name")

    def _add_input(self, item: object) -> None:
        consumed = self._consumed(item)
        if consumed is None:
            return
        if consumed.name in self.outputs:  # v1 renames silently as well
            consumed = replace(consumed, name=f"INPUT_{consumed.name}")
        self._check_name(consumed.name, "input")
        known = self.inputs.setdefault(consumed.name, consumed)
        if not known.agrees(consumed):
            self.problem(f"two inputs are named '{consumed.name}'", "give one another name (as_input, as_named_input)")
        elif known.mode is Mode.AUTO:  # one of the two may ask for a mount
            self.inputs[consumed.name] = replace(known, mode=consumed.mode)
        if isinstance(consumed.origin, PipelineParameter):
            self._add_parameter(consumed.origin)

    def _consumed(self, item: object) -> Consumed | None:
        if isinstance(item, Placeholder):
            return item.consumed()
        data, binding = pair_of(item) or (None, None)
        if isinstance(data, PipelineParameter) and isinstance(binding, DataPathComputeBinding):
            return referenced(data, re.sub(r"[^A-Za-z0-9_]", "_", data.name), binding)
        if isinstance(data, DataPath) and isinstance(binding, DataPathComputeBinding):
            return data.bound(binding)
        if isinstance(item, AbstractDataset):
            self.problem("a dataset cannot be an input by itself", "pass dataset.as_named_input('name')")
        elif isinstance(item, PipelineParameter):
            self.problem(
                f"parameter '{item.name}' cannot be an input by itself",
                "pass (parameter, DataPathComputeBinding()) for a DataPath, or DatasetConsumptionConfig(name, "
                "parameter) for a Dataset; plain values belong in arguments",
            )
        else:
            self.problem(
                f"a {type(item).__name__} ({item!r}) cannot be an input",
                "pass PipelineData, a DataReference or a named dataset; plain values belong in arguments",
            )
        return None

    def _add_implicit(self, item: object) -> None:
        """v1: datasets and output configurations in the arguments count as inputs and outputs."""
        if isinstance(item, PipelineParameter):
            self._add_parameter(item)
        elif isinstance(item, tuple):
            if self._input_of(item) is None:
                self._add_input(item)
        elif isinstance(item, Placeholder) and item.implicit and self._known(item, exactly=True) is None:
            self._add_implicit_placeholder(item)

    def _add_implicit_placeholder(self, item: Placeholder) -> None:
        if item.writes:
            self._add_output(item)
        else:
            self._add_input(item)

    def _add_parameter(self, parameter: PipelineParameter) -> None:
        self._check_name(parameter.name, "parameter", re.compile(r"[A-Za-z0-9_][\w \-.]*"))
        known = self.parameters.setdefault(parameter.name, parameter)
        if not _same_default(known, parameter):
            self.problem(f"parameter '{parameter.name}' has two defaults", "make one PipelineParameter and share it")

    def _argument(self, item: object) -> Argument:
        if isinstance(item, (Interpreter, SampledArguments)):
            return item
        if isinstance(item, PipelineParameter):
            return self._parameter(item)
        if isinstance(item, Placeholder) or _is_bound(item):
            return self._path(item)
        if isinstance(item, ShellText):
            return self._shell_text(item)
        if isinstance(item, str):
            return self._text(item)
        if isinstance(item, AbstractDataset):
            self.problem("a dataset cannot be an argument by itself", "pass dataset.as_named_input('name')")
            return ""
        return str(item)

    def _parameter(self, parameter: PipelineParameter) -> Argument:
        if not parameter.scalar:
            self.problem(
                f"parameter '{parameter.name}' stands for data and cannot be an argument by itself",
                "pass (parameter, DataPathComputeBinding()) or a DatasetConsumptionConfig of it",
            )
        return ParameterValue(parameter.name)

    def _path(self, item: object) -> Argument:
        known = self._known(item) if isinstance(item, Placeholder) else self._input_of(item)
        if known is not None:
            return known
        name = getattr(item, "name", "") or str(item)
        self._unlisted(name)
        return ""

    def _unlisted(self, name: str) -> None:
        self.problem(
            f"'{name}' is in arguments but neither in inputs nor in outputs",
            "list it in inputs if the step reads it, in outputs if the step writes it",
        )

    def _text(self, text: str) -> Argument:
        if text.startswith("parameter:") and text[len("parameter:") :] in self.step.params:
            value = self.step.params[text[len("parameter:") :]]
            return self._parameter(value) if isinstance(value, PipelineParameter) else str(value)
        if text.startswith(_MARK) and _NAME.fullmatch(text[len(_MARK) :]):
            name = text[len(_MARK) :]
            found = self._named(name)
            if found is None:
                self._unlisted(name)
            return found or text
        if any(mark in text for mark in _MARKS):
            self.problem(
                f"a placeholder was joined into the text {text!r}",
                "pass the placeholder as an argument of its own; the script joins paths",
            )
        return text

    def _shell_text(self, text: str) -> Argument:
        """The text with each reference to data under the name that the step's process knows."""

        def known(match: re.Match[str]) -> str:
            found = self._named(match[1])
            return f"{_MARK}{found.name}" if isinstance(found, (InputPath, OutputPath)) else match[0]

        shown = re.sub(_REFERENCE, known, text)
        unknown = [name for name in re.findall(_REFERENCE, shown) if self._named(name) is None]
        if unknown:
            self._unlisted(unknown[0])
        elif any(mark in text for mark in _MARKS[1:]):
            self.problem(f"a placeholder was joined into the text {text!r}",
                         "give the command as a list, with the placeholder as an item of its own")  # fmt: skip
        return shown

    def _named(self, name: str) -> Argument | None:
        if name in self.outputs:
            return OutputPath(name)
        if name in self.inputs:
            return InputPath(name)
        made = [own for own, one in self.inputs.items() if isinstance(one.origin, Output) and one.origin.name == name]
        return InputPath(made[0]) if made else None

    def _known(self, item: Placeholder, *, exactly: bool = False) -> Argument | None:
        output = item.produced()
        if output is not None and not item.reads and any(output is known for known in self.outputs.values()):
            return OutputPath(output.name)
        return self._input_of(item, exactly=exactly)

    def _input_of(self, item: object, *, exactly: bool = False) -> Argument | None:
        consumed = self._consumed(item)
        if consumed is None:
            return None
        own = {consumed.name, f"INPUT_{consumed.name}"} & self.inputs.keys()
        ordered = own if len(own) < 2 else [name for name in self.inputs if name in own]
        for name in ordered:  # before all others are looked at: a step may have thousands
            if self.inputs[name].origin == consumed.origin and self.inputs[name].has_rows_of(consumed):
                return InputPath(name)
        if exactly or not isinstance(consumed.origin, Output):
            return None
        alike = (name for name, known in self.inputs.items() if known.origin == consumed.origin)
        return next(map(InputPath, alike), None)

    def _check_name(self, name: str, what: str, rule: re.Pattern[str] = _NAME) -> None:
        if not rule.fullmatch(name):
            self.problem(f"{name!r} is no valid {what} name", "use letters, digits and underscore")


def all_parameters(bindings: Iterable[Bindings]) -> tuple[dict[str, PipelineParameter], list[Problem]]:
    """Return every parameter by name, and the problems of those whose steps disagree on the default.

    Args:
        bindings: The bindings of the pipeline's steps.

    """
    found: dict[str, PipelineParameter] = {}
    problems: list[Problem] = []
    for one in bindings:
        for name, parameter in one.parameters.items():
            known = found.setdefault(name, parameter)
            if not _same_default(known, parameter):
                problems.append(
                    Problem(
                        f"parameter '{name}' has two defaults: {known.default_value!r} and {parameter.default_value!r}",
                        f"{known.where}, {parameter.where}",
                        "make one PipelineParameter and share it",
                    )
                )
    return found, problems


def _same_default(known: PipelineParameter, other: PipelineParameter) -> bool:
    """Return True if both parameters have the same default. 1 and True differ."""
    first, second = known.default_value, other.default_value
    return known is other or (type(first) is type(second) and first == second)


def _is_bound(item: object) -> bool:
    """Return True for a parameter or place of data together with its binding."""
    data, binding = pair_of(item) or (None, None)
    return isinstance(data, (PipelineParameter, DataPath)) and isinstance(binding, DataPathComputeBinding)
