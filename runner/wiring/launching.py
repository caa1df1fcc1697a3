"""Submission of published pipelines for the steps of a run, by the run's controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..operations.published import pipelines
from ..operations.values import Request

if TYPE_CHECKING:
    from ..model.run_request import RunRequest
    from .workspace import OpenWorkspace


@dataclass
class Launcher:
    """The `ports.RunLauncher` of one workspace."""

    opened: Callable[[], OpenWorkspace]
    """Opens the workspace: no other thread uses the result."""

    @cached_property
    def _session(self) -> OpenWorkspace:
        return self.opened()

    def launch(self, run: str, request: RunRequest) -> None:
        """Submit a run unless it has been submitted, and see that a controller drives it.

        Args:
            run: The run's id.
            request: The published pipeline, with the options of the run.

        Raises:
            BadInput: It cannot be submitted; the exception has every problem.
            StoreUnreachable, TargetUnreachable: Not now. The run may have been submitted.
            RunnerError: It cannot be done. The run may have been submitted.

        """
        session = self._session
        record = pipelines.get(session.store, request.pipeline)
        session.submit_published(
            record,
            request.values,
            Request(
                experiment=request.experiment,
                tags=request.tags,
                parent=request.parent,
                kind=request.kind,
                source=request.source,
                regenerate_outputs=request.regenerate_outputs,
            ),
            run=run,
            continue_on_step_failure=request.continue_on_step_failure,
        )
