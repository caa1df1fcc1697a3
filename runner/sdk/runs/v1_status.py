"""v1's status strings. They exist here and nowhere else in runner."""

from __future__ import annotations

from ...model.status import RunStatus, StepStatus

CANCEL_REQUESTED = "CancelRequested"
FAILED = "Failed"
PIPELINE_RUN = {
    RunStatus.RUNNING: "Running",
    RunStatus.CANCELING: CANCEL_REQUESTED,
    RunStatus.SUCCEEDED: "Finished",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELED: "Canceled",
}
"""The results of ``PipelineRun.get_status``."""

STEP_RUN = {
    StepStatus.WAITING: "NotStarted",
    StepStatus.QUEUED: "Queued",
    StepStatus.RUNNING: "Running",
    StepStatus.SUCCEEDED: "Finished",
    StepStatus.REUSED: "Finished",
    StepStatus.FAILED: "Failed",
    StepStatus.CANCELED: "Canceled",
    StepStatus.SKIPPED: "Canceled",
}
"""The results of ``StepRun.get_status``. v1 leaves a step that never starts at NotStarted, for which its
own waiter waits for ever."""

_DETAILS = {"Finished": "Completed"}


def in_details(status: str) -> str:
    """Return the word of ``get_details()['status']`` for a status.

    Args:
        status: The status.

    """
    return _DETAILS.get(status, status)
