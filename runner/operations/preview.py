"""What running a plan would do: the document of ``runner plan --json``. Every field is always written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..data import packing
from ..dataclass import dataclass
from ..errors import RunnerError
from ..model.environment import EnvironmentSpec
from ..model.plan import Plan, Scalar
from ..model.task import snapshot_key
from ..plan.policies import differing
from ..ports import EnvironmentStore, ObjectStore
from .detail import InputDetail, source_text
from .report import display_names
from .submit import snapshots_of
from .values import Request


@dataclass(frozen=True)
class PlannedStep:
    """One step, in the order of the plan."""

    key: str
    name: str
    script: str
    source: str
    compute: str
    """As the file names it."""
    target: str
    environment: str
    waits_for: tuple[str, ...]
    """Keys of steps."""
    inputs: tuple[InputDetail, ...]
    outputs: tuple[str, ...]
    always: bool
    resources: Mapping[str, str | float]
    """What of them differs from the default; likewise its policy, as people write it."""
    policy: Mapping[str, str | float]


@dataclass(frozen=True)
class PlannedEnvironment:
    """An environment on a target."""

    name: str
    target: str
    reference: str
    """The image or interpreter that is there already; empty: it has to be made."""
    needs: tuple[str, ...]
    """What it is made of."""


@dataclass(frozen=True)
class Upload:
    """Something the store does not have yet."""

    name: str
    key: str
    bytes: int


@dataclass(frozen=True)
class Preview:
    """The whole."""

    experiment: str
    parameters: Mapping[str, Scalar]
    steps: tuple[PlannedStep, ...]
    environments: tuple[PlannedEnvironment, ...]
    uploads: tuple[Upload, ...]
    policy: Mapping[str, str | float]
    """What of the run's differs from the default, as people write it."""


def preview(
    plan: Plan,
    request: Request,
    targets: Mapping[str, str],
    *,
    store: ObjectStore,
    environments: Callable[[str], EnvironmentStore],
    planned: tuple[tuple[str, int], ...],
) -> Preview:
    """What submitting `plan` would do; `planned` are the objects (key, bytes) its file has written so far.

    The plan has passed `validate` and states its policies. Raises BadInput for a source directory that is no snapshot.
    """
    names = {key: environment.name for key, environment in plan.environments.items()}
    place = {step.key: at for at, step in enumerate(plan.steps)}
    steps = tuple(
        PlannedStep(
            step.key,
            display_names(plan)[step.key],
            step.script,
            step.source,
            step.compute,
            targets[step.key],
            names.get(step.environment, step.environment),
            tuple(sorted(step.needs, key=place.__getitem__)),
            tuple(InputDetail(given.name, source_text(given.source), given.mode.value) for given in step.inputs),
            tuple(made.name for made in step.outputs),
            step.always,
            differing(step.resources),
            differing(step.policy),
        )
        for step in plan.steps
    )
    found = tuple(_environments(plan, targets, environments))
    uploads = (*_snapshots(store, plan), *(Upload(key, key, size) for key, size in planned))
    parameters = {**plan.parameters, **request.parameters}
    return Preview(request.experiment, parameters, steps, found, uploads, differing(plan.policy))


def _environments(
    plan: Plan, targets: Mapping[str, str], environments: Callable[[str], EnvironmentStore]
) -> Iterator[PlannedEnvironment]:
    for key, target in dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps):
        environment = plan.environments[key]
        try:
            reference = environments(target).find(environment) or ""
        except RunnerError:  # preflight has said why
            reference = ""
        yield PlannedEnvironment(environment.name, target, reference, needs(environment.spec))


def needs(spec: EnvironmentSpec) -> tuple[str, ...]:
    """What an environment is made of, in words."""
    base = [f"image {spec.image}"] if spec.image else []
    python = [f"python {spec.python}"] if spec.python else []
    own = ["a Dockerfile"] if spec.dockerfile else []
    return (*base, *own, *python, *spec.conda, *spec.pip)


def _snapshots(store: ObjectStore, plan: Plan) -> Iterator[Upload]:
    for source, taken in snapshots_of(plan).items():
        if not packing.is_kept(store, taken):
            yield Upload(source, snapshot_key(taken.digest), len(packing.pack(taken)))
