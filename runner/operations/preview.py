"""The effect of running a plan: the document of ``runner plan --json``. Every field is always written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..data import packing
from ..data.dataset import Datastores
from ..dataclass import dataclass
from ..errors import RunnerError
from ..model.data_access import DataAccess
from ..model.environment import EnvironmentSpec
from ..model.plan import Plan, Scalar
from ..model.search import Sampling, Search
from ..model.step import StepSpec
from ..model.task import snapshot_key
from ..plan.policies import non_default_fields
from ..ports import EnvironmentStore, ObjectStore
from .detail import source_text
from .input_deliveries import Sizes, planned_deliveries, sizes_now
from .report import display_names
from .submit import snapshots_of
from .values import Request
from .workers import workers_of, workers_text


@dataclass(frozen=True, kw_only=True)
class PlannedInput:
    """An input and the way in which its step gets it, as far as that is known now."""

    name: str
    source: str
    mode: str
    """The mode that the author asks for."""
    delivery: str
    """``download``, ``mount`` or ``direct``."""
    bytes: int | None
    """Its size now; null: it does not exist yet, or is not known."""
    reason: str
    """The reason for the delivery."""


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step, in the order of the plan."""

    key: str
    name: str
    script: str
    source: str
    compute: str
    """The compute name in the file."""
    target: str
    environment: str
    waits_for: tuple[str, ...]
    """Keys of the steps that it waits for."""
    inputs: tuple[PlannedInput, ...]
    outputs: tuple[str, ...]
    always: bool
    workers: str
    """Its workers and their processes; empty: one, which runs the script once."""
    resources: Mapping[str, str | float]
    """The resources that differ from the default. The policy has the same form."""
    policy: Mapping[str, str | float]
    trial_of: str
    """The key of the search whose trial it is; empty: it is no trial."""
    search: str
    """The trials of a search and the way in which they are chosen, in words; empty: it is no search."""


@dataclass(frozen=True)
class PlannedEnvironment:
    """An environment on a target."""

    name: str
    target: str
    reference: str
    """The existing image or interpreter; empty: it must be made."""
    needs: tuple[str, ...]
    """The contents of the environment."""


@dataclass(frozen=True)
class Upload:
    """An object that the store lacks."""

    name: str
    key: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The effect of running a plan."""

    experiment: str
    parameters: Mapping[str, Scalar]
    steps: tuple[PlannedStep, ...]
    environments: tuple[PlannedEnvironment, ...]
    uploads: tuple[Upload, ...]
    policy: Mapping[str, str | float]
    """The settings of the run's policy that differ from the default."""


def preview(
    plan: Plan,
    request: Request,
    targets: Mapping[str, str],
    *,
    store: ObjectStore,
    environments: Callable[[str], EnvironmentStore],
    datastores: Datastores,
    access: Callable[[str], DataAccess],
    planned: tuple[tuple[str, int], ...],
) -> Preview:
    """Return the effect of submitting `plan`, which has passed `validate` and states its policies.

    `access` returns the ways in which the steps of a target get their inputs. `planned` are the objects (key, bytes)
    that its file has written so far. Raise BadInput if a source directory cannot be a snapshot.
    """
    ways = {target: access(target) for target in dict.fromkeys(targets[step.key] for step in plan.steps if step.inputs)}
    sizes = sizes_now(datastores)
    names = {key: environment.name for key, environment in plan.environments.items()}
    place = {step.key: at for at, step in enumerate(plan.steps)}
    steps = tuple(
        PlannedStep(
            key=step.key,
            name=display_names(plan)[step.key],
            script=step.script,
            source=step.source,
            compute=step.compute,
            target=targets[step.key],
            environment=names.get(step.environment, step.environment),
            waits_for=tuple(sorted(step.needs, key=place.__getitem__)),
            inputs=tuple(_inputs(plan, step, ways[targets[step.key]], sizes)) if step.inputs else (),
            outputs=tuple(made.name for made in step.outputs),
            always=step.always,
            workers=workers_text(workers_of(plan, request.parameters, step.key)),
            resources=non_default_fields(step.resources),
            policy=non_default_fields(step.policy),
            trial_of=step.trial_of,
            search=search_text(step.search) if step.search else "",
        )
        for step in plan.steps
    )
    found = tuple(_environments(plan, targets, environments))
    uploads = (*_snapshots(store, plan), *(Upload(key, key, size) for key, size in planned))
    parameters = {**plan.parameters, **request.parameters}
    return Preview(
        experiment=request.experiment,
        parameters=parameters,
        steps=steps,
        environments=found,
        uploads=uploads,
        policy=non_default_fields(plan.policy),
    )


def search_text(search: Search) -> str:
    """Return ``40 trials, 4 at a time, random, seed 7``.

    Args:
        search: The search.
    """
    trials = "1 trial" if len(search.trials) == 1 else f"{len(search.trials)} trials"
    parts = [trials, f"{search.concurrent} at a time", search.sampling.value]
    if search.sampling is not Sampling.GRID:
        parts.append(f"seed {search.seed}")
    if search.rule is not None:
        parts.append(f"stopped early by {search.rule.kind.value}")
    return ", ".join(parts)


def _inputs(plan: Plan, step: StepSpec, access: DataAccess, sizes: Sizes) -> Iterator[PlannedInput]:
    chosen = planned_deliveries(plan, step, access, sizes)
    for given in step.inputs:
        delivery = chosen[given.name]
        yield PlannedInput(
            name=given.name,
            source=source_text(given.source),
            mode=given.mode.value,
            delivery=delivery.mode.value,
            bytes=sizes(given),
            reason=delivery.reason,
        )


def _environments(
    plan: Plan, targets: Mapping[str, str], environments: Callable[[str], EnvironmentStore]
) -> Iterator[PlannedEnvironment]:
    for key, target in dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps):
        environment = plan.environments[key]
        try:
            found = environments(target).find(environment)
            reference = found.reference if found else ""
        except RunnerError:  # preflight has said why
            reference = ""
        yield PlannedEnvironment(environment.name, target, reference, needs(environment.spec))


def needs(spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return short texts for the contents of an environment."""
    base = [f"image {spec.image}"] if spec.image else []
    python = [f"python {spec.python}"] if spec.python else []
    own = ["a Dockerfile"] if spec.dockerfile else []
    return (*base, *own, *python, *spec.conda, *spec.pip)


def _snapshots(store: ObjectStore, plan: Plan) -> Iterator[Upload]:
    for source, taken in snapshots_of(plan).items():
        if not packing.is_kept(store, taken):
            yield Upload(source, snapshot_key(taken.digest), len(packing.pack(taken)))
