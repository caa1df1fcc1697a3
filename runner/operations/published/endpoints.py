"""Pipeline endpoints in the workspace store: ``registry/published/endpoints/<id>/``.

A name belongs to one endpoint: ``registry/published/endpoint-names/<quoted name>/`` holds a claim, which is a document
in revisions too. The claim is written first. One that no endpoint answers to was left by a process that was killed; it
is free after an hour.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...model.published import EndpointRecord, EndpointVersion, Status
from ...model.reading import unknown
from .documents import Documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...ports import ObjectStore

    Edit = Callable[[EndpointRecord], EndpointRecord]

_LEFT_OVER = timedelta(hours=1)
_LONGEST_NAME = 200


@dataclass(frozen=True)
class NameClaim:
    """The endpoint that a name belongs to."""

    endpoint: str
    """Its id; empty: the name is free."""
    at: datetime


def documents(store: ObjectStore) -> Documents[EndpointRecord]:
    """Return the endpoints of a workspace.

    Args:
        store: The workspace store.

    """
    return Documents(store, "endpoints", EndpointRecord)


def publish(store: ObjectStore, name: str, pipeline: str, *, description: str = "", user: str = "") -> EndpointRecord:
    """Create an endpoint whose version 0, the default one, is a published pipeline.

    Args:
        store: The workspace store.
        name: The endpoint's name.
        pipeline: The id of the published pipeline.
        description: Text for people. Default: empty.
        user: The creator. Default: empty, unknown.

    Raises:
        BadInput: The name is invalid, or another endpoint has it.

    """
    record = EndpointRecord(
        id=str(uuid.uuid4()),
        name=name,
        description=description,
        versions=(EndpointVersion(version="0", pipeline=pipeline),),
        default="0",
        created=store.now(),
        user=user,
    )
    _claim(store, name, record.id)
    documents(store).create(record.id, record)
    return get(store, record.id)  # with its time as it is stored, to the millisecond


def refuse_name(store: ObjectStore, name: str) -> None:
    """Raise BadInput if a new endpoint cannot have a name.

    Args:
        store: The workspace store.
        name: The name.

    Raises:
        BadInput: The name is invalid, or another endpoint has it.

    """
    known = _names(store).find(_checked(name))
    if known is not None:
        _refuse_claimed(store, name, known, NameClaim("", store.now()))


def get(store: ObjectStore, identity: str) -> EndpointRecord:
    """Return the endpoint of an id.

    Args:
        store: The workspace store.
        identity: The id.

    Raises:
        BadInput: There is none.

    """
    record = documents(store).find(identity)
    if record is None:
        raise BadInput(
            f"there is no pipeline endpoint of id {identity!r} in this workspace",
            remedy="list them: PipelineEndpoint.list(workspace)",
        )
    return record


def named(store: ObjectStore, name: str) -> EndpointRecord:
    """Return the endpoint of a name.

    Args:
        store: The workspace store.
        name: The name.

    Raises:
        BadInput: There is none.

    """
    claim = _names(store).find(_quoted(name)) if _name_problem(name) is None else None
    record = documents(store).find(claim.endpoint) if claim else None
    if record is None or record.name != name:
        what, remedy = unknown("pipeline endpoint", name, sorted(one.name for one in documents(store).all()))
        raise BadInput(what, remedy=remedy)
    return record


def all_of(store: ObjectStore, *, active_only: bool = True) -> list[EndpointRecord]:
    """Return the endpoints, newest first.

    Args:
        store: The workspace store.
        active_only: False: disabled and archived ones too. Default: True.

    """
    found = [one for one in documents(store).all() if one.status is Status.ACTIVE or not active_only]
    return sorted(found, key=lambda one: one.created, reverse=True)


def add(store: ObjectStore, identity: str, pipeline: str, *, default: bool = False) -> EndpointRecord:
    """Add a published pipeline as the next version.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        pipeline: The id of the published pipeline.
        default: True: make it the default version too. Default: False.

    Raises:
        BadInput: There is no such endpoint.

    """

    def edit(record: EndpointRecord) -> EndpointRecord:
        version = str(max((int(one.version) for one in record.versions), default=-1) + 1)
        versions = (*record.versions, EndpointVersion(version=version, pipeline=pipeline))
        return replace(record, versions=versions, default=version if default else record.default or version)

    return _changed(store, identity, edit)


def set_default_version(store: ObjectStore, identity: str, version: str) -> EndpointRecord:
    """Make a version the default one.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        version: The version.

    Raises:
        BadInput: There is no such endpoint or version.

    """
    return _changed(store, identity, lambda record: replace(record, default=version_of(record, version).version))


def set_default(store: ObjectStore, identity: str, pipeline: str) -> EndpointRecord:
    """Make the newest version that is this published pipeline the default one.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        pipeline: The id of the published pipeline.

    Raises:
        BadInput: There is no such endpoint, or no version of it is this pipeline.

    """

    def edit(record: EndpointRecord) -> EndpointRecord:
        found = [one.version for one in record.versions if one.pipeline == pipeline]
        if not found:
            raise BadInput(
                f"no version of the pipeline endpoint {record.name!r} is the published pipeline {pipeline}",
                remedy="add it: endpoint.add_default(pipeline)",
            )
        return replace(record, default=found[-1])

    return _changed(store, identity, edit)


def set_status(store: ObjectStore, identity: str, status: Status) -> EndpointRecord:
    """Activate, disable or archive an endpoint.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        status: The new status.

    Raises:
        BadInput: There is no such endpoint.

    """
    return _changed(store, identity, lambda record: replace(record, status=status))


def set_description(store: ObjectStore, identity: str, description: str) -> EndpointRecord:
    """Change the description.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        description: Text for people.

    Raises:
        BadInput: There is no such endpoint.

    """
    return _changed(store, identity, lambda record: replace(record, description=description))


def set_name(store: ObjectStore, identity: str, name: str) -> EndpointRecord:
    """Give an endpoint another name. The old one becomes free.

    Args:
        store: The workspace store.
        identity: The endpoint's id.
        name: The new name.

    Raises:
        BadInput: There is no such endpoint, the name is invalid, or another endpoint has it.

    """
    before = get(store, identity).name
    _claim(store, name, identity)
    renamed = _changed(store, identity, lambda record: replace(record, name=name))
    if before != name:
        _release(store, before, identity)
    return renamed


def version_of(record: EndpointRecord, version: str = "") -> EndpointVersion:
    """Return a version of an endpoint.

    Args:
        record: The endpoint.
        version: The version. Default: empty, the default one.

    Raises:
        BadInput: It has no such version.

    """
    wanted = version or record.default
    for one in record.versions:
        if one.version == wanted:
            return one
    known = [one.version for one in record.versions]
    what, remedy = unknown(f"version of the pipeline endpoint {record.name!r}", wanted, known)
    raise BadInput(what, remedy=remedy)


def submitted(record: EndpointRecord, version: str = "") -> str:
    """Return the id of the published pipeline that a submission to an endpoint runs.

    Args:
        record: The endpoint.
        version: The version. Default: empty, the default one.

    Raises:
        BadInput: The endpoint is not active, or has no such version.

    """
    if record.status is not Status.ACTIVE:
        raise BadInput(
            f"the pipeline endpoint {record.name!r} is {record.status.value.lower()}",
            remedy="endpoint.enable() makes it active again",
        )
    return version_of(record, version).pipeline


def _changed(store: ObjectStore, identity: str, edit: Edit) -> EndpointRecord:
    get(store, identity)  # says what to do if there is none
    return documents(store).change(identity, edit)


def _names(store: ObjectStore) -> Documents[NameClaim]:
    return Documents(store, "endpoint-names", NameClaim)


def _claim(store: ObjectStore, name: str, identity: str) -> None:
    """Make a name the endpoint's. Raise BadInput if it is invalid, or another endpoint's."""
    quoted, mine = _checked(name), NameClaim(identity, store.now())

    def edit(known: NameClaim) -> NameClaim:
        _refuse_claimed(store, name, known, mine)
        return mine

    if not _names(store).create(quoted, mine):
        _names(store).change(quoted, edit)


def _refuse_claimed(store: ObjectStore, name: str, known: NameClaim, wanted: NameClaim) -> None:
    """Raise BadInput if a known claim stands against a wanted one."""
    if known.endpoint not in ("", wanted.endpoint) and not _is_left_over(store, name, known, wanted.at):
        raise BadInput(
            f"the name {name!r} belongs to the pipeline endpoint {known.endpoint}",
            remedy="add the pipeline to it (PipelineEndpoint.get(workspace, name=…).add_default(…)), "
            "or take another name",
        )


def _is_left_over(store: ObjectStore, name: str, claim: NameClaim, now: datetime) -> bool:
    record = documents(store).find(claim.endpoint)
    return (record is None or record.name != name) and now - claim.at > _LEFT_OVER


def _release(store: ObjectStore, name: str, identity: str) -> None:
    """Free a name, unless another endpoint has it by now, or this one has it again."""
    at = store.now()

    def edit(known: NameClaim) -> NameClaim:
        record = documents(store).find(identity)
        again = record is not None and record.name == name
        return known if again or known.endpoint != identity else NameClaim("", at)

    _names(store).change(_quoted(name), edit)


def _checked(name: str) -> str:
    """Return the name as one path segment. Raise BadInput if no endpoint can have it."""
    problem = _name_problem(name)
    if problem is not None:
        raise BadInput([problem])
    return _quoted(name)


def _quoted(name: str) -> str:
    """Return the name as one path segment."""
    return quote(name, safe=" ").replace(".", "%2E")


def _name_problem(name: object) -> Problem | None:
    if isinstance(name, str) and name.strip() and name.isprintable() and len(_quoted(name)) <= _LONGEST_NAME:
        return None
    what = f"{name!r} cannot name a pipeline endpoint"
    return Problem(what, remedy=f"use up to {_LONGEST_NAME} printable characters")
