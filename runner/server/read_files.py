"""Operations that list and send the files of a run, of a step, and of the outputs of steps.

The content of a file may be hostile. So it is sent as an attachment of no particular type, and a browser must not
guess one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from urllib.parse import quote

from starlette.responses import JSONResponse, Response, StreamingResponse

from ..errors import BadInput, ObjectMissing, StoreError
from ..model.data import DEFAULT_DATASTORE
from ..model.names import is_reserved
from ..model.task import TaskId
from ..operations import stored_reports
from ..operations.files.addresses import RunAddress
from ..operations.files.finding import Stores, find
from ..operations.files.selection import FoundFile
from ..operations.log_bytes import BLOCK
from ..operations.values import RunView
from ..ports import ObjectInfo, ObjectStore
from .context import Context, Workspace
from .operation import Answer, Call, Operation, Parameter
from .plain import plain
from .problems import not_found
from .ranges import requested
from .run_access import ATTEMPT, RUN, STEP, attempt_of, opened_run, step_key

_NAME = Parameter(
    name="name", about="The name of the file.", in_path=True, schema={"type": "string", "maxLength": 1024}
)
_PATH = Parameter(
    name="path", about="STEP/OUTPUT/PATH, as listed.", in_path=True, schema={"type": "string", "maxLength": 1200}
)
_LISTED = (
    Parameter(
        name="after",
        about="Only names behind this one: the last name of the page before.",
        schema={"type": "string", "minLength": 1, "maxLength": 1200},
    ),
    Parameter(
        name="limit",
        about="The most names. Default: 1000.",
        schema={"type": "integer", "minimum": 1, "maximum": 10000},
    ),
)
_BELOW = Parameter(name="path", about="Only files at or below STEP, STEP/OUTPUT or STEP/OUTPUT/PATH.")
_FILES = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "bytes": {"type": "integer"}},
                "required": ["name", "bytes"],
            },
        },
        "more": {"type": "boolean"},
    },
    "required": ["items", "more"],
}
_BINARY = "application/octet-stream"
_OWN = "files/"


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    run = f"/api/v1/runs/{{{RUN.name}}}"
    step = f"{run}/steps/{{{STEP.name}}}"
    return (
        _listing(f"{run}/files", "list_run_files", "The files of a run as a whole", _run_files, (RUN,)),
        _content(f"{run}/files/{{name:path}}", "get_run_file", "A file of a run as a whole", _run_file, (RUN, _NAME)),
        _content(f"{run}/report", "get_run_report", "The report that was made at the end of the run", _report, (RUN,)),
        _listing(
            f"{step}/files", "list_step_files", "The files that a step uploaded (v1's outputs/ and logs/)", _step_files,
            (RUN, STEP, ATTEMPT),
        ),
        _content(
            f"{step}/files/{{name:path}}", "get_step_file", "A file that a step uploaded", _step_file,
            (RUN, STEP, _NAME, ATTEMPT),
        ),
        _listing(f"{run}/outputs", "list_outputs", "The files of the outputs of steps", _outputs, (RUN, _BELOW)),
        _content(f"{run}/outputs/{{path:path}}", "get_output", "A file of an output", _output, (RUN, _PATH)),
    )  # fmt: skip


def _listing(
    path: str, identity: str, summary: str, handler: Callable[[Call], Response], parameters: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        id=identity,
        summary=summary,
        about="Sorted by name. If `more` is true, send the last name as `after` for the next page.",
        tag="files",
        handler=handler,
        parameters=(*parameters, *_LISTED),
        answers={200: Answer("Names and sizes.", _FILES)},
    )


def _content(
    path: str, identity: str, summary: str, handler: Callable[[Call], Response], parameters: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        id=identity,
        summary=summary,
        tag="files",
        handler=handler,
        parameters=parameters,
        request_headers=(
            Parameter(name="Range", about="One part: `bytes=0-999`, `bytes=1000-`, `bytes=-500`."),
            Parameter(name="If-Range", about="The ETag of the file that the part must be of; else the whole is sent."),
        ),
        answers={200: Answer("The file.", media_type=_BINARY), 206: Answer("The part.", media_type=_BINARY)},
        refusals=(416,),
    )


def _run_files(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        return _names(call, workspace.store, f"runs/{view.state.run}/{_OWN}")


def _run_file(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        return _sent(call, workspace, DEFAULT_DATASTORE, f"runs/{view.state.run}/{_OWN}", call.text("name"))


def _report(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        run = view.state.run
        folder, _, name = stored_reports.key_of(run).rpartition("/")
        if workspace.store.stat(f"{folder}/{name}") is None:
            raise not_found(f"no report of run {run} is kept", "make one: runner report; or set: report: true")
        return _sent(call, workspace, DEFAULT_DATASTORE, f"{folder}/", name, f"{run}.html")


def _step_files(call: Call) -> JSONResponse:
    with opened_run(call) as (workspace, view):
        task = _attempt(call, workspace, view)
        if task is None:
            return JSONResponse({"items": [], "more": False})
        return _names(call, workspace.store, task.artifacts)


def _step_file(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        task = _attempt(call, workspace, view)
        if task is None:
            raise _no_file(call.text("name"))
        return _sent(call, workspace, DEFAULT_DATASTORE, task.artifacts, call.text("name"))


def _attempt(call: Call, workspace: Workspace, view: RunView) -> TaskId | None:
    return attempt_of(workspace.store, view, call, step_key(view, call.text("step")))


def _names(call: Call, store: ObjectStore, prefix: str) -> JSONResponse:
    """Return a page of the objects below a prefix. It costs the page, not the list."""
    limit, after = int(call.query.get("limit", 1000)), call.text("after")
    found = list(islice(store.list(prefix, after=prefix + after if after else ""), limit + 1))
    items = [{"name": plain(info.key[len(prefix) :]), "bytes": info.size} for info in found[:limit]]
    return JSONResponse({"items": items, "more": len(found) > limit})


def _outputs(call: Call) -> JSONResponse:
    limit, after = int(call.query.get("limit", 1000)), call.text("after")
    with opened_run(call) as (workspace, view):
        found = [file for file in _found(workspace, view, call.text("path").strip("/")) if file.path > after]
    items = [{"name": plain(file.path), "bytes": file.size} for file in found[:limit]]
    return JSONResponse({"items": items, "more": len(found) > limit})


def _output(call: Call) -> Response:
    path = call.text("path")
    with opened_run(call) as (workspace, view):
        file = next((one for one in _found(workspace, view, path) if one.path == path), None)
        # A manifest is the work of a step: it may name any key, also one of runner's own records.
        if file is None or (file.datastore == DEFAULT_DATASTORE and is_reserved(file.key)):
            raise _no_file(path)
        return _sent(call, workspace, file.datastore, "", file.key, path.rpartition("/")[2])


def _found(workspace: Workspace, view: RunView, path: str) -> tuple[FoundFile, ...]:
    """Return the files of outputs at a path, sorted. Raise `Refusal` (404)."""
    stores = Stores(workspace.store, workspace.datastore, lambda _: view)
    try:
        return find(stores, RunAddress(view.state.run, path)).files
    except (BadInput, ObjectMissing) as error:
        problem = error.problems[0] if isinstance(error, BadInput) else None
        what = problem.what if problem else "the list of the files is gone"
        raise not_found(what, problem.remedy if problem else "") from None


def _sent(call: Call, workspace: Workspace, datastore: str, prefix: str, name: str, shown: str = "") -> Response:
    """Return the answer with a file, or a part of it. Raise `Refusal` (404, 416)."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise _no_file(name)
    info = info_of(workspace, datastore, prefix + name)
    return file_answer(call, datastore, info, attachment(shown or parts[-1]))


def info_of(workspace: Workspace, datastore: str, key: str) -> ObjectInfo:
    """Return the facts of an object.

    Args:
        workspace: The workspace.
        datastore: The name of its datastore.
        key: Its key.

    Raises:
        Refusal: 404: there is no such object.

    """
    try:
        info = workspace.datastore(datastore).stat(key)
    except ValueError:  # no key can be like that
        info = None
    if info is None:
        raise _no_file(key.rpartition("/")[2])
    return info


def attachment(name: str) -> dict[str, str]:
    """Return the header with which a browser stores a file under a name, and does not show it.

    Args:
        name: The name.

    """
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def file_answer(
    call: Call, datastore: str, info: ObjectInfo, headers: Mapping[str, str], media_type: str = _BINARY
) -> Response:
    """Return the answer with a file, or the part of it that the call asks for, read a block at a time.

    Args:
        call: The call.
        datastore: The name of the file's datastore.
        info: The object.
        headers: More headers.
        media_type: The type of the content. Default: none in particular.

    Raises:
        Refusal: 416: there is no such part.

    """
    etag = f'"{quote(info.etag, safe="")}"'
    header = call.headers.get("range", "") if call.headers.get("if-range", etag) == etag else ""
    part = requested(header, info.size)
    start, end = (part.start, part.end) if part else (0, info.size)
    sent = {
        **headers,
        "Content-Length": str(end - start),
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
        **({"Content-Range": f"bytes {start}-{end - 1}/{info.size}"} if part else {}),
    }
    body = _blocks(call.context, datastore, info, start, end)
    return StreamingResponse(body, 206 if part else 200, sent, media_type)


def _blocks(context: Context, datastore: str, info: ObjectInfo, start: int, end: int) -> Iterator[bytes]:
    """Yield a part of a file. A file that is overwritten meanwhile breaks the answer off."""
    at = start
    while at < end:
        with context.workspaces.borrow() as workspace:
            data = workspace.datastore(datastore).read_range(info.key, at, min(BLOCK, end - at), info.etag)
        if not data:
            raise StoreError(f"the file {info.key!r} has become shorter")
        at += len(data)
        yield data


def _no_file(name: str) -> Exception:
    return not_found(f"there is no file '{name[:200]}'", "see the list of the files")
