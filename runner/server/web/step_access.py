"""The common part of all pages of a step: the step that a call names, its attempt, its head and its links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import HTMLResponse

from ...dataclass import dataclass
from ...model.names import short
from ...model.status import STEP_ENDS
from ...model.task import TaskId
from ...operations.report import StepReport, step_report
from ...operations.values import RunView
from ...operations.workers import count_in
from ...pages.shell import Link
from ...pages.step_links import StepLinks
from ..context import Workspace
from ..operation import Call, Parameter
from ..problems import not_found
from ..run_access import ATTEMPT, RUN, STEP, attempt_of, opened_run, step_key
from .page import page

WORKER = Parameter(
    name="worker",
    about="The index of one of the workers of the step. Default: 0.",
    schema={"type": "integer", "minimum": 0, "maximum": 1_000_000},
)
PATH = f"/runs/{{{RUN.name}}}/steps/{{{STEP.name}}}"
PARAMETERS = (RUN, STEP, ATTEMPT, WORKER)
_TABS = (("", "Overview"), ("log", "Log"), ("files", "Files"), ("metrics", "Metrics"), ("environment", "Environment"))


@dataclass(frozen=True, kw_only=True)
class OpenedStep:
    """A step of a run, as a page shows it."""

    workspace: Workspace
    view: RunView
    key: str
    task: TaskId | None
    """The attempt that is shown; None: there is none yet. Of a reused step it is one of another run."""
    report: StepReport
    links: StepLinks
    worker: int

    @property
    def over(self) -> bool:
        """True if nothing more happens in the attempt that is shown."""
        newest = self.view.state.steps[self.key].attempt
        other = self.task is not None and self.task.run == self.view.state.run and self.task.attempt != newest
        return self.finished or other

    @property
    def finished(self) -> bool:
        """True if nothing more happens in the step."""
        return self.view.state.over or self.view.state.steps[self.key].status in STEP_ENDS

    @property
    def attempts(self) -> tuple[int, ...]:
        """The numbers of all attempts, the newest 20 at most."""
        newest = self.view.state.steps[self.key].attempt
        return tuple(range(max(1, newest - 19), newest + 1))


@contextmanager
def opened_step(call: Call) -> Iterator[OpenedStep]:
    """Lend a workspace, and return the step that the path of a call names. Raise `Refusal` (404).

    Args:
        call: The call.

    """
    with opened_run(call) as (workspace, view):
        key = step_key(view, call.text("step"))
        task = attempt_of(workspace.store, view, call, key)
        worker, workers = int(call.query.get("worker", 0)), count_in(view, key)
        if worker >= workers:
            raise not_found(f"The step has no worker {worker}.", f"its last worker: {workers - 1}")
        now = call.context.clock.now()
        report = step_report(workspace.store, view, key, locate=_nowhere, now=now, metrics=False)
        chosen = int(call.query.get("attempt", 0))
        links = StepLinks(view.state.run, key, chosen, worker)
        yield OpenedStep(workspace=workspace, view=view, key=key, task=task, report=report, links=links, worker=worker)


def step_page(
    call: Call, opened: OpenedStep, template: str, tab: str, *, live: bool = False, tag: str = "", **values: object
) -> HTMLResponse:
    """Return a page of a step.

    Args:
        call: The call.
        opened: The step.
        template: The name of the template.
        tab: The name of the tab; empty: the overview.
        live: True: scripts keep the page up to date.
        tag: The tag of the page.
        **values: What the template shows beside the head of the step.

    """
    run = opened.view.state.run
    said = opened.view.state.submission
    tabs = [(name, text, opened.links.files() if name == "files" else opened.links.to(name)) for name, text in _TABS]
    return page(
        call,
        template,
        title=f"{opened.report.name} · {short(run)}",
        section="Runs",
        crumbs=(
            Link("Runs", "/runs"),
            Link(f"{said.experiment if said else ''} {short(run)}".strip(), f"/runs/{run}"),
            Link(opened.report.name),
        ),
        live=live,
        tag=tag,
        status=200,
        step=opened.report,
        run=run,
        links=opened.links,
        tabs=tabs,
        tab=tab,
        attempt=opened.task.attempt if opened.task else 0,
        attempts=() if opened.report.origin else opened.attempts,
        over=opened.over,
        **values,
    )


def _nowhere(_: object) -> str:
    """Return no path: those of the server's machine are nobody's business."""
    return ""
