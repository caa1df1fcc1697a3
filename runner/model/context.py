"""What a script's process may know of its step: written beside it before it starts."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from .data import DatasetDefinition, Mode

STEP_VARIABLE = "RUNNER_STEP"
"""Environment variable naming the step folder: ``context.json`` and ``reports/`` lie in it."""


@dataclass(frozen=True)
class StagedInput:
    """An input as the script finds it."""

    mode: Mode
    path: str
    """Absolute local path of the file or folder."""
    dataset: DatasetDefinition | None = None
    """How to read it, when it is a dataset; its files lie at `path`."""


@dataclass(frozen=True)
class StepContext:
    """Content of ``context.json``."""

    run: str
    """The pipeline run's id."""
    key: str
    name: str
    step_run: str
    attempt: int
    experiment: str = ""
    inputs: Mapping[str, StagedInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Each output's absolute local path."""
