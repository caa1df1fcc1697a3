"""The secrets and datastores that the steps of a plan use (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from .access import Access
from .data import DEFAULT_DATASTORE, DatasetDefinition
from .plan import Plan
from .step import OutputOf, StepSpec


def access_of(plan: Plan, step: StepSpec) -> Access:
    """Return what a step may open: the names it declares, and the datastores of its inputs and outputs.

    The workspace store is not among them: every step has it.
    """
    own = (name for name in datastores_of(plan, step) if name != DEFAULT_DATASTORE)
    return step.access.joined(Access(datastores=tuple(own)))


def accesses_of(plan: Plan) -> tuple[Access, ...]:
    """Return the different sets of names that the steps of a plan may open, each once."""
    return tuple(dict.fromkeys(access_of(plan, step) for step in plan.steps))


def access_of_all(plan: Plan) -> Access:
    """Return what any step of a plan may open."""
    found = Access()
    for each in accesses_of(plan):
        found = found.joined(each)
    return found


def datastores_of(plan: Plan, step: StepSpec) -> Iterator[str]:
    """Yield the datastores of a step's inputs and outputs; a name may come more than once."""
    for made in step.outputs:
        yield made.datastore
    for spec in step.inputs:
        source = spec.source
        if isinstance(source, DatasetDefinition):
            yield from (path.datastore for path in source.paths)
        elif isinstance(source, OutputOf):
            producer = plan.by_key.get(source.step)
            yield from (made.datastore for made in producer.outputs if made.name == source.output) if producer else ()
        else:
            yield source.datastore
