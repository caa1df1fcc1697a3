"""TrialRun: one trial of a search (v1's child run of a HyperDriveRun)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...operations.values import RunView
from ...override import override
from ..runs.plain_run import PlainRun
from ..runs.step_run import StepRun
from ..runs.v1_status import STEP_RUN, in_details

if TYPE_CHECKING:
    from .run import HyperDriveRun


class TrialRun(PlainRun, StepRun):  # type: ignore[misc]  # v1: the waiter of a step returns its status
    """The run of one trial. Its statuses are those of v1's plain run: it ends as ``"Completed"``."""

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
