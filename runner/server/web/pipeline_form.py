"""The form that runs a published pipeline. Its fields come from the pipeline's parameters and their defaults.

What the form sends becomes the body of a submission by REST, so that the same rules hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from ...data import registry
from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...model.data import DatasetDefinition, DatastorePath
from ...model.names import short
from ...model.plan import Plan, Scalar
from ...model.published import Data, PublishedRecord
from ...operations.values import RunView
from ...pages.shell import Link
from ...plan import data_parameters
from ...ports import ObjectStore
from ...runs import plans
from .. import idempotency
from ..context import Workspace
from ..operation import Call, Operation, Parameter
from ..read_published import ID
from ..run_access import RUN, run_now
from ..submission import runnable, submitted
from . import forms
from .page import page
from .routes import shown_page, taken_form
from .run_addresses import address

_RUN = Parameter(
    name="run", about="The run whose values are filled in.", schema={**RUN.schema, "minLength": 1, "maxLength": 40}
)
_MOST_NAMES = 200
"""The most names of datasets that the form suggests."""
_LONG = 60
"""Characters from which on a value gets several lines."""
_CONTINUE, _REGENERATE = "ContinueRunOnStepFailure", "RegenerateOutputs"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One parameter in the form."""

    name: str
    kind: str
    """``text``, ``long``, ``whole``, ``number``, ``truth``, ``path`` or ``dataset``."""
    default: str
    """The default as text; of a path, its part in the datastore."""
    value: str
    datastore: str = ""
    """The datastore of a path."""
    about: str = ""


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    path = f"/registry/pipelines/{{{ID.name}}}/run"
    return (
        shown_page(path, "page_pipeline_form", "The form that runs a published pipeline", _form, ID, _RUN),
        taken_form(path, "page_run_pipeline", "Run a published pipeline", _run, ID, submits=True),
    )


def entries(plan: Plan, scalars: Mapping[str, Scalar], data: Mapping[str, Data]) -> tuple[Entry, ...]:
    """Return the parameters of a pipeline as the form shows them.

    Args:
        plan: The plan.
        scalars: Values of plain parameters to fill in, by name; the others have their defaults.
        data: Values of parameters of data to fill in, by name.

    """
    plain = (_plain(name, default, scalars.get(name, default)) for name, default in plan.parameters.items())
    known = data_parameters.defaults(plan)
    return (*plain, *(_of_data(name, default, data.get(name, default)) for name, default in known.items()))


def _plain(name: str, default: Scalar, value: Scalar) -> Entry:
    if isinstance(default, bool):
        kind = "truth"
    elif isinstance(default, int):
        kind = "whole"
    elif isinstance(default, float):
        kind = "number"
    else:
        kind = "long" if len(_text(value)) > _LONG or "\n" in _text(value) else "text"
    about = "no default: an empty field passes nothing" if default is None else f"default: {_text(default)[:80]}"
    return Entry(name=name, kind=kind, default=_text(default), value=_text(value), about=about)


def _of_data(name: str, default: Data, value: Data) -> Entry:
    if isinstance(default, DatastorePath):
        given = value if isinstance(value, DatastorePath) else default
        about = f"a path in a datastore; default: {default.datastore}/{default.path}"
        return Entry(
            name=name, kind="path", default=default.path, value=given.path, datastore=given.datastore, about=about
        )
    registered = _registered(value) if isinstance(value, DatasetDefinition) else ""
    about = f"a registered dataset, as name or name:version; default: {_registered(default) or 'the published one'}"
    return Entry(name=name, kind="dataset", default=_registered(default), value=registered, about=about)


def _registered(definition: DatasetDefinition) -> str:
    return f"{definition.name}:{definition.version}" if definition.name and definition.version else ""


def _text(value: Scalar) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _form(call: Call) -> Response:
    with call.context.workspaces.borrow() as workspace:
        record = runnable(workspace.store, call, call.text("id")).record
        plan = plans.load(workspace.store, record.plan)
        origin = run_now(workspace, call.text("run")) if call.text("run") else None
        submission = origin.state.submission if origin else None
        shown = entries(
            plan,
            submission.parameters if submission else {},
            data_parameters.defaults(origin.plan) if origin else {},
        )
        names = _names(workspace.store, shown)
    given = {
        "experiment": submission.experiment if submission else _experiment(record),
        "tags": "\n".join(_tag_lines(submission.tags)) if submission else "",
        _CONTINUE: submission.continue_on_step_failure if submission else record.continue_on_step_failure,
        _REGENERATE: submission.regenerate_outputs if submission else False,
    }
    return _page(call, record, shown, given, names, origin=origin)


def _run(call: Call) -> Response:
    fields = forms.fields(call)
    key = idempotency.checked_key([fields.needed("key")])
    with call.context.workspaces.borrow() as workspace:
        wanted = runnable(workspace.store, call, call.text("id"))
        plan = plans.load(workspace.store, wanted.record.plan)
        problems: Sequence[Problem] = ()
        used = ""
        try:
            body = _body(workspace, plan, fields)
            run, _ = submitted(call, workspace, wanted, json.dumps(body, sort_keys=True).encode(), key)
        except idempotency.KeyUsed as error:
            if not call.known_caller.may("read"):
                raise
            used = error.run
        except BadInput as error:
            if not call.known_caller.may("read"):
                raise
            problems = error.problems
        else:
            return RedirectResponse(address(run), 303)
        shown = tuple(_refilled(one, fields) for one in entries(plan, {}, {}))
        names = _names(workspace.store, shown)
    given = {
        "experiment": fields.text("experiment"),
        "tags": fields.text("tags"),
        _CONTINUE: bool(fields.text(_CONTINUE)),
        _REGENERATE: bool(fields.text(_REGENERATE)),
    }
    return _page(call, wanted.record, shown, given, names, problems=problems, used=used)


def _page(
    call: Call,
    record: PublishedRecord,
    shown: Sequence[Entry],
    given: Mapping[str, object],
    names: Sequence[str],
    *,
    problems: Sequence[Problem] = (),
    used: str = "",
    origin: RunView | None = None,
) -> Response:
    title = f"Run {record.name}"
    return page(
        call,
        "pipeline_form.html",
        title=title,
        section="Registry",
        crumbs=(
            Link("Registry", "/registry"),
            Link("Published pipelines", "/registry/pipelines"),
            Link(record.name, f"/registry/pipelines/{quote(record.id)}"),
            Link("Run"),
        ),
        status=400 if problems else 409 if used else 200,
        record=record,
        entries=shown,
        given=given,
        names=names,
        problems=problems,
        used=used,
        origin=short(origin.state.run) if origin else "",
        origin_href=address(origin.state.run) if origin else "",
        continues=_CONTINUE,
        regenerates=_REGENERATE,
    )


def _body(workspace: Workspace, plan: Plan, fields: forms.Fields) -> dict[str, object]:
    """Return the body of the submission. A parameter with the text of its default is left to that. Raise BadInput."""
    scalars: dict[str, str] = {}
    paths: dict[str, object] = {}
    datasets: dict[str, object] = {}
    problems: list[Problem] = []
    for one in entries(plan, {}, {}):
        text = fields.text(f"p.{one.name}", one.default)
        if one.kind == "path":
            datastore = fields.text(f"d.{one.name}", one.datastore).strip() or one.datastore
            if (text, datastore) != (one.default, one.datastore):
                paths[one.name] = {"DataStoreName": datastore, "RelativePath": text}
        elif one.kind == "dataset":
            if text.strip() not in ("", one.default):
                found = _dataset(workspace.store, one.name, text.strip(), problems)
                datasets[one.name] = {"SavedDataSetReference": {"Id": found}}
        elif text != one.default:
            scalars[one.name] = text
    tags = dict(_tags(fields.text("tags"), problems))
    if problems:
        raise BadInput(problems)
    return {
        "ExperimentName": fields.text("experiment").strip(),
        "ParameterAssignments": scalars,
        "DataPathAssignments": paths,
        "DataSetDefinitionValueAssignments": datasets,
        "Tags": tags,
        "RunSource": "UI",
        _CONTINUE: bool(fields.text(_CONTINUE)),
        _REGENERATE: bool(fields.text(_REGENERATE)),
    }


def _dataset(store: ObjectStore, parameter: str, text: str, problems: list[Problem]) -> str:
    """Return the id of a registered dataset. Without one, add a problem."""
    name, colon, version = text.rpartition(":")
    if not colon:
        found = registry.latest(store, text)
    else:
        found = registry.fetch(store, name, int(version)) if re.fullmatch(r"[0-9]{1,8}", version) else None
    if found is None:
        remedy = "write NAME or NAME:VERSION of a registered dataset"
        problems.append(Problem(f"there is no registered dataset {text[:80]!r}", parameter, remedy))
        return ""
    return found.definition.id


def _tags(text: str, problems: list[Problem]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, value = line.partition("=")
        if not name.strip():
            problems.append(Problem(f"the tag {line[:80]!r} has no name", "tags", "write NAME=VALUE, one a line"))
        found.append((name.strip(), value.strip()))
    return found


def _tag_lines(tags: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in tags.items() if "\n" not in value]


def _refilled(one: Entry, fields: forms.Fields) -> Entry:
    """Return an entry with what the form had."""
    value, datastore = fields.text(f"p.{one.name}", one.value), fields.text(f"d.{one.name}", one.datastore)
    return Entry(name=one.name, kind=one.kind, default=one.default, value=value, datastore=datastore, about=one.about)


def _names(store: ObjectStore, shown: Sequence[Entry]) -> list[str]:
    """Return names of registered datasets, if the form asks for one."""
    if not any(one.kind == "dataset" for one in shown):
        return []
    return list(islice(registry.names(store), _MOST_NAMES))


def _experiment(record: PublishedRecord) -> str:
    """Return a name of an experiment like that of the pipeline."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", record.name).strip("-_")[:100] or "runs"
