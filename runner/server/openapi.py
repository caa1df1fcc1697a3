"""The OpenAPI document of the server, made from its operations (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .. import __version__
from .operation import JSON, TEXT, Operation, Parameter
from .problems import MEDIA_TYPE

_PROBLEM: dict[str, object] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "remedy": {"type": "string", "description": "What the caller can do."},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"what": TEXT, "where": {"type": "string"}, "remedy": {"type": "string"}},
                "required": ["what"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
REFUSALS = {
    400: "The request is malformed; the answer says what, where, and what to do.",
    401: "There is no valid token.",
    403: "The token does not have the scope.",
    404: "There is no such object.",
    408: "The body did not arrive in time.",
    409: "The object is disabled or archived.",
    413: "The body is too long.",
    415: "A user of a proxy did not declare JSON, or the body is compressed.",
    416: "The range is not one of the file.",
    421: "The server does not answer under the name in the Host header.",
    422: "The Idempotency-Key was used with another request.",
    429: "The token has made too many calls: see Retry-After.",
    500: "The server has a fault.",
    503: "The server is busy, or the store cannot be reached: see Retry-After.",
}
"""The statuses of problem documents."""
_ALWAYS, _SCOPED, _BODY = (400, 421, 500, 503), (401, 403, 404, 429), (408, 413)


def document(operations: Iterable[Operation], url: str = "") -> dict[str, object]:
    """Return the OpenAPI document.

    Args:
        operations: The operations.
        url: The address of the server. Default: empty, the one from which the document came.

    """
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        if operation.page:
            continue
        plain = re.sub(r"\{(\w+):\w+\}", r"{\1}", operation.path)
        paths.setdefault(plain, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "runner", "version": __version__, "description": "Published pipelines and their runs."},
        "servers": [{"url": url or "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def statuses(operation: Operation) -> tuple[int, ...]:
    """Return the statuses of problem documents that an operation may answer with."""
    found = {*_ALWAYS, *operation.refusals, *(_SCOPED if operation.scope else ()), *(_BODY if operation.body else ())}
    if operation.method != "GET":
        found.add(415)  # see `origins`; or a compressed body
    return tuple(sorted(found))


def _described(operation: Operation) -> dict[str, object]:
    answers: dict[str, object] = {}
    for status, answer in operation.answers.items():
        content = {"content": {answer.media_type: {"schema": answer.schema or {"type": "string"}}}}
        answers[str(status)] = {"description": answer.about, **content}
    for status in statuses(operation):
        problem = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        answers[str(status)] = {"description": REFUSALS[status], **problem}
    made: dict[str, object] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": answers,
    }
    if operation.about:
        made["description"] = operation.about
    parameters = [
        *(_parameter(each, "path" if each.in_path else "query") for each in operation.parameters),
        *(_parameter(each, "header") for each in operation.request_headers),
    ]
    if parameters:
        made["parameters"] = parameters
    if operation.body:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.body}}}
    if operation.scope:
        made["security"] = [{"token": []}]
    return made


def _parameter(parameter: Parameter, place: str) -> dict[str, object]:
    return {
        "name": parameter.name,
        "in": place,
        "required": parameter.in_path or parameter.required,
        "description": parameter.about,
        "schema": parameter.schema,
    }
