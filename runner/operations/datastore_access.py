"""Checks that the datastores of a plan exist, answer, and are reachable from its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from ..data.secret_values import value_of
from ..errors import BadInput, Problem, RunnerError
from ..model.data import DEFAULT_DATASTORE, DatastorePath, Mode
from ..model.plan import Plan
from ..model.secret import SecretSource
from ..model.step import StepSpec
from ..model.uses import access_of, access_of_all
from ..ports import ObjectStore
from .values import DatastoreFacts


def datastore_problems(
    plan: Plan,
    targets: Mapping[str, str],
    known: Mapping[str, DatastoreFacts],
    *,
    reaches_folders: Callable[[str], bool],
    open_store: Callable[[str], ObjectStore],
) -> tuple[Problem, ...]:
    """Return what keeps the steps of a plan from using its datastores.

    Args:
        plan: The plan as it is submitted.
        targets: The name of each step's target, by the step's key.
        known: What is known of each datastore, by name.
        reaches_folders: Returns True if steps of the named target can open folders of this machine.
        open_store: Returns the store behind a datastore's name.

    """
    found: list[Problem] = []
    used = {step.key: access_of(plan, step).datastores for step in plan.steps}
    for step in plan.steps:
        closed = [(what, name) for what, name in _written(step) if name in known and known[name].read_only]
        found.extend(_read_only(known[name], step.name, what) for what, name in closed)
        for name in used[step.key]:
            target = targets.get(step.key, "")
            if name not in known:
                found.append(_unknown(name, step.name, known))
            elif known[name].here_only and target and not reaches_folders(target):
                found.append(_out_of_reach(known[name], step.name, target))
    every = dict.fromkeys(name for names in used.values() for name in names)
    mute = silent([name for name in every if name in known], open_store)
    return (*found, *mute, *(() if found or mute else _blocked(plan, open_store)))


def secret_problems(plan: Plan, sources: Mapping[str, SecretSource], environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the problems of the secrets that the steps of a plan declare."""
    for name in access_of_all(plan).secrets:
        first = next(step.name for step in plan.steps if name in step.access.secrets)
        try:
            value_of(name, sources, environ)
        except BadInput as error:
            yield from (problem._replace(where=problem.where or f"step '{first}'") for problem in error.problems)


def silent(names: Iterable[str], open_store: Callable[[str], ObjectStore]) -> tuple[Problem, ...]:
    """Return the problems of reading these datastores. The workspace store is checked elsewhere."""
    return tuple(
        problem for name in names if name != DEFAULT_DATASTORE for problem in _answer(name, partial(open_store, name))
    )


def _written(step: StepSpec) -> Iterator[tuple[str, str]]:
    """Yield the places that a step is sure to write, with their datastore."""
    yield from ((f"output '{made.name}'", made.datastore) for made in step.outputs)
    for spec in step.inputs:
        if spec.mode is Mode.UPLOAD and isinstance(spec.source, DatastorePath):
            yield f"input '{spec.name}' in mode upload", spec.source.datastore


def _blocked(plan: Plan, open_store: Callable[[str], ObjectStore]) -> Iterator[Problem]:
    """Yield a problem for each output below an object: neither a folder nor MinIO can hold both. Raise StoreError."""
    seen: dict[tuple[str, str], bool] = {}
    for step in plan.steps:
        for what, datastore, path in _places(step):
            for parent in _parents(path):
                place = (datastore, parent)
                if place not in seen:
                    seen[place] = open_store(datastore).stat(parent) is not None
                if seen[place]:
                    yield Problem(
                        f"{what} cannot lie at '{path}' of datastore '{datastore}': '{parent}' is a file there",
                        f"step '{step.name}'",
                        "name another place, or remove the file",
                    )


def _places(step: StepSpec) -> Iterator[tuple[str, str, str]]:
    """Yield the places that a step may write, with the datastore and the known part of the path."""
    for made in step.outputs:
        if made.destination:
            yield f"output '{made.name}'", made.datastore, made.destination
    for spec in step.inputs:
        if spec.writable and isinstance(spec.source, DatastorePath):
            yield f"input '{spec.name}'", spec.source.datastore, spec.source.path


def _parents(path: str) -> Iterator[str]:
    """Yield the folders around a place, down to the first template."""
    parts = path.strip("/").split("/")
    for end in range(1, len(parts)):
        if "{" in parts[end - 1]:
            return
        yield "/".join(parts[:end])


def _unknown(name: str, step: str, known: Mapping[str, DatastoreFacts]) -> Problem:
    return Problem(
        f"there is no datastore '{name}'; known: {', '.join(known)}",
        f"step '{step}'",
        "correct the name, or add it under 'datastores:' of runner.yaml",
    )


def _out_of_reach(facts: DatastoreFacts, step: str, target: str) -> Problem:
    return Problem(
        f"datastore '{facts.name}' is the folder {facts.place} of this machine, which target '{target}' cannot reach",
        f"step '{step}'",
        f"make it a bucket (type: bucket) in {facts.where}, or run the step on this machine",
    )


def _read_only(facts: DatastoreFacts, step: str, what: str) -> Problem:
    return Problem(
        f"{what} is to be written to datastore '{facts.name}', which is read-only",
        f"step '{step}'",
        f"name another datastore for it; '{facts.name}' is configured in {facts.where}",
    )


def _answer(name: str, open_store: Callable[[], ObjectStore]) -> tuple[Problem, ...]:
    """Return nothing if the datastore can be opened and listed, else the problem."""
    try:
        next(iter(open_store().list("azureml/")), None)
    except BadInput as error:
        return error.problems
    except RunnerError as error:
        return (Problem(str(error), f"datastore '{name}'", "correct it in runner.yaml, or ask for access"),)
    return ()
