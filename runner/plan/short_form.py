"""From a pipeline to the short forms that people like to read and write, the inverse of `full_form` (pure)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ..model.data import DEFAULT_DATASTORE
from ..model.document import Document, to_document
from ..model.duration import as_text
from ..model.policy import StepPolicy
from ..model.policy_overrides import DURATIONS
from ..model.resources import Resources
from ..model.step import StepSpec
from ..model.transforms import OPERATIONS
from .full_form import DEFAULT_ENVIRONMENT, FILE_FIELDS
from .full_step import CONSTANTS, PLACEHOLDERS, SHELL, STEP_FIELDS
from .full_workers import COUNTS

if TYPE_CHECKING:
    from .pipeline_file import PipelineFile

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
_UNTYPED = frozenset({"parameters", "options", "transforms", "tolerations", "space", "past", "resumed"})
"""Keys below which a number and a text are different values."""
_KEYS = {shape.__name__: key for key, shape in PLACEHOLDERS.items()}
_CONSTANTS = {shape.__name__: {key: word} for (key, word), shape in CONSTANTS.items()}
_OPERATIONS = {shape.__name__: name for name, shape in OPERATIONS.items()}
_LONE_ENVIRONMENT = {DEFAULT_ENVIRONMENT: {"name": DEFAULT_ENVIRONMENT, "spec": {}}}


class Verbatim(str):
    """A text that needs no quotes although it looks like a whole number: it is read as it was written."""

    __slots__ = ()


def short_form(file: PipelineFile) -> Document:
    """Return the shortest form of a pipeline file that `full_form` takes back.

    Raises:
        BadInput: A value is not of the type of its field.

    """
    alike, steps = _hoisted(file.plan.steps)
    document = to_document(replace(file, plan=replace(file.plan, steps=steps)))
    plan = document.pop("plan")
    environments = plan.get("environments", {})
    policy = _policy({**plan.pop("policy", {}), **to_document(alike)})
    written = {**document, **plan, **({"policy": policy} if policy else {})}
    written["steps"] = {step["key"]: _step(step, environments) for step in plan["steps"]}
    written["environments"] = {key: _environment(key, each) for key, each in environments.items()}
    if environments == _LONE_ENVIRONMENT:
        del written["environments"]
    return _unquoted(_ordered(written, FILE_FIELDS))


def _hoisted(steps: tuple[StepSpec, ...]) -> tuple[StepPolicy, tuple[StepSpec, ...]]:
    """Return what the policies of all steps have in common, and the steps without it. One step keeps its own."""
    if len(steps) < 2:
        return StepPolicy(), steps
    alike = {field.name: getattr(steps[0].policy, field.name) for field in fields(StepPolicy)}
    for step in steps:
        alike = {
            name: value for name, value in alike.items() if value is not None and getattr(step.policy, name) == value
        }
        if not alike:
            return StepPolicy(), steps
    rest = dict.fromkeys(alike)
    return StepPolicy(**alike), tuple(replace(step, policy=replace(step.policy, **rest)) for step in steps)


def _step(step: dict[str, Any], environments: Mapping[str, object]) -> Document:
    out = {name: step[name] for name in STEP_FIELDS if name in step}
    if out["name"] == step["key"]:
        del out["name"]
    if not out["environment"] or (len(environments) == 1 and out["environment"] in environments):
        del out["environment"]
    if not out["compute"]:
        del out["compute"]
    if out.get("source") == os.curdir:
        del out["source"]
    elif "source" not in out and "snapshot" not in out:
        out["source"] = None
    out.update(_command(out.get("script"), out.pop("command")))
    for name, shorten in _PARTS.items():
        if name in out:
            out[name] = shorten(out[name])
    return _ordered(out, STEP_FIELDS)


def _command(script: str | None, command: list[Any]) -> Document:
    if script and command[:2] == [{"type": "Interpreter"}, script]:
        return {"arguments": [_argument(each) for each in command[2:]]} if command[2:] else {}
    if len(command) == 4 and (*command[:2], command[3]) == (*SHELL, "sh") and isinstance(command[2], str):
        return {"command": command[2]}
    return {"command": [_argument(each) for each in command]}


def _argument(argument: str | dict[str, str]) -> Document:
    if isinstance(argument, str):
        return argument
    key = _KEYS.get(argument["type"])
    return {key: argument["name"]} if key else _CONSTANTS[argument["type"]]


def _inputs(specs: list[dict[str, Any]]) -> Document:
    return {spec["name"]: _input(spec) for spec in specs}


def _input(spec: dict[str, Any]) -> Document:
    rest = {name: value for name, value in spec.items() if name not in ("name", "source")}
    if "view" in rest:
        rest["view"] = _dataset(rest["view"])
    source = {name: value for name, value in spec["source"].items() if name != "type"}
    if spec["source"]["type"] == "OutputOf":
        origin = f"{source['step']}.{source['output']}"
        return {"from": origin, **rest} if rest else origin
    if spec["source"]["type"] == "DatasetDefinition":
        return {"dataset": _dataset(source), **rest}
    return {**_path(source), **rest}


def _path(path: dict[str, str]) -> dict[str, str]:
    datastore = path["datastore"]
    return {"path": path["path"], **({} if datastore == DEFAULT_DATASTORE else {"datastore": datastore})}


def _dataset(definition: dict[str, Any]) -> Document:
    paths = [_path(each) for each in definition["paths"]]
    out = {**definition, "paths": [each if "datastore" in each else each["path"] for each in paths]}
    if "transforms" in out:
        out["transforms"] = [_transform(each) for each in out["transforms"]]
    return {name: value for name, value in out.items() if (name, value) not in (("kind", "file"), ("paths", []))}


def _transform(transform: dict[str, Any]) -> Document:
    arguments = {name: value for name, value in transform.items() if name != "type"}
    return {_OPERATIONS[transform["type"]]: arguments}


def _workers(workers: dict[str, Any]) -> Document:
    out: dict[str, Any] = {"kind": workers["kind"]}
    for key in COUNTS:
        default = {"default": workers[key]} if key in workers else {}
        if f"{key}_parameter" in workers:
            out[key] = {"parameter": workers[f"{key}_parameter"], **default}
        elif key in workers:
            out[key] = workers[key]
    return out


def _search(search: dict[str, Any]) -> Document:
    space = {name: {one["kind"]: one["arguments"]} for name, one in search["space"].items()}
    return {**search, "space": space}


def _outputs(specs: list[dict[str, Any]]) -> Document:
    out = {spec["name"]: {name: value for name, value in spec.items() if name != "name"} for spec in specs}
    for spec in out.values():
        for registration in spec.get("register", ()):
            if "view" in registration:
                registration["view"] = _dataset(registration["view"])
    return out if any(out.values()) else list(out)


def _parameters(names: dict[str, str]) -> Document:
    return list(names) if all(name == parameter for name, parameter in names.items()) else names


def _resources(resources: dict[str, Any]) -> Document:
    if "memory" not in resources:
        return resources
    limit = resources.pop("memory_limit", Resources().memory_limit)
    out = resources if limit == resources["memory"] else {**resources, "memory_limit": limit}
    return _ordered(out, tuple(field.name for field in fields(Resources)))


def _policy(policy: dict[str, Any]) -> Document:
    def written(name: str, value: float) -> object:
        if name in DURATIONS:
            return as_text(value)
        return int(value) if float(value).is_integer() else value

    return {name: written(name, value) for name, value in policy.items()}


def _environment(key: str, environment: dict[str, Any]) -> Document:
    name = {} if environment["name"] == key else {"name": environment["name"]}
    variables = {"variables": environment["variables"]} if "variables" in environment else {}
    return {**name, **environment["spec"], **variables}


_PARTS: Mapping[str, Callable[[Any], Document]] = {
    "inputs": _inputs,
    "outputs": _outputs,
    "parameters": _parameters,
    "resources": _resources,
    "policy": _policy,
    "search": _search,
    "workers": _workers,
}


def _ordered(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def _unquoted(document: object) -> Document:
    """Return the document in which texts that look like whole numbers need no quotes where only texts are meant."""
    if isinstance(document, dict):
        return {key: each if key in _UNTYPED else _unquoted(each) for key, each in document.items()}
    if isinstance(document, list):
        return [_unquoted(each) for each in document]
    return Verbatim(document) if isinstance(document, str) and _PLAIN_NUMBER.fullmatch(document) else document
