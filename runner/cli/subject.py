"""The subject of ``plan``, ``validate`` and ``graph``: a pipeline file, or a run and its plan."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.plan import Plan
from ..model.state import RunState
from ..operations.values import Request, RunView
from ..wiring import OpenWorkspace, open_session
from .driver import is_file_name
from .reports import find_run


@dataclass(frozen=True)
class Subject:
    """A plan, and the run it is of, if it is one's."""

    plan: Plan
    state: RunState | None = None


def subject(options: Namespace) -> Subject:
    """The file's plan, or the run's. Raises BadInput; FileFailed when the file raises anything else."""
    if is_file_name(options.file):
        from ..plan.policies import with_dependencies_of_always
        from .capture import capture

        return Subject(with_dependencies_of_always(capture(options)[1].plan))
    view = view_of(open_session(Path.cwd(), options.target), options.file)
    return Subject(view.plan, view.state)


def view_of(session: OpenWorkspace, text: str) -> RunView:
    """The run that `text` names. Raises BadInput."""
    _ = session.store  # what stands against opening it says nothing about `text`
    try:
        return session.view(find_run(session, text))
    except BadInput as error:
        remedy = "give a pipeline file, or a run of `runner list`"
        raise BadInput(f"'{text}' is neither a file nor a run", remedy=remedy) from error


def again(view: RunView) -> tuple[Plan, Request]:
    """Return the plan and request that would make the same run once more."""
    said = view.state.submission
    if said is None:
        raise BadInput(f"run {view.state.run} has not begun", remedy="give another run")
    request = Request(
        experiment=said.experiment,
        parameters=said.parameters,
        tags=said.tags,
        continue_on_step_failure=said.continue_on_step_failure,
        regenerate_outputs=said.regenerate_outputs,
    )
    return view.plan, request
