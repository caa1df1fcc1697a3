"""RunDetails: a run's progress, in a notebook or on a terminal."""

from __future__ import annotations

from .exceptions import UserErrorException
from .remote_run import RemoteRun, run_over
from .status_words import PIPELINE_RUN, STEP_RUN


class RunDetails:
    """v1's widget, as text."""

    def __init__(self, run_instance: object) -> None:
        if not isinstance(run_instance, RemoteRun):
            raise UserErrorException(f"RunDetails shows submitted runs, not a {type(run_instance).__name__}")
        self.run = run_instance

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Print the steps and their states now; `wait_for_completion` follows them."""
        print(self.text())

    def text(self) -> str:
        """The run and its steps, one line each."""
        view = self.run.view
        lines = [f"PipelineRun {view.state.run}: {PIPELINE_RUN[view.state.status]}"]
        lines += [f"  {step.name}: {STEP_RUN[view.state.steps[step.key].status]}" for step in view.plan.steps]
        if not run_over(view):
            lines.append("  (follow it with run.wait_for_completion())")
        return "\n".join(lines)
