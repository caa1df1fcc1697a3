"""The schema of a pipeline file (docs/pipeline-yaml.md), over nodes: `codec` has the YAML (pure).

Two stages of one schema: a *draft* step names a folder of scripts (``source``), a *locked* one the
digest of its snapshot (``snapshot``); every other field is for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.plan import Plan
from ..model.policy import first_stated
from ..model.stated import NOTHING, Stated
from ..model.step import StepSpec
from ..override import override
from .forms import TEXT, UNREAD, Document
from .nodes import Node, Reading, Table
from .policy_form import PipelinePolicyForm, hoisted
from .port_forms import mapping_of
from .record_form import Keyed, Record
from .step_form import StepForm, names_in

_DEFAULT = NamedEnvironment("default", EnvironmentSpec())
"""The environment of a file that has none: nothing is installed."""


@dataclass(frozen=True)
class PipelineFile:
    """What one file says: a plan, and how to submit it."""

    plan: Plan
    experiment: str = ""
    """Empty: the file's name."""
    tags: Mapping[str, str] = field(default_factory=dict)
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False


class EnvironmentForm(Record):
    """What an environment is made of and its variables, in one mapping."""

    def __init__(self) -> None:
        super().__init__(NamedEnvironment)
        self.spec = Record(EnvironmentSpec)
        self.forms = {"name": TEXT, **self.spec.forms, "variables": self.forms["variables"]}

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """A pair of key and NamedEnvironment, whose name is its key unless the file says another."""
        own = {name: values.pop(name) for name in self.spec.forms if name in values}
        spec = self.spec.make(own, node, path, reading)
        name, variables = values.get("name", values["key"]), values.get("variables", {})
        if UNREAD in (spec, name, variables) or not isinstance(spec, EnvironmentSpec):
            return UNREAD
        texts = {key: str(value) for key, value in mapping_of(variables).items()}
        return values["key"], NamedEnvironment(str(name), spec, texts)

    def written(self, key: str, environment: NamedEnvironment) -> Document:
        """What stands at `key`."""
        name = {} if environment.name == key else {"name": environment.name}
        variables = {"variables": dict(environment.variables)} if environment.variables else {}
        return {**name, **mapping_of(self.spec.write(environment.spec)), **variables}


class EnvironmentsForm(Keyed):
    """Environments by their keys in the plan."""

    def __init__(self) -> None:
        super().__init__(EnvironmentForm(), "key")

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A dict."""
        found = super().read(node, path, reading)
        return dict(found) if isinstance(found, tuple) else UNREAD

    @override
    def write(self, value: object) -> Document:
        """A dict."""
        one = EnvironmentForm()
        pairs = mapping_of(value).items()
        return {key: one.written(key, each) for key, each in pairs if isinstance(each, NamedEnvironment)}


class FileForm(Record):
    """The whole file."""

    def __init__(self) -> None:
        super().__init__(PipelineFile)
        plan = Record(Plan)
        own = {"experiment": self.forms["experiment"], "description": plan.forms["description"]}
        later = {name: form for name, form in self.forms.items() if name not in ("plan", *own)}
        shared = {
            "policy": PipelinePolicyForm(),
            "parameters": plan.forms["parameters"],
            "environments": EnvironmentsForm(),
            "steps": Keyed(StepForm(), "key"),
        }
        self.forms = {**own, **later, **shared}
        self.defaults |= plan.defaults | {"policy": NOTHING}
        self.plan_fields = tuple(plan.forms)

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A PipelineFile."""
        steps = _at(node, "steps")
        entries = steps.entries if isinstance(steps, Table) else ()
        reading.outputs = {entry.key: names_in(entry.node, "outputs") for entry in entries}
        reading.define(
            step=(entry.key for entry in entries),
            environment=names_in(node, "environments") if _at(node, "environments") else (_DEFAULT.name,),
            parameter=names_in(node, "parameters"),
        )
        return super().read(node, path, reading)

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """A PipelineFile."""
        values.setdefault("environments", {_DEFAULT.name: _DEFAULT})
        if "steps" not in values:
            reading.wrong(node.line, path, "'steps' is missing", "add it")
        if "steps" not in values or UNREAD in values.values():
            return UNREAD
        words = values.pop("policy", NOTHING)
        said = {name: values.pop(name) for name in self.plan_fields if name in values}
        plan = Plan(**said)  # type: ignore[arg-type] # read by forms of these types
        return PipelineFile(**{**values, "plan": _with(plan, words)})  # type: ignore[arg-type] # likewise

    @override
    def write(self, value: object) -> Document:
        """A dict; what goes without saying of a lone environment is not said."""
        if not isinstance(value, PipelineFile):
            raise TypeError(f"{type(value).__name__} is no PipelineFile")
        alike, steps = hoisted(value.plan.steps)
        plan = replace(value.plan, steps=steps)
        parts = {name: getattr(value if hasattr(value, name) else plan, name) for name in self.forms}
        parts["policy"] = Stated(alike, plan.policy)
        written = {
            name: self.forms[name].write(part) for name, part in parts.items() if part != self.defaults.get(name)
        }
        written["steps"] = self.forms["steps"].write(_without_lone_environment(plan))
        written["environments"] = self.forms["environments"].write(plan.environments)
        if plan.environments == {_DEFAULT.name: _DEFAULT}:
            del written["environments"]
        return {name: written[name] for name in self.forms if name in written}


FILE = FileForm()


def _with(plan: Plan, words: object) -> Plan:
    """The plan in which each step says what the file says of all, unless it says something else."""
    if not isinstance(words, Stated) or words == NOTHING:
        return plan
    steps = tuple(replace(step, policy=first_stated(step.policy, words.policy)) for step in plan.steps)
    return replace(plan, steps=steps, policy=words.run)


def _without_lone_environment(plan: Plan) -> tuple[StepSpec, ...]:
    if len(plan.environments) != 1:
        return plan.steps
    return tuple(
        replace(step, environment="") if step.environment in plan.environments else step for step in plan.steps
    )


def _at(node: Node, name: str) -> Node | None:
    entries = node.entries if isinstance(node, Table) else ()
    return next((entry.node for entry in entries if entry.key == name), None)
