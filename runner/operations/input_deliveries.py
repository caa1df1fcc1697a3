"""The delivery of a plan's inputs, as far as it is known before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..control.delivering import refusal
from ..control.delivery import Wanted, deliveries, unmet
from ..data import dataset
from ..data.dataset import Datastores
from ..errors import Problem, RunnerError
from ..model.data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath, Mode
from ..model.data_access import DataAccess, MountPolicy
from ..model.delivery import Delivery
from ..model.plan import Plan
from ..model.step import InputSpec, OutputOf, StepSpec

Sizes = Callable[[InputSpec], "int | None"]
"""Return the bytes of an input now; None: unknown."""


def planned_deliveries(
    plan: Plan, step: StepSpec, access: DataAccess, sizes: Sizes = lambda _spec: None
) -> Mapping[str, Delivery]:
    """Return how a step gets each of its inputs, by their names, as far as it is known.

    Args:
        plan: The plan.
        step: One of its steps.
        access: The ways that the step's target has.
        sizes: Returns the size of an input. Default: none is known.

    """
    return deliveries((_wanted(plan, spec, sizes(spec)) for spec in step.inputs), access, step.resources)


def sizes_now(datastores: Datastores) -> Sizes:
    """Return a function that lists an input's files in their datastore and returns their size.

    Args:
        datastores: The stores of the datastores.

    """
    known: dict[tuple[DatastorePath, ...], int | None] = {}

    def size(spec: InputSpec) -> int | None:
        source = spec.source
        if isinstance(source, OutputOf) or spec.mode is Mode.UPLOAD:
            return None
        paths = (source,) if isinstance(source, DatastorePath) else source.paths
        if paths not in known:
            try:
                known[paths] = dataset.listing(datastores, DatasetDefinition(kind="file", paths=paths)).size
            except RunnerError:  # the run itself looks again, and has its own words for it
                known[paths] = None
        return known[paths]

    return size


def asks_for_mounts(step: StepSpec) -> bool:
    """Return True if the author of a step asks for an input to be mounted."""
    return any(spec.mode is Mode.MOUNT and not spec.writable for spec in step.inputs)


def mount_problems(
    plan: Plan, targets: Mapping[str, str], target: str, access: Callable[[], DataAccess]
) -> tuple[Problem, ...]:
    """Return the inputs that a target must mount by its policy and cannot.

    Args:
        plan: The plan.
        targets: The target of each step, by the step's key.
        target: The target's name.
        access: Returns the ways that it has. It is called only if an input is to be mounted there.

    """
    asking = [step for step in plan.steps if targets.get(step.key) == target and asks_for_mounts(step)]
    ways = access() if asking else DataAccess()
    if ways.policy is not MountPolicy.REQUIRED:
        return ()
    return tuple(
        refusal(name, reason, f"step '{step.name}'") for step in asking for name, reason in _unmet(plan, step, ways)
    )


def announce_mounts(
    plan: Plan, targets: Mapping[str, str], access: Callable[[str], DataAccess], notify: Callable[[str], None]
) -> None:
    """Report in one line per target and reason the inputs that it downloads although their author asks for mounts.

    Args:
        plan: The plan, which has passed preflight.
        targets: The target of each step, by the step's key.
        access: Returns the ways that a target has.
        notify: Prints a line.

    """
    for target in dict.fromkeys(targets.values()):
        asking = [step for step in plan.steps if targets[step.key] == target and asks_for_mounts(step)]
        if not asking:
            continue
        try:
            ways = access(target)
        except RunnerError:  # preflight has reached it a moment ago
            continue
        told: dict[str, list[str]] = {}
        for step in asking:
            for name, reason in _unmet(plan, step, ways):
                told.setdefault(reason, []).append(f"'{name}' of step '{step.name}'")
        for reason, inputs in told.items():
            more = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
            notify(f"target '{target}' downloads input {inputs[0]}{more} instead of mounting: {reason}")


def _unmet(plan: Plan, step: StepSpec, access: DataAccess) -> Iterator[tuple[str, str]]:
    """Yield each input that is not mounted although its author asks for it, and the reason."""
    chosen = planned_deliveries(plan, step, access)
    for spec in step.inputs:
        reason = unmet(_wanted(plan, spec, None), chosen[spec.name], access)
        if reason:
            yield spec.name, reason


def _wanted(plan: Plan, spec: InputSpec, size: int | None) -> Wanted:
    source, datastore = spec.source, DEFAULT_DATASTORE
    if isinstance(source, OutputOf):
        made = plan.by_key[source.step].outputs if source.step in plan.by_key else ()
        datastore = next((output.datastore for output in made if output.name == source.output), datastore)
    return Wanted.of_spec(spec, size, datastore)
