"""Retrying: which endings get another attempt (pure)."""

from __future__ import annotations

from ..model.record import Failure
from ..model.state import StepState

MAX_LOSSES = 3
"""Attempts of a step that may be lost to the infrastructure before the step fails."""


def may_retry(step: StepState, failure: Failure) -> bool:
    """Whether another attempt follows: never after the script's own failure, always when it never began."""
    return failure is Failure.UNSTARTED or (failure.retriable and step.losses < MAX_LOSSES)
