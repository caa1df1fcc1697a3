"""Exports of ended runs by the name of the tool. Each imports the packages of its own extra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config.after_run import MLFLOW, OPENLINEAGE, OPENTELEMETRY
from ..errors import BadInput
from ..operations.ended_run import EndedRun
from .after_run_checks import package_problems

if TYPE_CHECKING:
    from ..exports.values import Exported


def export(run: EndedRun, tool: str) -> Exported:
    """Send a run to another tool, by the settings of the run.

    Args:
        run: The run, which has ended.
        tool: One of ``mlflow``, ``opentelemetry`` and ``openlineage``.

    Returns:
        What was sent.

    Raises:
        BadInput: There are no settings, packages are missing, or a secret has no value.
        ExportFailed: The tool did not take the run.
        StoreError: The store cannot be read.

    """
    if lacking := tuple(package_problems(tool)):
        raise BadInput(lacking)
    settings = run.settings
    if tool == MLFLOW and settings.mlflow:
        from ..exports import mlflow

        return mlflow.export(run, settings.mlflow)
    if tool == OPENTELEMETRY and settings.opentelemetry:
        from ..exports import opentelemetry

        return opentelemetry.export(run, settings.opentelemetry)
    if tool == OPENLINEAGE and settings.openlineage:
        from ..exports import openlineage

        return openlineage.export(run, settings.openlineage)
    raise BadInput(
        f"nothing is known about {tool}", f"{tool}: of runner.yaml", "write the section, or name the address"
    )
