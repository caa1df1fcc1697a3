"""The forms that disable and enable published pipelines and endpoints."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import RedirectResponse, Response

from ...errors import BadInput
from ...model.published import Status
from ...operations.published import endpoints, pipelines
from ...pages.registry import ENDPOINTS, PIPELINES, Section
from ...ports import ObjectStore
from ..operation import Call, Operation
from ..problems import not_found
from ..token_check import forbidden
from . import forms
from .registry_parameters import ID
from .routes import taken_form

_OFFERED = (Status.ACTIVE, Status.DISABLED)


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (_operation(PIPELINES, pipelines.set_status), _operation(ENDPOINTS, endpoints.set_status))


def _operation(section: Section, change: Callable[[ObjectStore, str, Status], object]) -> Operation:
    def handle(call: Call) -> Response:
        if not call.known_caller.may("submit"):
            raise forbidden("submit")
        wanted, identity = forms.fields(call).text("status"), call.text("id")
        status = next((each for each in _OFFERED if each.value == wanted), None)
        if status is None:
            raise BadInput(f"{wanted[:40]!r} is no status", "status", "send the form again from its page")
        with call.context.workspaces.borrow() as workspace:
            try:
                change(workspace.store, identity, status)
            except BadInput:
                raise not_found(f"there is no {section.noun} of this id here", f"see: {section.href}") from None
        return RedirectResponse(section.of(identity), 303)

    return taken_form(
        f"{section.href}/{{id}}/status",
        f"page_{section.folder[:-1]}_status",
        f"Disable or enable a {section.noun}",
        handle,
        ID,
    )
