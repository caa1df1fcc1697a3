"""What an error that kept something from being done comes down to."""

from __future__ import annotations

from ..errors import (
    BadInput,
    EnvironmentFailed,
    RunnerError,
    StoreDenied,
    StoreError,
    StoreUnreachable,
    TargetError,
    TargetUnreachable,
)
from ..model.record import Failure

PASSING = (StoreUnreachable, TargetUnreachable)
"""What may pass by itself: the same is tried again."""
STAYING = (StoreError, TargetError, OSError)
"""What no stop or removal may end the run by: either is decided again as long as the target shows the attempt."""
UNEXPECTED = (RunnerError, OSError, ValueError, LookupError)
"""What one step or environment may cause; the others go on without it."""


class ShutOut(StoreDenied):
    """The workspace store refuses its controller's credentials."""


def cause_of(error: Exception) -> Failure:
    """The class of the failure that a start ends in by it."""
    if isinstance(error, BadInput):
        return Failure.INPUT
    return Failure.STORE if isinstance(error, StoreError) else Failure.REFUSED


def words_of(error: Exception) -> str:
    """What is told of it: in full when it is one of ours, which are written for people."""
    if isinstance(error, (BadInput, TargetError, StoreError, EnvironmentFailed)):
        return str(error)
    return f"an unexpected error kept it from starting: {type(error).__name__}: {error}"
