"""The run and the step that a call names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import BadInput
from ..model.reading import unknown
from ..model.task import TaskId
from ..operations.values import RunView
from ..ports import ObjectStore
from ..runs.records import shown_attempt
from .context import Workspace
from .operation import Call, Parameter
from .problems import not_found

RUN = Parameter(
    name="run",
    about="The id of the run.",
    in_path=True,
    schema={"type": "string", "pattern": "^[0-9]{8}t[0-9]{9}z-[a-z2-7]{16}$", "maxLength": 40},
)
STEP = Parameter(name="step", about="The key of the step, or its name if no other step has it.", in_path=True)
ATTEMPT = Parameter(
    name="attempt",
    about="The number of the attempt, from 1. Default: the newest one; of a reused step, the original one.",
    schema={"type": "integer", "minimum": 1, "maximum": 100000},
)


@contextmanager
def opened_run(call: Call) -> Iterator[tuple[Workspace, RunView]]:
    """Lend a workspace, and return the run that the path names, as it is now. Raise `Refusal` (404)."""
    run = call.text("run")
    with call.context.workspaces.borrow() as workspace:
        yield workspace, run_now(workspace, run)


def run_now(workspace: Workspace, run: str) -> RunView:
    """Return a run as it is now. Raise `Refusal` (404) for an unknown id."""
    try:
        return workspace.view(run)
    except BadInput:
        raise not_found(f"there is no run '{run}' here", "see: /api/v1/runs") from None


def step_key(view: RunView, text: str) -> str:
    """Return the key of the step that a text names. Raise `Refusal` (404) with the nearest name."""
    if text in view.state.steps:
        return text
    keys = [key for key, name in view.plan.names.items() if name == text]
    if not keys:
        what, remedy = unknown("step", text, view.state.steps)
        raise not_found(what, remedy)
    return keys[0]


def attempt_of(store: ObjectStore, view: RunView, call: Call, key: str) -> TaskId | None:
    """Return the attempt that a call names; None: the step has none yet. Raise `Refusal` (404)."""
    wanted = call.query.get("attempt")
    if wanted is None:
        return shown_attempt(store, view.state, key)
    newest = view.state.steps[key].attempt
    if int(wanted) > newest:
        raise not_found(f"step '{key}' has no attempt {wanted}", f"its newest attempt: {newest}" if newest else "")
    return TaskId(view.state.run, key, int(wanted))
