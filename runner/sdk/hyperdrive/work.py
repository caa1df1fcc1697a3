"""The work of the program that summarizes a search, as it stands in its command line and in the stored plan."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ...dataclass import dataclass, field
from ...model.document import from_document, to_document
from ...model.step import StepSpec

PROGRAM = "_runner_step.sdk.hyperdrive.summary"
"""The module `summary` under the step bundle's private name. Stored plans have it: it cannot change."""
FACTS = "outputs/hyperdrive.json"
"""The file of the search's run that has the facts of its trials, once it has ended."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """An output that the search makes."""

    type: str
    """v1's ``Metrics`` or ``Model``."""
    file: str = ""
    """Model: the file among those of the best trial; empty: all below ``outputs/``."""
    iteration: int | None = None
    """The index of the trial to take, from 0, in place of the best one."""
    metric: str = ""
    """The metric that decides which trial is the best; empty: the primary metric."""


@dataclass(frozen=True)
class Work:
    """The work of the program."""

    outputs: Mapping[str, Made] = field(default_factory=dict)
    """By the output's name."""
    resumed: tuple[str, ...] = ()
    """The runs of earlier searches that the search goes on from."""
    rerun: tuple[str, ...] = ()
    """The trials of earlier searches that it runs again."""

    def text(self) -> str:
        """Return the work as one argument of the command line."""
        return json.dumps(to_document(self), sort_keys=True)


def work_from(text: str) -> Work:
    """Return the work of an argument of the command line.

    Args:
        text: The argument.

    """
    return from_document(Work, json.loads(text))


def work_of(spec: StepSpec) -> Work:
    """Return the work of a search step.

    Args:
        spec: The step.

    """
    at = spec.command.index(PROGRAM) + 1 if PROGRAM in spec.command else 0
    text = spec.command[at] if at else ""
    return work_from(text) if isinstance(text, str) and text else Work()
