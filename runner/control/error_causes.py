"""Classify the errors that keep an action from being carried out."""

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

RETRYABLE = (StoreUnreachable, TargetUnreachable)
"""Temporary errors: the same action is tried again."""
TOLERATED = (StoreError, TargetError, OSError)
"""Errors of a stop or removal. They do not end the run: the action is decided again."""
UNEXPECTED = (
    RunnerError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""Errors that may come from one step or environment; the other steps continue."""


class WorkspaceStoreDenied(StoreDenied):
    """The workspace store refuses its controller's credentials."""


def find_cause(error: Exception) -> Failure:
    """Return the failure class of a start that raised `error`."""
    if isinstance(error, BadInput):
        return Failure.INPUT
    return Failure.STORE if isinstance(error, StoreError) else Failure.REFUSED


def words_of(error: Exception) -> str:
    """Return the text for users: the message in full if it is one of runner's own errors."""
    if isinstance(error, (BadInput, TargetError, StoreError, EnvironmentFailed)):
        return str(error)
    return f"an unexpected error kept it from starting: {type(error).__name__}: {error}"
