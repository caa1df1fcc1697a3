"""From the user's pipeline to a draft Plan. Reads no more of the world than whether scripts exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..dataclass import dataclass, field
from ..errors import Problem
from ..model.data import DEFAULT_DATASTORE, DatasetDefinition
from ..model.data import DataPath as Place
from ..model.environment import NamedEnvironment
from ..model.names import slug
from ..model.plan import Plan, Scalar
from ..model.step import InputSpec, OutputOf, OutputSpec, Source, StepSpec
from .bindings import Bindings, all_parameters
from .data import DataPath
from .dataset_base import AbstractDataset
from .environment_spec import Translated, translate
from .exceptions import PipelineInvalid
from .flow import Consumed, Output, Placeholder
from .graph import Graph, ordered
from .parameter import PipelineParameter
from .steps.base import PipelineStep


@dataclass(frozen=True)
class Surroundings:
    """What a plan takes from outside its steps."""

    default_datastore: str = DEFAULT_DATASTORE
    default_source_directory: str = ""
    description: str = ""
    targets: frozenset[str] = frozenset()
    """Known compute targets; empty: every name is good."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Ready images by the names of environments."""
    values: Mapping[str, object] | None = None
    """Values of data-valued parameters."""


@dataclass(frozen=True)
class Lowered:
    """A draft plan, and lines for the user about what was changed on the way."""

    plan: Plan
    notes: tuple[str, ...] = ()


def lower(graph: Graph, around: Surroundings) -> Lowered:
    """The draft plan of the graph. Raises PipelineInvalid with every problem there is."""
    draft = _Draft(graph, around)
    specs = {draft.keys[step]: draft.spec(step) for step in graph.bindings}
    order, cycle = ordered(list(specs), {key: spec.needs.intersection(specs) for key, spec in specs.items()})
    problems = draft.all_problems()
    if cycle:
        problems.append(_cycle_problem(draft, cycle))
    if problems:
        raise PipelineInvalid(problems)
    plan = Plan(
        tuple(specs[key] for key in order),
        draft.environments,
        draft.scalars(),
        around.description,
    )
    return Lowered(plan, tuple(dict.fromkeys(draft.notes)))


class _Draft:
    """A plan in the making: keys and environments are shared by its steps."""

    def __init__(self, graph: Graph, around: Surroundings) -> None:
        self.graph = graph
        self.around = around
        self.keys = step_keys(graph)
        self.made = {id(out): step for step, bound in graph.bindings.items() for out in bound.outputs.values()}
        self.parameters, self.conflicts = all_parameters(graph.bindings.values())
        self.environments: dict[str, NamedEnvironment] = {}
        self.notes: list[str] = []

    def spec(self, step: PipelineStep) -> StepSpec:
        """One step of the plan."""
        bound, settings = self.graph.bindings[step], step.settings
        source = str(Path(settings.source_directory or self.around.default_source_directory or ".").absolute())
        self._check_files(bound, source)
        self._check_compute(bound)
        return StepSpec(
            key=self.keys[step],
            name=step.name,
            command=bound.command(),
            environment=self._environment(translate(settings.environment)),
            compute=settings.compute,
            source=source,
            script=settings.script,
            inputs=tuple(self._input(bound, name, consumed) for name, consumed in bound.inputs.items()),
            outputs=tuple(self._output(output) for output in bound.outputs.values()),
            variables={**settings.variables, **_literals(step)},
            parameters=tuple(name for name, parameter in bound.parameters.items() if parameter.scalar),
            after=tuple(dict.fromkeys(self.keys[other] for other in self.graph.after[step])),
            reuse=settings.reuse,
        )

    def all_problems(self) -> list[Problem]:
        """Everything found wrong, each once."""
        found = [*self.graph.problems, *self.conflicts]
        for bound in self.graph.bindings.values():
            found.extend(bound.problems)
        return list(dict.fromkeys(found))

    def scalars(self) -> dict[str, Scalar]:
        """Defaults of the parameters that stand for plain values."""
        out: dict[str, Scalar] = {}
        for name, parameter in self.parameters.items():
            value = parameter.default_value
            if value is None or isinstance(value, (str, int, float)):
                out[name] = value
        return out

    def _environment(self, translated: Translated) -> str:
        environment = _curated(translated.environment, self.around.images)
        key = environment.name
        if self.environments.get(key, environment) != environment:
            key = f"{key}-{environment.spec.digest[:8]}"
        while self.environments.get(key, environment) != environment:
            key += "-variables"
        self.environments[key] = environment
        self.notes.extend(translated.notes)
        return key

    def _input(self, bound: Bindings, name: str, consumed: Consumed) -> InputSpec:
        return InputSpec(
            name, self._source(bound, name, consumed), consumed.mode, consumed.path_on_compute, consumed.view
        )

    def _source(self, bound: Bindings, name: str, consumed: Consumed) -> Source:
        origin = consumed.origin
        if isinstance(origin, PipelineParameter):
            return self._bound_source(bound, origin)
        if not isinstance(origin, Output):
            return origin
        producer = self.made.get(id(origin))
        if producer is not None:
            return OutputOf(self.keys[producer], origin.name)
        bound.problem(f"nobody produces its input '{name}'", "list it in the outputs of the step that writes it")
        return OutputOf("", origin.name)

    def _bound_source(self, bound: Bindings, parameter: PipelineParameter) -> Source:
        value = (self.around.values or {}).get(parameter.name, parameter.default_value)
        match value:
            case DataPath():
                return value.place()
            case AbstractDataset():
                return value.definition
            case Place() | DatasetDefinition():
                return value
            case Placeholder():
                origin = value.consumed().origin
                if isinstance(origin, (Place, DatasetDefinition)):
                    return origin
            case _:
                pass
        bound.problem(f"parameter '{parameter.name}' is used as data but is a {type(value).__name__}",
                      "give it a DataPath or a Dataset")  # fmt: skip
        return Place(DEFAULT_DATASTORE, "")

    def _output(self, output: Output) -> OutputSpec:
        return OutputSpec(
            output.name,
            output.datastore or self.around.default_datastore,
            output.mode,
            output.path_on_compute,
            output.folder,
            output.shown_as,
        )

    def _check_files(self, bound: Bindings, source: str) -> None:
        script = bound.step.settings.script
        if not Path(source).is_dir():
            bound.problem(f"there is no source directory {source}", "correct source_directory")
        elif script and not Path(source, script).is_file():
            bound.problem(f"there is no script {Path(source, script)}", "correct script_name or source_directory")

    def _check_compute(self, bound: Bindings) -> None:
        name = bound.step.settings.compute
        if name and self.around.targets and name not in self.around.targets:
            known = ", ".join(sorted(self.around.targets))
            bound.problem(
                f"there is no compute target '{name}' (known: {known})",
                "correct the name, add the target to the configuration, or run with --target",
            )


def step_keys(graph: Graph) -> dict[PipelineStep, str]:
    """``data-prep-1``: slug and ordinal among equal slugs, in order of construction."""
    counts: dict[str, int] = {}
    out: dict[PipelineStep, str] = {}
    for step in graph.bindings:
        plain = slug(step.name)
        counts[plain] = counts.get(plain, 0) + 1
        out[step] = f"{plain}-{counts[plain]}"
    return out


def _curated(environment: NamedEnvironment, images: Mapping[str, str]) -> NamedEnvironment:
    """The image its name is mapped to in place of its own; packages stay known for steps without images."""
    image = images.get(environment.name)
    if not image:
        return environment
    return replace(environment, spec=replace(environment.spec, image=image, ready=True, dockerfile=""))


def _literals(step: PipelineStep) -> dict[str, str]:
    return {
        f"AML_PARAMETER_{name}": str(value)
        for name, value in step.params.items()
        if not isinstance(value, PipelineParameter)
    }


def _cycle_problem(draft: _Draft, cycle: list[str]) -> Problem:
    steps = {key: step for step, key in draft.keys.items()}
    walk = " → ".join(f"'{steps[key].name}'" for key in (*cycle, cycle[0]))
    places = ", ".join(steps[key].where for key in cycle)
    return Problem(f"the steps form a cycle: {walk}", places, "remove one of these inputs or run_after calls")
