"""Readers of the sections about the end of runs: ``report:``, ``mlflow:``, ``opentelemetry:``, ``openlineage:``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from ..documents.decoding import Findings, decoded
from ..errors import BadInput, Problem
from ..model.nodes import Node, Table, is_null
from ..model.reading import DecodeError, Readers, Wrong, checked
from . import after_run_rules
from .after_run import AfterRunConfig, MlflowConfig, OpenLineageConfig, OpenTelemetryConfig

T = TypeVar("T")
_READERS = Readers({key: checked(check) for key, check in after_run_rules.CHECKS.items()})
_ADDRESSES = ("tracking_uri", "endpoint", "url", "file")
"""The fields that name a place."""
_LOGINS = ("username", "password", "token", "headers")
"""The fields that belong to the place."""


def after_run(document: Table, findings: Findings) -> AfterRunConfig:
    """Return what happens at the end of each run.

    Args:
        document: The whole configuration.
        findings: Takes all problems.

    """
    report = document.at("report")
    return AfterRunConfig(
        report=bool(decoded(bool, report, findings, _READERS)) if report is not None and not is_null(report) else False,
        mlflow=_export(MlflowConfig, document.at("mlflow"), after_run_rules.mlflow_misfits, findings),
        opentelemetry=_export(OpenTelemetryConfig, document.at("opentelemetry"), _no_misfits, findings),
        openlineage=_openlineage(document.at("openlineage"), findings),
    )


def changed_after_run(before: AfterRunConfig, tool: str, changes: Mapping[str, object], where: str) -> AfterRunConfig:
    """Return the settings of exports with changes to those of one tool.

    A login belongs to its address: where the changes name another address, the configured login is left out.

    Args:
        before: The settings.
        tool: The name of the section.
        changes: The new values of its fields.
        where: The place of the changes, for messages.

    Raises:
        BadInput: With all problems of the section.

    """
    shape, misfits = _EXPORTS[tool]
    known = getattr(before, tool)
    old = {spec.name: getattr(known, spec.name) for spec in fields(shape)} if known else {}
    if any(name in changes and changes[name] != old.get(name) for name in _ADDRESSES):
        old = {name: value for name, value in old.items() if name not in (*_LOGINS, *_ADDRESSES)}
    try:
        found = cast("Any", _READERS.of(shape)({**{name: each for name, each in old.items() if each}, **changes}))
    except DecodeError as error:
        raise BadInput(Problem(each.what, where + each.path, each.remedy) for each in error.faults) from None
    if faults := [Problem(what, where, remedy) for what, remedy in misfits(found)]:
        raise BadInput(faults)
    named: Any = {tool: found}
    return replace(before, **named)


def _openlineage(node: Node | None, findings: Findings) -> OpenLineageConfig | None:
    found = _export(OpenLineageConfig, node, after_run_rules.lineage_misfits, findings)
    if found is None or node is None or not found.file:
        return found
    holder = (node.at("file") if isinstance(node, Table) else None) or node
    path = (Path(holder.place.file).parent / Path(found.file).expanduser()).resolve()
    return replace(found, file=str(path))


def _export(shape: type[T], node: Node | None, misfits: Callable[[T], Iterable[Wrong]], findings: Findings) -> T | None:
    """Return the settings of an export; None if there are none, or they are wrong."""
    found = decoded(shape, node, findings, _READERS) if node is not None and not is_null(node) else None
    if found is not None and node is not None:
        for what, remedy in misfits(found):
            findings.wrong(node.place, what, remedy)
    return found


def _no_misfits(_settings: object) -> tuple[Wrong, ...]:
    return ()


_EXPORTS: Mapping[str, tuple[type, Callable[[Any], Iterable[Wrong]]]] = {
    "mlflow": (MlflowConfig, after_run_rules.mlflow_misfits),
    "opentelemetry": (OpenTelemetryConfig, _no_misfits),
    "openlineage": (OpenLineageConfig, after_run_rules.lineage_misfits),
}
"""The classes of exports by section, and what is wrong between their fields."""
