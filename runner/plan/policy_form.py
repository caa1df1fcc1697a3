"""Policies and resources in a pipeline file (pure)."""

from __future__ import annotations

from dataclasses import replace

from ..model.duration import as_text
from ..model.policy import RunPolicy, StepPolicy
from ..model.resources import Resources
from ..model.stated import DURATIONS, READERS, Stated, Unfit
from ..model.stated import fields_of as word_names
from ..model.step import StepSpec
from ..override import override
from .forms import UNREAD, Document, no_form
from .nodes import Leaf, Node, Reading, Table, kind_of
from .record_form import Record


class WordForm:
    """One word of a policy: a count, a factor or a length of time, as `READERS` take it; null says nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """The value."""
        if not isinstance(node, Leaf):
            reading.wrong(node.line, path, f"expected a number or a length of time, found {kind_of(node)}")
            return UNREAD
        try:
            return None if node.value is None else READERS[self.name](node.value)
        except Unfit as unfit:
            reading.wrong(node.line, path, f"{node.text!r} {unfit}", unfit.remedy)
            return UNREAD

    def write(self, value: object) -> Document:
        """Lengths of time as people write them."""
        if not isinstance(value, float):
            return value
        return as_text(value) if self.name in DURATIONS else int(value) if value.is_integer() else value


class PolicyForm(Record):
    """What holds for one step."""

    def __init__(self) -> None:
        super().__init__(StepPolicy)
        self.forms = {name: WordForm(name) for name in self.forms}


class PipelinePolicyForm(Record):
    """What holds for the whole run, and for every step that says nothing else: a `Stated`."""

    def __init__(self) -> None:
        super().__init__(RunPolicy)
        self.of_run = tuple(self.forms)
        self.steps = PolicyForm()
        self.forms = {name: WordForm(name) for name in (*self.of_run, *self.steps.forms)}
        self.defaults |= self.steps.defaults

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """A Stated."""
        run = super().make({name: values[name] for name in values if name in self.of_run}, node, path, reading)
        rest = {name: values[name] for name in values if name not in self.of_run}
        steps = self.steps.make(rest, node, path, reading)
        return Stated(steps, run) if isinstance(run, RunPolicy) and isinstance(steps, StepPolicy) else UNREAD

    @override
    def parts(self, value: object) -> dict[str, object]:
        """What is said."""
        if not isinstance(value, Stated):
            no_form(value)
        found = {name: getattr(value.run if name in self.of_run else value.policy, name) for name in self.forms}
        return {name: word for name, word in found.items() if word is not None}


def hoisted(steps: tuple[StepSpec, ...]) -> tuple[StepPolicy, tuple[StepSpec, ...]]:
    """What every step says alike, to be said once; and the steps without it. One step says all by itself."""
    if len(steps) < 2:
        return StepPolicy(), steps
    first = steps[0].policy
    alike = {name: getattr(first, name) for name in word_names(StepPolicy)}
    for step in steps:
        alike = {name: word for name, word in alike.items() if word is not None and getattr(step.policy, name) == word}
        if not alike:
            return StepPolicy(), steps
    unsaid = dict.fromkeys(alike)
    return StepPolicy(**alike), tuple(replace(step, policy=replace(step.policy, **unsaid)) for step in steps)


class ResourcesForm(Record):
    """What a step asks of its machine: it may take the memory that it asks for, unless the file says another limit."""

    def __init__(self) -> None:
        super().__init__(Resources)

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """A Resources."""
        if "memory" in values:
            values.setdefault("memory_limit", values["memory"])
        return super().make(values, node, path, reading)

    @override
    def parts(self, value: object) -> dict[str, object]:
        """What differs from what is meant without a word."""
        out = super().parts(value)
        if isinstance(value, Resources) and "memory" in out:
            out["memory_limit"] = value.memory_limit
            if value.memory_limit == value.memory:
                del out["memory_limit"]
        return {name: out[name] for name in self.forms if name in out}
