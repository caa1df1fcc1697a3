"""The body of a submission, as v1's clients send it (pure).

The names of its fields are those of v1's REST interface. A field that v1 does not have is refused, since a typing
error in ``ParameterAssignments`` would otherwise make a run with the defaults.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ..dataclass import dataclass, field
from ..errors import BadInput, Problem
from ..model.data import DatastorePath
from ..model.names import EXPERIMENT
from ..model.plan import Scalar
from ..model.reading import unknown

T = TypeVar("T")
_IGNORED = ("Description", "DisplayName", "Properties", "RunType", "ScheduleId", "StepTags", "EnableNotification")
"""Fields of v1 that say nothing about the run."""
_KNOWN = (
    "ExperimentName", "ParameterAssignments", "DataPathAssignments", "DataSetDefinitionValueAssignments", "RunSource",
    "Tags", "ContinueRunOnStepFailure", "RegenerateOutputs", "ParentRunId", *_IGNORED,
)  # fmt: skip
_TRUTHS = {"true": True, "false": False}
_LONGEST = 255
"""The longest name."""
_MOST = 1000
"""The most assignments or tags of one kind."""

_TEXT = {"type": "string"}
_NAME = {"type": "string", "maxLength": _LONGEST}
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "ExperimentName": {
            "type": "string",
            "pattern": f"^{EXPERIMENT}$",
            "description": "The experiment of the run: letters, digits, `-` and `_`.",
        },
        "ParameterAssignments": {
            "type": "object",
            "maxProperties": _MOST,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "description": "Values of plain parameters by name. A text is read as a value of the default's type. "
            "Names that the pipeline does not have are ignored.",
        },
        "DataPathAssignments": {
            "type": "object",
            "maxProperties": _MOST,
            "additionalProperties": {
                "type": "object",
                "properties": {"DataStoreName": _NAME, "RelativePath": _TEXT},
                "required": ["DataStoreName"],
                "additionalProperties": False,
            },
            "description": "Values of DataPath parameters by name.",
        },
        "DataSetDefinitionValueAssignments": {
            "type": "object",
            "maxProperties": _MOST,
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "SavedDataSetReference": {
                        "type": "object",
                        "properties": {"Id": {"type": "string", "minLength": 1, "maxLength": _LONGEST}},
                        "required": ["Id"],
                        "additionalProperties": False,
                    }
                },
                "required": ["SavedDataSetReference"],
                "additionalProperties": False,
            },
            "description": "Values of Dataset parameters by name: ids of registered datasets.",
        },
        "RunSource": {**_NAME, "description": "The origin of the run, such as `SDK` (default: `REST`)."},
        "Tags": {
            "type": "object",
            "maxProperties": _MOST,
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "description": "Tags of the run.",
        },
        "ContinueRunOnStepFailure": {
            "type": "boolean",
            "description": "Go on with the steps that do not need a failed one (default: as published).",
        },
        "RegenerateOutputs": {"type": "boolean", "description": "Run every step, also those that could be reused."},
        "ParentRunId": {**_NAME, "description": "The id of the run that this one becomes a child of."},
        **{name: {"description": "Accepted and ignored."} for name in _IGNORED},
    },
    "required": ["ExperimentName"],
    "additionalProperties": False,
}
"""The JSON schema of the body. Names of fields may be written in any case, as v1's service takes them."""


@dataclass(frozen=True, kw_only=True)
class SubmissionBody:
    """A submission as the client states it; nothing in it has been compared with the pipeline."""

    experiment: str
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    paths: Mapping[str, DatastorePath] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Ids of registered datasets by the parameter's name."""
    source: str = "REST"
    tags: Mapping[str, str] = field(default_factory=dict)
    going_on: bool | None = None
    """None: as the pipeline was published."""
    regenerate: bool = False
    parent: str = ""


class _Wrong(Exception):
    """A value does not fit: the end of the message "FIELD …"."""


def read_body(data: bytes) -> SubmissionBody:
    """Return the submission that a body describes.

    Args:
        data: The body.

    Raises:
        BadInput: It is no JSON object, or fields do not fit; the exception has every problem.

    """
    document = _document(data)
    problems: list[Problem] = []
    given = _fields(document, problems)

    def of(name: str, read: Callable[[object], T], default: T) -> T:
        if given.get(name) is None:
            return default
        try:
            return read(given[name])
        except _Wrong as wrong:
            problems.append(Problem(f"{name} {wrong}", f"body: {name}", "correct it; the form: /openapi.json"))
            return default

    made = SubmissionBody(
        experiment=of("ExperimentName", _experiment, ""),
        scalars=of("ParameterAssignments", _scalars, {}),
        paths=of("DataPathAssignments", _paths, {}),
        datasets=of("DataSetDefinitionValueAssignments", _datasets, {}),
        source=of("RunSource", _line, "") or "REST",
        tags=of("Tags", _tags, {}),
        going_on=of("ContinueRunOnStepFailure", _truth, None),
        regenerate=bool(of("RegenerateOutputs", _truth, None)),
        parent=of("ParentRunId", _line, ""),
    )
    if given.get("ExperimentName") is None:
        remedy = 'send at least: {"ExperimentName": "NAME"}'
        problems.append(Problem("ExperimentName is missing", "body: ExperimentName", remedy))
    problems.extend(_given_twice(made))
    if problems:
        raise BadInput(problems)
    return made


def _document(data: bytes) -> Mapping[str, object]:
    """Return the object that the body is."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except _Wrong as wrong:
        raise BadInput(f"the body {wrong}", "body", "send one JSON object") from None
    except (ValueError, RecursionError):
        raise BadInput("the body is no JSON", "body", "send one JSON object in UTF-8") from None
    if not isinstance(found, dict):
        raise BadInput("the body is no JSON object", "body", 'send an object: {"ExperimentName": "NAME"}')
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Wrong("has an object with the same name twice")
    return made


def _no_number(_text: str) -> object:
    raise _Wrong("holds NaN or Infinity, which JSON does not have")


def _fields(document: Mapping[str, object], problems: list[Problem]) -> dict[str, object]:
    """Return the fields under v1's names."""
    names = {name.lower(): name for name in _KNOWN}
    given: dict[str, object] = {}
    for key, value in document.items():
        name = names.get(key.lower(), "")
        if not name:
            what, remedy = unknown("field", _shown(key), _KNOWN)
            problems.append(Problem(what, "body", remedy))
        elif name in given:
            problems.append(Problem(f"{name} is given twice", "body", "keep one of them"))
        else:
            given[name] = value
    return given


def _given_twice(made: SubmissionBody) -> Iterable[Problem]:
    """Yield the parameters that have values of two kinds."""
    seen: set[str] = set()
    for names in (made.scalars, made.paths, made.datasets):
        for name in sorted(seen & names.keys()):
            yield Problem(f"the parameter {_shown(name)!r} has two values", "body", "keep one of them")
        seen |= names.keys()


def _shown(text: str) -> str:
    """Return the beginning of a text of the client's, such that every message can be encoded."""
    return text[:80].encode("ascii", "backslashreplace").decode() if not text.isprintable() else text[:80]


def _experiment(value: object) -> str:
    text = _line(value)
    if not re.fullmatch(EXPERIMENT, text):
        raise _Wrong("is no name of an experiment: use letters, digits, '-' and '_', at most 255")
    return text


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST:
        raise _Wrong(f"is no text of one line with at most {_LONGEST} characters")
    return value


def _truth(value: object) -> bool:
    found = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise _Wrong("is neither true nor false")
    return found


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _Wrong("is no JSON object")
    if len(value) > _MOST:
        raise _Wrong(f"has more than {_MOST} members")
    for name in value:
        if not name or not name.isprintable() or len(name) > _LONGEST:
            raise _Wrong("has a name that is empty, too long, or cannot be printed")
    return value


def _scalar(name: str, value: object) -> Scalar:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, str) and _encodable(value):
        return value
    raise _Wrong(f"has for {name!r} no plain value: use a text, a finite number, true or false")


def _encodable(text: str) -> bool:
    """Return True if a text has no half of a character, which no file could hold, and no NUL."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _scalars(value: object) -> dict[str, Scalar]:
    return {name: _scalar(name, each) for name, each in _members(value).items()}


def _tags(value: object) -> dict[str, str]:
    found = {name: _scalar(name, each) for name, each in _members(value).items()}
    return {name: "" if each is None else str(each) for name, each in found.items()}


def _paths(value: object) -> dict[str, DatastorePath]:
    return {name: _path(name, each) for name, each in _members(value).items()}


def _path(name: str, value: object) -> DatastorePath:
    if not isinstance(value, dict) or not value.keys() <= {"DataStoreName", "RelativePath"}:
        raise _Wrong(f"has for {name!r} no object of DataStoreName and RelativePath")
    datastore, path = value.get("DataStoreName"), value.get("RelativePath") or ""
    if not isinstance(datastore, str) or not datastore or not datastore.isprintable() or len(datastore) > _LONGEST:
        raise _Wrong(f"has for {name!r} no DataStoreName")
    if not isinstance(path, str) or not path.isprintable() or len(path.encode()) >= 1024:
        raise _Wrong(f"has for {name!r} no RelativePath: use one line of at most 1023 bytes")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise _Wrong(f"has for {name!r} a RelativePath that leaves its datastore: write it without '..'")
    return DatastorePath(datastore, "/".join(parts))


def _datasets(value: object) -> dict[str, str]:
    return {name: _dataset(name, each) for name, each in _members(value).items()}


def _dataset(name: str, value: object) -> str:
    reference = value.get("SavedDataSetReference") if isinstance(value, dict) and len(value) == 1 else None
    identity = reference.get("Id") if isinstance(reference, dict) and len(reference) == 1 else None
    if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST or not identity.isprintable():
        raise _Wrong(f"has for {name!r} no object {{'SavedDataSetReference': {{'Id': …}}}}")
    return identity
