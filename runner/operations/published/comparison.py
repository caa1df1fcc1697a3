"""The differences between two published pipelines: parameters, steps, code, environments with their locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from ...dataclass import dataclass
from ...environments import lock_store
from ...environments.lock import Lock
from ...model.document import to_document
from ...model.environment import NamedEnvironment
from ...model.plan import Plan
from ...model.published import PublishedRecord
from ...model.step import StepSpec
from ...plan import data_parameters
from ...ports import ObjectStore
from ...runs import plans
from ..code_comparison import changed_snapshots
from ..differences import Difference, source_differences, text_of
from ..environment_comparison import EnvironmentFacts, compare
from ..environment_history import with_lock

_APART = frozenset({"key", "name", "source", "snapshot", "inputs", "outputs", "command", "variables", "environment"})
"""Fields of a step that are compared in another way."""
_ABSENT = "—"


@dataclass(frozen=True)
class Change:
    """The differences in one thing that both pipelines may have."""

    name: str
    kind: str
    """``added``, ``removed`` or ``changed``."""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishedComparison:
    """The differences between two published pipelines."""

    before: str
    """The id of the first."""
    after: str
    pipeline: tuple[Difference, ...]
    """Description, policies and the like."""
    parameters: tuple[Difference, ...]
    """The defaults."""
    steps: tuple[Change, ...]
    code: tuple[Change, ...]
    """By the names of the steps that share a source folder."""
    environments: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """Return True if the two run the same."""
        return not (self.pipeline or self.parameters or self.steps or self.code or self.environments)


def comparison(store: ObjectStore, before: PublishedRecord, after: PublishedRecord) -> PublishedComparison:
    """Compare two published pipelines.

    Args:
        store: The workspace store.
        before: The first.
        after: The second.

    Raises:
        StoreError: A plan cannot be read.

    """
    old, new = plans.load(store, before.plan), plans.load(store, after.plan)
    return PublishedComparison(
        before=before.id,
        after=after.id,
        pipeline=tuple(_changed(_pipeline(before, old), _pipeline(after, new))),
        parameters=tuple(_changed(_parameters(old), _parameters(new))),
        steps=tuple(step_changes(old, new)),
        code=tuple(_code(store, old, new)),
        environments=tuple(_environments(store, old, new)),
    )


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new or old[name] != new[name]:
            yield Difference(
                name, *(text_of(each[name]) or _ABSENT if name in each else _ABSENT for each in (old, new))
            )


def _pipeline(record: PublishedRecord, plan: Plan) -> dict[str, object]:
    return {
        "description": record.description or plan.description,
        "continue_on_step_failure": record.continue_on_step_failure,
        **{f"policy {name}": value for name, value in to_document(plan.policy).items()},
    }


def _parameters(plan: Plan) -> dict[str, object]:
    return {**plan.parameters, **{name: to_document(data) for name, data in data_parameters.defaults(plan).items()}}


def step_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Yield the steps that differ between two plans: those of one alone, and those that are defined in another way.

    Args:
        old: The first plan.
        new: The second.

    """
    for key in dict.fromkeys((*old.by_key, *new.by_key)):
        before, after = old.by_key.get(key), new.by_key.get(key)
        if before is None or after is None:
            yield Change((before or new.by_key[key]).name, "removed" if before else "added")
        elif found := tuple(_changed(_step(old, before), _step(new, after))):
            yield Change(after.name, "changed", found)


def _step(plan: Plan, step: StepSpec) -> dict[str, object]:
    """Return the parts of a step that are compared, by name."""
    document = to_document(step)
    known = plan.environments.get(step.environment)
    return {
        "name": step.name,
        **{f"argument {at}": argument for at, argument in enumerate(document["command"], 1)},
        **{f"variable {name}": value for name, value in step.variables.items()},
        **{f"input {each['name']}": each for each in document.get("inputs", ())},
        **{f"output {each['name']}": each for each in document.get("outputs", ())},
        "environment": known.name if known else step.environment,
        **{
            each.name: document[each.name] for each in fields(step) if each.name in document and each.name not in _APART
        },
    }


def _code(store: ObjectStore, old: Plan, new: Plan) -> Iterator[Change]:
    """Yield the differences of each pair of source folders that steps of one key have."""
    for (one, other), names in changed_snapshots(old, new).items():
        yield Change(", ".join(names), "changed", tuple(source_differences(store, one, other)))


def _environments(store: ObjectStore, old: Plan, new: Plan) -> Iterator[Change]:
    before, after = (_by_name(plan.environments.values()) for plan in (old, new))
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield Change(name, "removed" if one else "added")
        elif one != other:
            found = compare(*_facts(store, one, other)).differences
            variables = _changed(one.variables, other.variables)
            yield Change(
                name, "changed", (*found, *(replace(each, field=f"variable {each.field}") for each in variables))
            )


def _by_name(environments: Iterable[NamedEnvironment]) -> dict[str, NamedEnvironment]:
    return {each.name: each for each in environments}


def _facts(store: ObjectStore, *pair: NamedEnvironment) -> Iterator[EnvironmentFacts]:
    """Yield the facts of two environments, with their locks for one platform that both have."""
    locks = [
        {(lock.python, lock.platform): lock for lock in lock_store.of_spec(store, each.spec.digest)} for each in pair
    ]
    both = sorted(locks[0].keys() & locks[1].keys())
    for each, known in zip(pair, locks, strict=True):
        lock: Lock | None = known[both[0]] if both else next(iter(known.values()), None)
        yield with_lock(EnvironmentFacts(name=each.name, spec=each.spec), lock)
