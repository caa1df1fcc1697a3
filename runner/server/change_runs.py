"""Operations that change runs: cancel, retry, tags. Pages use the same functions."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable, Mapping

from starlette.responses import JSONResponse

from ..errors import BadInput, Problem
from ..model.names import new_run_id
from ..model.published import EndpointRecord
from ..model.status import RunStatus
from ..model.token import target_of
from ..operations import run_tags
from ..operations.published.documents import Documents
from ..operations.retry_selection import Part, Scope
from ..operations.submit import is_submitted
from ..operations.values import RunView
from ..ports import ObjectStore
from . import idempotency
from .context import Workspace
from .operation import TEXT, Answer, Call, Operation, Parameter
from .run_access import RUN, opened_run, step_key
from .token_check import forbidden

log = logging.getLogger("runner.server")
_MAY = "The token needs the scope `submit`, or `submit:…` for the published pipeline or endpoint of the run."
_CANCELED = {
    "type": "object",
    "properties": {"run": TEXT, "status": {"type": "string"}},
    "required": ["run", "status"],
}
_PART = {
    "type": "object",
    "properties": {
        "scope": {
            "type": "string",
            "enum": [one.value for one in Scope],
            "description": "`failed`: the steps that did not succeed; `from`: the named steps and all that depend on "
            "them; `only`: the named steps alone. Default: `failed`.",
        },
        "steps": {
            "type": "array",
            "maxItems": 1000,
            "items": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "Keys or names of steps, for `from` and `only`.",
        },
    },
    "additionalProperties": False,
}
_RETRIED = {
    "type": "object",
    "properties": {"run": TEXT, "origin": TEXT},
    "required": ["run", "origin"],
}
_EDIT = {
    "type": "object",
    "properties": {
        "set": {
            "type": "object",
            "maxProperties": 1000,
            "additionalProperties": {"type": "string"},
            "description": "New tags, and new values of known ones.",
        },
        "remove": {
            "type": "array",
            "maxItems": 1000,
            "items": {"type": "string"},
            "description": "The names of tags that go.",
        },
    },
    "additionalProperties": False,
}
_TAGS = {
    "type": "object",
    "properties": {"run": TEXT, "tags": {"type": "object", "additionalProperties": {"type": "string"}}},
    "required": ["run", "tags"],
}
_KEY = Parameter(
    name=idempotency.HEADER,
    about="A text of the client's choice, such as a UUID: the same key makes one run.",
    schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
)


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    run = f"/api/v1/runs/{{{RUN.name}}}"
    return (
        Operation(
            method="POST",
            path=f"{run}/cancel",
            id="cancel_run",
            summary="Cancel a run",
            about=f"No further step starts, and running ones are stopped. A run that has ended stays as it is. {_MAY}",
            tag="runs",
            handler=_cancel,
            scope="submit",
            parameters=(RUN,),
            answers={202: Answer("It is asked to stop, or has ended.", _CANCELED)},
        ),
        Operation(
            method="POST",
            path=f"{run}/retry",
            id="retry_run",
            summary="Run steps of an ended run again, as a new run",
            about="What has succeeded is reused. With an `Idempotency-Key` a repeated call returns the same run. "
            f"{_MAY}",
            tag="runs",
            handler=_retry,
            scope="submit",
            parameters=(RUN,),
            request_headers=(_KEY,),
            body=_PART,
            submits=True,
            answers={200: Answer("The new run was submitted.", _RETRIED)},
            refusals=(422,),
        ),
        Operation(
            method="POST",
            path=f"{run}/tags",
            id="tag_run",
            summary="Change the tags of a run",
            about=f"The answer has all tags as they are then. {_MAY}",
            tag="runs",
            handler=_tags,
            scope="submit",
            parameters=(RUN,),
            body=_EDIT,
            answers={200: Answer("The tags.", _TAGS)},
        ),
    )


def check_may_change(call: Call, store: ObjectStore, view: RunView) -> None:
    """Raise Refusal (403) unless the caller may change a run.

    Args:
        call: The call.
        store: The workspace store.
        view: The run.

    """
    submission = view.state.submission
    pipeline = submission.published if submission else ""
    if not call.known_caller.may_submit(pipeline, *_endpoints_of(store, call, pipeline)):
        raise forbidden("submit")


def cancel_run(call: Call, workspace: Workspace, view: RunView) -> RunStatus:
    """Ask a run to stop, and see to it that a controller ends it. One that has ended stays as it is.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.

    Returns:
        The status of the run, or that it is canceling.

    Raises:
        Refusal: The caller may not.
        StoreError: The store cannot be used.

    """
    check_may_change(call, workspace.store, view)
    run = view.state.run
    workspace.cancel(run)
    call.notes["run"] = run
    if view.state.status in (RunStatus.RUNNING, RunStatus.CANCELING):
        _drive(call, workspace, run)
    return RunStatus.CANCELING if view.state.status is RunStatus.RUNNING else view.state.status


def retry_run(call: Call, workspace: Workspace, view: RunView, part: Part, key: str, data: bytes) -> str:
    """Retry a part of an ended run, and return the id of the new run.

    Args:
        call: The call.
        workspace: The workspace.
        view: The ended run.
        part: The part.
        key: The Idempotency-Key; empty: there is none.
        data: What the key was used with.

    Raises:
        Refusal: The caller may not, or the key was used with something else.
        BadInput: The run has not ended, there is nothing to run, or it cannot run here.
        StoreError: The store cannot be used.

    """
    check_may_change(call, workspace.store, view)
    run, now = view.state.run, call.context.clock.now()
    if key:
        new = idempotency.run_of(workspace.store, now, call.known_caller.id, f"retry {run}", key, data)
    else:
        new = new_run_id(now, secrets.token_bytes(10))
    call.notes.update(run=new, origin=run)
    try:
        workspace.retry(run, part, new)
    except Exception:
        if not is_submitted(workspace.store, new):
            raise
        log.exception("run %s is submitted, but its controller could not be started", new)
        call.context.late.add(new, call.context.workspaces, call.context.stopping)
    return new


def tag_run(
    call: Call, workspace: Workspace, view: RunView, given: Mapping[str, str], removed: Iterable[str]
) -> dict[str, str]:
    """Change the tags of a run, and return all of them.

    Args:
        call: The call.
        workspace: The workspace.
        view: The run.
        given: New tags, and new values of known ones.
        removed: The names of tags that go.

    Raises:
        Refusal: The caller may not.
        BadInput: Tags are wrong; the exception has every problem.
        StoreError: The store cannot be used.

    """
    check_may_change(call, workspace.store, view)
    call.notes["run"] = view.state.run
    return run_tags.set_tags(workspace.store, view, {**dict.fromkeys(removed), **given})


def _drive(call: Call, workspace: Workspace, run: str) -> None:
    """Start a controller for a run that nobody drives: only a controller ends a run."""
    try:
        workspace.see_to_controller(run)
    except Exception:
        log.exception("no controller could be started to end run %s", run)
        call.context.late.add(run, call.context.workspaces, call.context.stopping)


def _endpoints_of(store: ObjectStore, call: Call, pipeline: str) -> list[str]:
    """Return those endpoints of the caller's scopes of which a pipeline is a version."""
    if call.known_caller.may_submit(pipeline) or not pipeline:
        return []
    named = [target for scope in call.known_caller.scopes if (target := target_of(scope))]
    found = Documents(store, "endpoints", EndpointRecord).find_each(named)
    return [one.id for one in found if one and any(version.pipeline == pipeline for version in one.versions)]


def _cancel(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        status = cancel_run(call, workspace, view)
    return JSONResponse({"run": view.state.run, "status": status.value}, 202)


def _retry(call: Call) -> JSONResponse:
    key = idempotency.checked_key(call.headers.getlist(idempotency.HEADER))
    with opened_run(call) as (workspace, view):
        check_may_change(call, workspace.store, view)
        new = retry_run(call, workspace, view, _part(view, _object(call.body, ("scope", "steps"))), key, call.body)
    return JSONResponse({"run": new, "origin": view.state.run})


def _tags(call: Call) -> JSONResponse:
    document = _object(call.body, ("set", "remove"))
    given, removed = document.get("set", {}), document.get("remove", [])
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise BadInput("'set' is no object of texts", "body: set", 'send: {"set": {"NAME": "VALUE"}}')
    if not isinstance(removed, list) or not all(isinstance(name, str) for name in removed):
        raise BadInput("'remove' is no list of texts", "body: remove", 'send: {"remove": ["NAME"]}')
    with opened_run(call) as (workspace, view):
        tags = tag_run(call, workspace, view, given, removed)
    return JSONResponse({"run": view.state.run, "tags": tags})


def _object(data: bytes, known: tuple[str, ...]) -> dict[str, object]:
    """Return the JSON object of a body. Raise BadInput."""
    try:
        found = json.loads(data.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput("the body is no JSON object", "body", "send one JSON object in UTF-8")
    if stray := [name for name in found if name not in known]:
        raise BadInput(f"the body has the unknown field {stray[0][:80]!r}", "body", "the form: /openapi.json")
    return found


def _part(view: RunView, document: Mapping[str, object]) -> Part:
    """Return the part of a run that a body names. Raise BadInput, Refusal."""
    steps = document.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(name, str) for name in steps):
        raise BadInput("'steps' is no list of texts", "body: steps", 'send: {"scope": "from", "steps": ["NAME"]}')
    return part_of(view, str(document.get("scope", Scope.FAILED.value)), steps)


def part_of(view: RunView, scope: str, steps: Iterable[str]) -> Part:
    """Return a part of a run.

    Args:
        view: The run.
        scope: The value of a `Scope`.
        steps: Keys or names of steps.

    Raises:
        BadInput: The scope is none, or does not fit the steps.
        Refusal: There is no such step.

    """
    names = list(steps)
    known = [one.value for one in Scope]
    if scope not in known:
        raise BadInput(f"{scope[:40]!r} is no part of a run", "scope", f"write {', '.join(known)}")
    if (scope == Scope.FAILED.value) == bool(names):
        what = "no step is chosen" if scope != Scope.FAILED.value else "steps are named, and all that failed are meant"
        raise BadInput([Problem(what, "steps", "name steps with the scope 'from' or 'only', and with no other")])
    return Part(Scope(scope), tuple(dict.fromkeys(step_key(view, name) for name in names)))
