"""The receipt of a run: the digests of all that went into it, which one needs to reproduce and to trust it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ..dataclass import dataclass
from ..model.data import DataRef
from ..model.document import to_document
from ..model.plan import Plan
from ..model.record import AttemptRecord
from ..model.redaction import redacted
from ..model.task import Task
from ..ports import ObjectStore
from ..runs import records
from .detail import command_of
from .parallel_reads import read_each
from .report import EnvironmentReport, environment_reports, parameters_of
from .step_data import assigned_task, content_of, inputs_of, outputs_of
from .step_status import environment_name
from .values import RunView

_SEED = re.compile(r"(^|[^a-z])(seed|random[_-]?state)([^a-z]|$)", re.IGNORECASE)
"""A name that states a seed, such as ``--seed``, ``random_state`` or ``PYTHONHASHSEED``."""
_VARIABLES = ("PYTHONHASHSEED",)


@dataclass(frozen=True, kw_only=True)
class DataReceipt:
    """One input or output."""

    name: str
    datastore: str
    key: str
    digest: str
    """The digest of the files' names and bytes; that of the manifest if it is the only one known."""
    files: int
    bytes: int
    dataset: str
    """The registered dataset and its version, as ``NAME:VERSION``; empty: it is none."""


@dataclass(frozen=True, kw_only=True)
class StepReceipt:
    """One step."""

    key: str
    name: str
    status: str
    attempt: int
    origin: str
    """The step run whose outputs are reused; empty: it ran."""
    trial_of: str
    script: str
    command: tuple[str, ...]
    code: str
    """The digest of the snapshot of its code; empty: it has none."""
    environment: str
    reference: str
    """The image or interpreter in which it ran."""
    lock: str
    """The digest of the lock of the environment; empty: nothing was installed from a lock."""
    fingerprint: str
    """The digest of all that determines its outputs; empty: unknown."""
    python: str
    """The version of Python that ran its script; empty: unknown."""
    host: str
    inputs: tuple[DataReceipt, ...]
    outputs: tuple[DataReceipt, ...]
    seeds: Mapping[str, object]
    """The seeds that its arguments, variables and sampled values state, by name."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The receipt of a run."""

    run: str
    experiment: str
    status: str
    created: datetime | None
    ended: datetime | None
    user: str
    origin: str
    """The run that it retries; empty: none."""
    published: str
    """The id of the published pipeline; empty: it was none."""
    plan: str
    """The digest of the locked plan, which names all code, commands and settings."""
    parameters: Mapping[str, object]
    seeds: Mapping[str, object]
    """The parameters and searches that state a seed; steps have their own."""
    versions: tuple[str, ...]
    """The versions of runner whose controllers drove it; empty: they did not note it."""
    environments: tuple[EnvironmentReport, ...]
    specifications: Mapping[str, str]
    """The digest of each environment's specification, by the environment's name."""
    steps: tuple[StepReceipt, ...]


def receipt(store: ObjectStore, view: RunView) -> Receipt:
    """Return the receipt of a run.

    Args:
        store: The workspace store.
        view: The run.

    Raises:
        StoreError: The store cannot be read.

    """
    state, said = view.state, view.state.submission
    parameters = parameters_of(view)
    return Receipt(
        run=state.run,
        experiment=said.experiment if said else "",
        status=state.status.value,
        created=state.created,
        ended=state.ended,
        user=said.user if said else "",
        origin=said.origin if said else "",
        published=said.published if said else "",
        plan=said.plan if said else "",
        parameters=parameters,
        seeds={**_named(parameters), **dict(_of_searches(view.plan))},
        versions=state.versions,
        environments=environment_reports(view),
        specifications={each.name: each.spec.digest for each in view.plan.environments.values()},
        steps=tuple(read_each(store, lambda key: _step(store, view, key), tuple(state.steps))),
    )


def _step(store: ObjectStore, view: RunView, key: str) -> StepReceipt:
    state, spec, said = view.state.steps[key], view.plan.by_key[key], view.state.submission
    task = assigned_task(store, view, key)
    record = records.record_of(store, task.id) if task else None
    target = said.targets.get(key, "") if said else ""
    pair = (spec.environment, target)
    command = command_of(task.command if task else spec.command)
    return StepReceipt(
        key=key,
        name=view.plan.names[key],
        status=state.status.value,
        attempt=state.attempt,
        origin=state.origin,
        trial_of=spec.trial_of,
        script=spec.script,
        command=tuple(redacted(text) for text in command),
        code=spec.snapshot,
        environment=environment_name(view.plan, spec.environment),
        reference=task.environment if task else view.state.environments.get(pair, ""),
        lock=task.lock if task else view.state.locks.get(pair, ""),
        fingerprint=task.fingerprint if task else "",
        **_machine(record),
        inputs=tuple(_data(name, ref, task) for name, ref in inputs_of(task).items()),
        outputs=tuple(_data(name, ref, None) for name, ref in outputs_of(view, key).items()),
        seeds={**_of_arguments(command), **_of_variables(spec.variables), **_named(state.sampled)},
    )


def _machine(record: AttemptRecord | None) -> dict[str, str]:
    return {"python": record.python if record else "", "host": record.host if record else ""}


def _data(name: str, ref: DataRef, task: Task | None) -> DataReceipt:
    known = next((each.dataset for each in task.inputs if each.name == name), None) if task else None
    return DataReceipt(
        name=name,
        datastore=ref.datastore,
        key=ref.key,
        digest=content_of(ref),
        files=ref.files,
        bytes=ref.bytes,
        dataset=f"{known.name}:{known.version}" if known and known.name else "",
    )


def _named(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values whose names state a seed."""
    return {name: to_document(value) for name, value in values.items() if _SEED.search(name)}


def _of_variables(variables: Mapping[str, str]) -> dict[str, object]:
    return {name: value for name, value in variables.items() if name in _VARIABLES or _SEED.search(name)}


def _of_searches(plan: Plan) -> Iterator[tuple[str, object]]:
    return ((f"search {plan.names[step.key]}", step.search.seed) for step in plan.searches if step.search)


def _of_arguments(command: Sequence[str]) -> dict[str, object]:
    """Return the options that state a seed: ``--seed 1`` and ``--seed=1``."""
    found: dict[str, object] = {}
    for word, following in zip(command, (*command[1:], ""), strict=True):
        name, equals, value = word.partition("=")
        if word.startswith("-") and _SEED.search(name):
            found[name] = value if equals else following
    return found
