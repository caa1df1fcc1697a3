"""PlainRun: what the run of a submitted script and that of a search's trial share (v1's plain Run)."""

from __future__ import annotations

import sys

from ...override import override
from .remote_run import RemoteRun


class PlainRun(RemoteRun):
    """A run of v1's class Run: unlike the waiters of pipelines and steps, its own returns the details."""

    @property
    @override
    def type(self) -> str:
        """v1's type of the run."""
        return "azureml.scriptrun"

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
        timeout_seconds: float = sys.maxsize,
    ) -> dict[str, object]:
        """Wait until the run has ended.

        Args:
            show_output: True: print status changes and the log. Default: False.
            wait_post_processing: Accepted as in v1 and ignored.
            raise_on_error: True: a failed run is an error. Default: True.
            timeout_seconds: The longest wait. Default: no limit.

        Returns:
            v1's document of the run.

        Raises:
            ActivityFailedException: The run has failed.
            ExperimentExecutionException: Ctrl-C was pressed. The run goes on.

        """
        self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.get_details()
