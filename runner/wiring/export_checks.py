"""Checks of the tools to which runs are sent when they have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..config.after_run import MLFLOW, OPENLINEAGE, OPENTELEMETRY, AfterRunConfig
from ..errors import BadInput, ExportFailed
from ..model.check import Check
from .after_run_checks import package_problems


def checks(settings: AfterRunConfig, secret: Callable[[str], str]) -> Iterator[Check]:
    """Yield one check for each tool that the configuration names. Nothing is written there.

    Args:
        settings: The settings.
        secret: Returns the value of a secret by its name. It raises BadInput.

    """
    for tool in settings.actions:
        if lacking := next(package_problems(tool), None):
            yield Check(name=tool, ok=False, detail=lacking.what, remedy=lacking.remedy)
            continue
        try:
            place = _reached(tool, settings, secret)
        except ExportFailed as error:
            yield Check(name=tool, ok=False, detail=error.what, remedy=error.remedy)
        except BadInput as error:
            (problem, *_) = error.problems
            yield Check(name=tool, ok=False, detail=problem.what, remedy=problem.remedy)
        else:
            yield Check(name=tool, ok=True, detail=place)


def _reached(tool: str, settings: AfterRunConfig, secret: Callable[[str], str]) -> str:
    """Return the place of a tool that can be reached. Raises BadInput, ExportFailed."""
    if tool == MLFLOW and settings.mlflow:
        from ..exports import reachability

        return reachability.mlflow(settings.mlflow, secret)
    if tool == OPENTELEMETRY and settings.opentelemetry:
        from ..exports import opentelemetry, reachability

        address = opentelemetry.traces_address(settings.opentelemetry.endpoint)
        return reachability.opentelemetry(settings.opentelemetry, address, secret)
    if tool == OPENLINEAGE and settings.openlineage:
        from ..exports import reachability

        return reachability.openlineage(settings.openlineage, secret)
    return "the store of the workspace"
