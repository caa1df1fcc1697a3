"""Pipeline files in YAML: from a path and options to what is submitted, and back."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..documents import files
from ..errors import BadInput, StoreError
from ..model.plan import Plan
from ..operations.values import Request

if TYPE_CHECKING:
    from ..wiring import OpenWorkspace

SUFFIXES = frozenset({".yaml", ".yml"})


def is_yaml(path: Path) -> bool:
    """Return True if the file name is one of YAML."""
    return path.suffix in SUFFIXES


def load(session: OpenWorkspace, path: Path, options: Namespace) -> tuple[Plan, Request]:
    """Return plan and request of the file, with ``--experiment`` and ``-p``. Raise BadInput with all problems."""
    from ..operations.registered import resolved
    from ..plan.bind import bind
    from ..plan.codec import from_yaml
    from .driving import unusable

    if options.arguments:
        raise BadInput("a YAML file takes no arguments", f"-- {' '.join(options.arguments)}", "say -p NAME=VALUE")
    text = files.text(path)
    if text is None:
        raise BadInput("there is no such file", str(path), "give the path of a pipeline file")
    found = from_yaml(text, str(path), os.path.abspath(path.parent))  # noqa: PTH100 - links stay as they are
    request = Request(
        experiment=getattr(options, "experiment", "") or found.experiment or path.stem,
        parameters=bind(found.plan.parameters, getattr(options, "parameters", ())),
        tags=found.tags,
        continue_on_step_failure=found.continue_on_step_failure,
        regenerate_outputs=found.regenerate_outputs,
    )
    images = session.curated_images()
    environments = {key: each.mapped(images) for key, each in found.plan.environments.items()}
    try:
        return resolved(replace(found.plan, environments=environments), session.store), request
    except StoreError as error:
        raise unusable(session, error) from error


def refuse_yaml_options(path: Path, options: Namespace) -> None:
    """A driver names its experiment and its parameters itself. Raises BadInput when the command line does."""
    given = [
        name for name, value in (("--experiment", "experiment"), ("-p", "parameters")) if getattr(options, value, "")
    ]
    if given:
        raise BadInput(
            f"{' and '.join(given)}: only for pipelines in YAML: a Python file sets its own",
            str(path),
            "set it in the file (pipeline_parameters=, Experiment), or pass arguments after --",
        )


def written(plan: Plan, request: Request, folder: str) -> str:
    """The file that makes the same run; it is to lie in `folder`."""
    from ..plan.codec import to_yaml
    from ..plan.pipeline_file import PipelineFile

    bound = replace(plan, parameters={**plan.parameters, **request.parameters})
    return to_yaml(
        PipelineFile(
            plan=with_relative_paths(bound, folder),
            experiment=request.experiment,
            tags=dict(request.tags),
            continue_on_step_failure=request.continue_on_step_failure,
            regenerate_outputs=request.regenerate_outputs,
        )
    )


def with_relative_paths(plan: Plan, folder: str) -> Plan:
    """The plan with its source folders relative to `folder`."""
    steps = (replace(step, source=os.path.relpath(step.source, folder) if step.source else "") for step in plan.steps)
    return replace(plan, steps=tuple(steps))
