"""Submission of published pipelines and pipeline endpoints, under the addresses of v1's REST interface."""

from __future__ import annotations

import logging
import secrets

from starlette.responses import JSONResponse, Response

from ..data import registry
from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing, Problem, StoreError
from ..model.names import is_run_id, new_run_id, run_time
from ..model.published import RUNS_PATH, Data, EndpointRecord, ParameterValues, PublishedRecord, Status
from ..model.reading import unknown
from ..operations.published import binding, endpoints, pipelines
from ..operations.submit import is_submitted
from ..operations.values import Request
from ..plan import data_parameters
from ..ports import ObjectStore
from ..runs import plans
from ..runs.child_keys import child_key
from . import idempotency
from .body import SCHEMA, SubmissionBody, read_body
from .context import Workspace
from .operation import Answer, Call, Operation, Parameter
from .problems import Refusal, not_found, refused
from .token_check import forbidden

log = logging.getLogger("runner.server")
_PARENT = "body: ParentRunId"
_GUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "minLength": 36, "maxLength": 36}
_VERSION = {"type": "string", "pattern": "^[0-9]{1,9}$"}
_ANSWER = {
    "type": "object",
    "properties": {
        "Id": {"type": "string", "description": "The id of the run."},
        "PipelineId": {"type": "string", "description": "The id of the published pipeline."},
        "ExperimentName": {"type": "string"},
        "Links": {
            "type": "object",
            "properties": {"Run": {"type": "string"}, "Steps": {"type": "string"}},
            "description": "Where the run can be read.",
        },
    },
    "required": ["Id", "PipelineId", "ExperimentName", "Links"],
}
_ABOUT = (
    "The answer comes as soon as the run is in the store; a controller then drives it. With an `Idempotency-Key` a "
    "repeated call returns the same run."
)
_KEY = Parameter(
    name=idempotency.HEADER,
    about="A text of the client's choice, such as a UUID: the same key makes one run.",
    schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
)


@dataclass(frozen=True)
class Wanted:
    """The pipeline that a call means."""

    record: PublishedRecord
    named: str
    """The id in the address: that of the pipeline, or of the endpoint."""


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    pipeline = Parameter(name="pipeline", about="The id of the published pipeline.", schema=_GUID, in_path=True)
    endpoint = Parameter(name="endpoint", about="The id of the endpoint.", schema=_GUID, in_path=True)
    version = Parameter(name="version", about="A version of the endpoint.", schema=_VERSION, in_path=True)
    named = (
        Parameter(name="name", about="The name of the endpoint.", required=True),
        Parameter(name="pipelineVersion", about="A version of it (default: its default version).", schema=_VERSION),
    )
    return (
        _operation("submitPipeline", "PipelineSubmit/{pipeline}", "Run a published pipeline", (pipeline,)),
        _operation(
            "submitEndpoint",
            "PipelineEndpointSubmit/Id/{endpoint}",
            "Run the default version of a pipeline endpoint",
            (endpoint,),
        ),
        _operation(
            "submitEndpointVersion",
            "PipelineEndpointSubmit/Id/{endpoint}/{version}",
            "Run a version of a pipeline endpoint",
            (endpoint, version),
        ),
        _operation("submitEndpointByName", "PipelineEndpointSubmit/Name", "Run a pipeline endpoint by its name", named),
    )


def _operation(identity: str, path: str, summary: str, parameters: tuple[Parameter, ...]) -> Operation:
    return Operation(
        method="POST",
        path=f"{RUNS_PATH}/{path}",
        id=identity,
        summary=summary,
        about=_ABOUT,
        tag="submission",
        handler=submit,
        scope="submit",
        parameters=parameters,
        request_headers=(_KEY,),
        body=SCHEMA,
        submits=True,
        answers={200: Answer("The run was submitted.", _ANSWER)},
        refusals=(404, 409, 422),
    )


def submit(call: Call) -> Response:
    """Submit a run, and return its id.

    Args:
        call: The call.

    Raises:
        Refusal: It is refused; nothing was submitted.
        BadInput: As above, with every problem.
        StoreError: The store cannot be used.

    """
    key = idempotency.checked_key(call.headers.getlist(idempotency.HEADER))
    with call.context.workspaces.borrow() as workspace:
        wanted = _wanted(workspace.store, call)
        run, experiment = submitted(call, workspace, wanted, call.body, key)
    where = f"{call.context.url}/api/v1/runs/{run}"
    answer = {
        "Id": run,
        "PipelineId": wanted.record.id,
        "ExperimentName": experiment,
        "Links": {"Run": where, "Steps": f"{where}/steps"},
    }
    return JSONResponse(answer, headers={"Location": where})


def submitted(call: Call, workspace: Workspace, wanted: Wanted, data: bytes, key: str) -> tuple[str, str]:
    """Submit a run of a pipeline.

    Args:
        call: The call. Its caller may run the pipeline.
        workspace: The workspace.
        wanted: The pipeline.
        data: The body, in v1's form.
        key: The Idempotency-Key; empty: there is none.

    Returns:
        The id of the run, and its experiment.

    Raises:
        Refusal: It is refused; nothing was submitted.
        BadInput: As above, with every problem.
        StoreError: The store cannot be used.

    """
    body = read_body(data)
    values = _values(workspace.store, body)
    call.notes["pipeline"] = wanted.record.id
    if body.parent:
        _check_parent(workspace, body.parent)
    ignored = _checked(workspace.store, wanted.record, values)
    now = call.context.clock.now()
    run = (
        idempotency.run_of(workspace.store, now, call.known_caller.id, wanted.named, key, data)
        if key
        else new_run_id(now, secrets.token_bytes(10))
    )
    if not _submit(workspace, wanted.record, values, body, run):
        call.context.late.add(run, call.context.workspaces, call.context.stopping)
        call.notes["controller"] = "starts later"
    if body.parent:
        _make_child(workspace.store, body.parent, run)
    call.notes["run"] = run
    if ignored:
        call.notes["ignored"] = ignored
    return run, body.experiment


def runnable(store: ObjectStore, call: Call, identity: str) -> Wanted:
    """Return a published pipeline by its id. Raise Refusal if the caller may not run it, or it cannot be run.

    Args:
        store: The workspace store.
        call: The call.
        identity: The id.

    """
    if not call.known_caller.may_submit(identity):
        raise forbidden(f"submit:{identity}")
    return Wanted(_active(_found(store, identity)), identity)


def _submit(
    workspace: Workspace, record: PublishedRecord, values: ParameterValues, body: SubmissionBody, run: str
) -> bool:
    """Submit the run. Return False if it is submitted, but its controller may not have been started.

    Raises only if there is no such run: a client that gets an error calls again, and would make a second run.
    """
    try:
        workspace.submit_published(
            record,
            values,
            _request(body),
            run=run,
            ignore_unknown=True,
            parse_texts=True,
            continue_on_step_failure=body.going_on,
        )
    except Exception:
        if not _is_there(workspace.store, run):
            raise
        log.exception("run %s is submitted, but its controller could not be started", run)
        return False
    return True


def _is_there(store: ObjectStore, run: str) -> bool:
    try:
        return is_submitted(store, run)
    except StoreError:
        return False  # nobody knows; the first error tells of the store


def _make_child(store: ObjectStore, parent: str, run: str) -> None:
    """Enter the run into the list of its parent's children."""
    try:
        store.put(child_key(parent, run, run_time(run)), b"")
    except StoreError:
        log.exception("run %s is submitted, but missing in the list of the children of %s", run, parent)


def _wanted(store: ObjectStore, call: Call) -> Wanted:
    """Return the pipeline of the address. Raise Refusal if the caller may not run it, or it cannot be run."""
    identity = call.text("pipeline")
    if identity:
        return runnable(store, call, identity)
    endpoint = _endpoint(store, call)
    call.notes["endpoint"] = endpoint.id
    if endpoint.status is not Status.ACTIVE:
        what = f"the pipeline endpoint {endpoint.name!r} is {endpoint.status.value.lower()}"
        raise Refusal(409, what, "its owner makes it active again: endpoint.enable()")
    try:
        version = endpoints.version_of(endpoint, call.text("version") or call.text("pipelineVersion"))
    except BadInput as error:
        raise refused(error.problems, 404) from None
    return Wanted(_active(_found(store, version.pipeline)), endpoint.id)


def _endpoint(store: ObjectStore, call: Call) -> EndpointRecord:
    """Return the endpoint of the address. A caller without the right learns nothing of what there is."""
    caller, identity = call.known_caller, call.text("endpoint")
    if identity and not caller.may_submit(identity):
        raise forbidden(f"submit:{identity}")
    try:
        found = endpoints.get(store, identity) if identity else endpoints.named(store, call.text("name"))
    except BadInput as error:
        if not caller.may("submit"):
            raise forbidden("submit") from None
        raise refused(error.problems, 404) from None
    if not caller.may_submit(found.id):
        raise forbidden("submit")
    return found


def _found(store: ObjectStore, identity: str) -> PublishedRecord:
    record = pipelines.documents(store).find(identity)
    if record is None:
        raise not_found(f"there is no published pipeline of id {identity!r}", "see: runner pipelines list")
    return record


def _active(record: PublishedRecord) -> PublishedRecord:
    try:
        pipelines.refuse_inactive(record)
    except BadInput as error:
        raise refused(error.problems, 409) from None
    return record


def _values(store: ObjectStore, body: SubmissionBody) -> ParameterValues:
    """Return the values of the body. Raise BadInput for ids of datasets that are not registered."""
    data: dict[str, Data] = dict(body.paths)
    problems: list[Problem] = []
    for name, identity in body.datasets.items():
        found = registry.find(store, identity)
        if found is None:
            where = f"body: DataSetDefinitionValueAssignments: {name}"
            problems.append(
                Problem(f"no registered dataset has the id {identity!r}", where, "see: runner dataset list")
            )
        else:
            data[name] = found.definition
    if problems:
        raise BadInput(problems)
    return ParameterValues(scalars=body.scalars, data=data)


def _checked(store: ObjectStore, record: PublishedRecord, values: ParameterValues) -> list[str]:
    """Return the names that the pipeline does not have, for the audit.

    Raise BadInput if values do not fit: an Idempotency-Key is not used up by a request that could never be run.
    """
    try:
        plan = plans.load(store, record.plan)
    except ObjectMissing:
        return []  # the submission tells it in words
    binding.bound(plan, values, ignore_unknown=True, parse_texts=True)
    return sorted({*values.scalars, *values.data} - {*plan.parameters, *data_parameters.defaults(plan)})[:20]


def _check_parent(workspace: Workspace, parent: str) -> None:
    """Raise BadInput unless it is the id of a run, or of the run of one of its steps."""
    run, dot, step = parent.partition(".")
    if not is_run_id(run):
        raise BadInput(f"{parent!r} is no id of a run", _PARENT, "see: runner list")
    known = workspace.view(run).state.steps
    if dot and step not in known:
        what, remedy = unknown(f"step of the run {run}", step, known)
        raise BadInput(what, _PARENT, remedy)


def _request(body: SubmissionBody) -> Request:
    return Request(
        experiment=body.experiment,
        tags=body.tags,
        parent=body.parent,
        regenerate_outputs=body.regenerate,
        source=body.source,
    )
