"""Conversion of a user's pipeline to a draft Plan. Outside its arguments, it only checks that scripts exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ...dataclass import dataclass, field
from ...errors import Problem
from ...model.data import DEFAULT_DATASTORE, DatastorePath
from ...model.environment import NamedEnvironment
from ...model.names import slug
from ...model.plan import Plan, Scalar
from ...model.resources import Resources
from ...model.step import InputSpec, InputUse, OutputOf, OutputSpec, Source, StepSpec
from ...plan.data_parameters import with_source
from ..base.exceptions import PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Consumed, Output
from ..datasets.parameter_values import data_of
from ..environments.specification import Translated, translate
from ..hyperdrive.step import HyperDriveStep, SearchKeys
from ..steps.base import PipelineStep, Settings
from ..steps.bindings import Bindings, all_parameters
from .graph import Graph, ordered


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The facts that a plan takes from outside its steps."""

    default_datastore: str = DEFAULT_DATASTORE
    default_source_directory: str = ""
    description: str = ""
    targets: frozenset[str] = frozenset()
    """Known compute targets; empty: every name is valid."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Ready images by the names of environments."""


@dataclass(frozen=True)
class Lowered:
    """A draft plan, and a line for the user for each change of an environment."""

    plan: Plan
    notes: tuple[str, ...] = ()


def lower(graph: Graph, around: Surroundings) -> Lowered:
    """Return the draft plan of a graph.

    Args:
        graph: The graph.
        around: The facts from outside its steps.

    Raises:
        PipelineInvalid: Something is wrong; the exception has every problem.

    """
    draft = _Draft(graph, around)
    specs = {spec.key: spec for step in graph.bindings for spec in draft.specs(step)}
    order, cycle = ordered(list(specs), {key: spec.needs.intersection(specs) for key, spec in specs.items()})
    problems = draft.all_problems()
    if cycle:
        problems.append(_cycle_problem(draft, cycle))
    if problems:
        raise PipelineInvalid(problems)
    plan = Plan(
        steps=tuple(specs[key] for key in order),
        environments=draft.environments,
        parameters=draft.scalars(),
        description=around.description,
        node_parameters=tuple(dict.fromkeys(_node_parameters(graph))),
    )
    return Lowered(plan, tuple(dict.fromkeys(draft.notes)))


def _node_parameters(graph: Graph) -> Iterator[str]:
    for step in graph.bindings:
        yield from (one.name for one in step.settings.node_parameters)


class _Draft:
    """A plan in the making. Its steps share keys and environments."""

    def __init__(self, graph: Graph, around: Surroundings) -> None:
        self.graph = graph
        self.around = around
        self.keys = step_keys(graph)
        self.searches = search_keys(graph)
        self.made = {id(out): step for step, bound in graph.bindings.items() for out in bound.outputs.values()}
        self.parameters, self.conflicts = all_parameters(graph.bindings.values())
        self.environments: dict[str, NamedEnvironment] = {}
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        """Problems of this draft alone: the next one of the graph may have other values."""

    def specs(self, step: PipelineStep) -> Iterable[StepSpec]:
        """Return the steps of the plan that a step becomes: one, or the trials of a search and the search."""
        spec = self.spec(step)
        return step.steps(spec, self.searches[step]) if isinstance(step, HyperDriveStep) else (spec,)

    def spec(self, step: PipelineStep) -> StepSpec:
        """Return a step of the plan."""
        bound, settings = self.graph.bindings[step], step.settings
        source = self._source_folder(bound)
        self._check_compute(bound)
        return StepSpec(
            key=self.keys[step],
            name=step.name,
            command=bound.command,
            environment=self._environment(_translated(settings)),
            compute=settings.compute,
            source=source,
            snapshot=settings.snapshot,
            script=settings.script,
            inputs=tuple(self._input(bound, name, consumed) for name, consumed in bound.inputs.items()),
            outputs=tuple(self._output(output) for output in bound.outputs.values()),
            variables={**settings.variables, **_literals(step)},
            parameters=_variables_of_parameters(bound),
            resources=_resources(settings),
            policy=settings.policy,
            after=tuple(dict.fromkeys(self.keys[other] for other in self.graph.after[step])),
            reuse=settings.reuse,
            version=settings.version,
            workers=settings.workers,
        )

    def all_problems(self) -> list[Problem]:
        """Return every problem once."""
        found = [*self.graph.problems, *self.conflicts, *self.problems]
        for bound in self.graph.bindings.values():
            found.extend(bound.problems)
        return list(dict.fromkeys(found))

    def _problem(self, bound: Bindings, what: str, remedy: str) -> None:
        self.problems.append(bound.as_problem(what, remedy))

    def scalars(self) -> dict[str, Scalar]:
        """Return the defaults of the parameters that stand for plain values."""
        out: dict[str, Scalar] = {}
        for name, parameter in self.parameters.items():
            value = parameter.default_value
            if value is None or isinstance(value, (str, int, float)):
                out[name] = value
        return out

    def _environment(self, translated: Translated) -> str:
        environment = translated.environment.mapped(self.around.images)
        key = environment.name
        if self.environments.get(key, environment) != environment:
            key = f"{key}-{environment.spec.digest[:8]}"
        while self.environments.get(key, environment) != environment:
            key += "-variables"
        self.environments[key] = environment
        self.notes.extend(translated.notes)
        return key

    def _input(self, bound: Bindings, name: str, consumed: Consumed) -> InputSpec:
        source, origin = self._source(bound, name, consumed), consumed.origin
        spec = InputSpec(
            name=name,
            source=source,
            path_on_compute=consumed.path_on_compute,
            view=consumed.view,
            parameter=origin.name if isinstance(origin, PipelineParameter) else "",
        )
        return with_source(spec, source, InputUse(consumed.mode, consumed.writable, consumed.keep_existing))

    def _source(self, bound: Bindings, name: str, consumed: Consumed) -> Source:
        origin = consumed.origin
        if isinstance(origin, PipelineParameter):
            return self._bound_source(bound, origin)
        if not isinstance(origin, Output):
            return origin
        producer = self.made.get(id(origin))
        if producer is not None:
            if isinstance(producer, HyperDriveStep) and origin.name not in producer.training:
                made = f"'{origin.name}' is made by each trial of '{producer.name}', so no step can read it"
                self._problem(bound, made, "give the HyperDriveStep an output with a training_output, and read that")
            return OutputOf(self.keys[producer], origin.name)
        remedy = "list it in the outputs of the step that writes it"
        self._problem(bound, f"no step writes its input '{name}'", remedy)
        return OutputOf("", origin.name)

    def _bound_source(self, bound: Bindings, parameter: PipelineParameter) -> Source:
        value = parameter.default_value
        data = data_of(value)
        if data is not None:
            return data
        found = f"parameter '{parameter.name}' is used as data but is a {type(value).__name__}"
        self._problem(bound, found, "give it a DataPath or a Dataset")
        return DatastorePath(DEFAULT_DATASTORE, "")

    def _output(self, output: Output) -> OutputSpec:
        return OutputSpec(
            name=output.name,
            datastore=output.datastore or self.around.default_datastore,
            mode=output.mode,
            path_on_compute=output.path_on_compute,
            folder=output.folder,
            pipeline_output_name=output.pipeline_output_name,
            destination=output.destination,
            register=output.register,
            globs=output.globs,
        )

    def _source_folder(self, bound: Bindings) -> str:
        """Return the folder of the step's scripts; empty if they are stored already."""
        settings = bound.step.settings
        if settings.snapshot:
            return ""
        folder = Path(settings.source_directory or self.around.default_source_directory or ".").absolute()
        if not folder.is_dir():
            self._problem(bound, f"there is no source directory {folder}", "correct source_directory")
        elif settings.script and not (folder / settings.script).is_file():
            found = f"there is no script {folder / settings.script}"
            self._problem(bound, found, "correct script_name or source_directory")
        return str(folder)

    def _check_compute(self, bound: Bindings) -> None:
        name = bound.step.settings.compute
        if name and self.around.targets and name not in self.around.targets:
            known = ", ".join(sorted(self.around.targets))
            self._problem(
                bound,
                f"there is no compute target '{name}' (known: {known})",
                "correct the name, add the target to the configuration, or run with --target",
            )


def step_keys(graph: Graph) -> dict[PipelineStep, str]:
    """Return the key of each step: its slug and its number among equal slugs, such as ``data-prep-1``.

    The trials of a search have such keys, and the search itself one such as ``train-search-1``.

    Args:
        graph: The graph; its steps are in order of construction.

    """
    return {step: keys[-1] for step, keys in _all_keys(graph)}


def search_keys(graph: Graph) -> dict[PipelineStep, SearchKeys]:
    """Return the keys of each search and of its trials.

    Args:
        graph: The graph.

    """
    return {step: SearchKeys(keys[-1], keys[:-1]) for step, keys in _all_keys(graph) if len(keys) > 1}


def _all_keys(graph: Graph) -> Iterator[tuple[PipelineStep, list[str]]]:
    """Yield each step with its key; before it those of its trials."""
    counts: dict[str, int] = {}

    def numbered(plain: str) -> str:
        counts[plain] = counts.get(plain, 0) + 1
        return f"{plain}-{counts[plain]}"

    for step in graph.bindings:
        plain = slug(step.name)
        if isinstance(step, HyperDriveStep):
            trials = [numbered(plain) for _ in range(step.config.trial_count)]
            yield step, [*trials, numbered(f"{plain}-search")]
        else:
            yield step, [numbered(plain)]


def _translated(settings: Settings) -> Translated:
    if settings.stored_environment is not None and settings.environment is None:
        return Translated(settings.stored_environment)
    return translate(settings.environment)


def _resources(settings: Settings) -> Resources:
    return Resources(shared_memory=settings.shared_memory) if settings.shared_memory else Resources()


def _variables_of_parameters(bound: Bindings) -> dict[str, str]:
    """Return every parameter under its own name, and those of `params` under the names given there."""
    own = {name: name for name, parameter in bound.parameters.items() if parameter.scalar}
    params = bound.step.params.items()
    return {**own, **{name: value.name for name, value in params if isinstance(value, PipelineParameter)}}


def _literals(step: PipelineStep) -> dict[str, str]:
    return {
        f"AML_PARAMETER_{re.sub(r'[^A-Za-z0-9_]', '_', name)}": str(value)
        for name, value in step.params.items()
        if not isinstance(value, PipelineParameter)
    }


def _cycle_problem(draft: _Draft, cycle: list[str]) -> Problem:
    steps = {key: step for step, key in draft.keys.items()}
    walk = " → ".join(f"'{steps[key].name}'" for key in (*cycle, cycle[0]))
    places = ", ".join(steps[key].where for key in cycle)
    return Problem(f"the steps form a cycle: {walk}", places, "remove one of these inputs or run_after calls")
