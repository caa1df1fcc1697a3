"""The documents of published pipelines for ``--json``, from which their views are made."""

from __future__ import annotations

from datetime import datetime

from ..dataclass import dataclass
from ..model.document import Document, to_document
from ..model.plan import Plan
from ..model.published import PublishedRecord, pipeline_url
from ..plan import data_parameters


@dataclass(frozen=True, kw_only=True)
class ParameterDocument:
    """One parameter."""

    name: str
    kind: str
    """``str``, ``int``, ``float``, ``bool``, ``DataPath``, ``FileDataset`` or ``TabularDataset``; ``null``: any."""
    default: Document


@dataclass(frozen=True, kw_only=True)
class PublishedStep:
    """One step."""

    key: str
    name: str
    script: str
    compute: str
    environment: str
    waits_for: tuple[str, ...]
    """The keys of other steps."""


@dataclass(frozen=True, kw_only=True)
class PublishedDocument:
    """One published pipeline."""

    id: str
    name: str
    version: str
    description: str
    status: str
    endpoint: str
    """The URL of `runner serve` that submits it."""
    created: datetime
    user: str
    origin: str
    """The run that it was published from; empty: none."""
    continue_on_step_failure: bool
    parameters: tuple[ParameterDocument, ...]
    steps: tuple[PublishedStep, ...]
    environments: tuple[str, ...]


def document_of(record: PublishedRecord, plan: Plan, url: str) -> PublishedDocument:
    """Return the document of a published pipeline.

    Args:
        record: Its record.
        plan: Its plan.
        url: The base URL of the REST server.

    """
    data = data_parameters.defaults(plan)
    plain = (
        ParameterDocument(name=name, kind="null" if value is None else type(value).__name__, default=value)
        for name, value in plan.parameters.items()
    )
    return PublishedDocument(
        id=record.id,
        name=record.name,
        version=record.version,
        description=record.description,
        status=record.status.value,
        endpoint=pipeline_url(url, record.id),
        created=record.created,
        user=record.user,
        origin=record.origin,
        continue_on_step_failure=record.continue_on_step_failure,
        parameters=(
            *plain,
            *(
                ParameterDocument(name=name, kind=data_parameters.kind_of(value), default=to_document(value))
                for name, value in data.items()
            ),
        ),
        steps=tuple(
            PublishedStep(
                key=step.key,
                name=step.name,
                script=step.script,
                compute=step.compute,
                environment=plan.environments[step.environment].name if step.environment in plan.environments else "",
                waits_for=tuple(sorted(step.needs, key=plan.places.__getitem__)),
            )
            for step in plan.steps
        ),
        environments=tuple(each.name for each in plan.environments.values()),
    )
