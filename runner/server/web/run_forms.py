"""The forms that change a run: cancel, run again, edit the tags. Each works without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response

from ...errors import BadInput, Problem
from ...model.status import DELIVERED
from ...operations.retry_selection import Scope
from ...operations.values import RunView
from .. import idempotency
from ..change_runs import cancel_run, check_may_change, part_of, retry_run
from ..operation import Call, Operation, Parameter
from ..run_access import RUN, opened_run
from . import forms, tag_form
from .page import page
from .routes import shown_page, taken_form
from .run_addresses import address, crumbs, experiment

_FROM = Parameter(name="step", about="The step that is chosen at first.", schema={"type": "string", "maxLength": 255})


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    run = f"/runs/{{{RUN.name}}}"
    return (
        taken_form(f"{run}/cancel", "page_cancel_run", "Cancel a run", _cancel, RUN),
        shown_page(f"{run}/retry", "page_retry", "The form to run a run again", _retry_form, RUN, _FROM),
        taken_form(f"{run}/retry", "page_retry_run", "Run a run again", _retry, RUN, submits=True),
        shown_page(f"{run}/tags", "page_tags", "The form of the tags of a run", tag_form.show, RUN),
        taken_form(f"{run}/tags", "page_tag_run", "Change the tags of a run", tag_form.change, RUN),
        shown_page(f"{run}/again", "page_again", "The way to run with other parameters", _again, RUN),
    )


def _cancel(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        cancel_run(call, workspace, view)
    return RedirectResponse(address(view.state.run), 303)


def _retry_form(call: Call) -> Response:
    with opened_run(call) as (workspace, view):
        check_may_change(call, workspace.store, view)
    chosen = call.text("step")
    return _retry_page(call, view, Scope.FROM.value if chosen else "", chosen, ())


def _retry(call: Call) -> Response:
    given = forms.fields(call)
    scope, step = given.text("scope", Scope.FAILED.value), given.text("step")
    key = idempotency.checked_key([given.needed("key")])
    with opened_run(call) as (workspace, view):
        check_may_change(call, workspace.store, view)
        try:
            part = part_of(view, scope, [step] if step and scope != Scope.FAILED.value else [])
            new = retry_run(call, workspace, view, part, key, f"{scope} {step}".encode())
        except idempotency.KeyUsed as used:
            if not call.known_caller.may("read"):
                raise
            return _retry_page(call, view, scope, step, (), 409, used.run)
        except BadInput as error:
            if not call.known_caller.may("read"):
                raise
            return _retry_page(call, view, scope, step, error.problems, 400)
    return RedirectResponse(address(new), 303)


def _retry_page(
    call: Call,
    view: RunView,
    scope: str,
    step: str,
    problems: Sequence[Problem],
    status: int = 200,
    used: str = "",
) -> Response:
    steps = [(spec.key, view.plan.names[spec.key], view.state.steps[spec.key].status.value) for spec in view.plan.steps]
    open_ones = sum(each.status not in DELIVERED for each in view.state.steps.values())
    return page(
        call,
        "retry.html",
        title="Run again",
        section="Runs",
        crumbs=crumbs(view, "Run again"),
        status=status,
        run=view.state.run,
        over=view.state.over,
        run_status=view.state.status.value,
        experiment=experiment(view),
        steps=steps,
        open_ones=open_ones,
        chosen=step,
        scope=scope or (Scope.FAILED.value if open_ones else Scope.FROM.value),
        problems=problems,
        used=used,
    )


def _again(call: Call) -> Response:
    """Lead to the form of the published pipeline of a run; of another run tell how it is run again."""
    with opened_run(call) as (_, view):
        submission = view.state.submission
    if submission is not None and submission.published:
        return RedirectResponse(f"/registry/pipelines/{submission.published}/run?run={view.state.run}", 303)
    return page(
        call,
        "again.html",
        title="Run with other parameters",
        section="Runs",
        crumbs=crumbs(view, "Other parameters"),
        run=view.state.run,
        parameters=submission.parameters if submission else {},
    )
