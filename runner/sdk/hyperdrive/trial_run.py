"""TrialRun: one trial of a search (v1's child run of a HyperDriveRun)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...operations.values import RunView
from ...override import override
from ..runs.step_run import StepRun
from ..runs.v1_status import STEP_RUN, in_details

if TYPE_CHECKING:
    from .run import HyperDriveRun


class TrialRun(StepRun):
    """The run of one trial. Its statuses are those of v1's plain run: it ends as ``"Completed"``."""

    @property
    @override
    def type(self) -> str:
        """v1's type of the run."""
        return "azureml.scriptrun"

    @property
    def values(self) -> Mapping[str, object]:
        """The values of its hyperparameters; empty until they are drawn."""
        return self.state.sampled

    @property
    @override
    def parent(self) -> HyperDriveRun:
        """The run of the search."""
        from .run import run_of_search

        return run_of_search(self.experiment, self.view, self.spec.trial_of)

    @override
    def status_in(self, view: RunView) -> str:
        """Return v1's status of the trial.

        Args:
            view: The whole run.

        """
        return in_details(STEP_RUN[view.state.steps[self.key].status])

    @override
    def cancel(self) -> None:
        """Stop this trial alone; the search goes on with the others. A trial that has ended stays as it is."""
        from ...runs.records import stop_trial

        if not self.ended_in(self.view):
            stop_trial(self.session.store, self.pipeline_run_id, self.key)

    @override
    def wait_for_completion(  # type: ignore[override]  # v1: a plain run's waiter returns the details
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
        timeout_seconds: float = sys.maxsize,
    ) -> dict[str, object]:
        """Wait until the trial has ended.

        Args:
            show_output: True: print status changes and the log. Default: False.
            wait_post_processing: Accepted as in v1 and ignored.
            raise_on_error: True: a failed trial is an error. Default: True.
            timeout_seconds: The longest wait. Default: no limit.

        Returns:
            v1's document of the run.

        Raises:
            ActivityFailedException: The trial has failed.
            ExperimentExecutionException: Ctrl-C was pressed. The run goes on.

        """
        self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.get_details()
