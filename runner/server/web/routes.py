"""Operations of pages: those that show something, and those that take a form."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from ..operation import FORM, Call, Operation, Parameter

TAG = "pages"
Handler = Callable[[Call], Response]


def shown_page(
    path: str, identity: str, summary: str, handler: Handler, *parameters: Parameter, scope: str = "read"
) -> Operation:
    """Return the operation of a page.

    Args:
        path: Its path.
        identity: Its id.
        summary: What it shows.
        handler: Makes it.
        *parameters: Its parameters.
        scope: The scope that the caller needs; empty: everybody sees it. Default: ``read``.

    """
    return Operation(
        method="GET",
        path=path,
        id=identity,
        summary=summary,
        tag=TAG,
        handler=handler,
        scope=scope,
        page=True,
        parameters=parameters,
    )


def taken_form(
    path: str,
    identity: str,
    summary: str,
    handler: Handler,
    *parameters: Parameter,
    scope: str = "submit",
    submits: bool = False,
) -> Operation:
    """Return the operation that takes a form.

    Args:
        path: Its path.
        identity: Its id.
        summary: What it does.
        handler: Does it, and returns the page that follows.
        *parameters: Its parameters.
        scope: The scope that the caller needs; empty: everybody may send it. Default: ``submit``.
        submits: See `Operation.submits`. Default: False.

    """
    return Operation(
        method="POST",
        path=path,
        id=identity,
        summary=summary,
        tag=TAG,
        handler=handler,
        scope=scope,
        page=True,
        body=FORM,
        submits=submits,
        parameters=parameters,
    )
