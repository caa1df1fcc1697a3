"""The port by which a controller submits runs for steps."""

from __future__ import annotations

from typing import Protocol

from ..model.run_request import RunRequest


class RunLauncher(Protocol):
    """Submits published pipelines for steps."""

    def launch(self, run: str, request: RunRequest) -> None:
        """Submit a run unless it has been submitted, and start a controller for it unless one has taken it.

        It may be called again after a crash, with the same result.

        Args:
            run: The run's id.
            request: The published pipeline, with the options of the run.

        Raises:
            BadInput: It cannot be submitted; the exception has every problem.
            StoreUnreachable, TargetUnreachable: Not now. The run may have been submitted.
            RunnerError: It cannot be done. The run may have been submitted.
        """
