"""The addresses of pages of runs, and the way to them."""

from __future__ import annotations

from urllib.parse import quote

from ...model.names import short
from ...operations.values import RunView
from ...pages.shell import Link


def address(run: str) -> str:
    """Return the address of the page of a run.

    Args:
        run: Its id.

    """
    return f"/runs/{quote(run, safe='')}"


def crumbs(view: RunView, last: str) -> tuple[Link, ...]:
    """Return the breadcrumbs of a page below that of a run.

    Args:
        view: The run.
        last: The text of the last one.

    """
    run = view.state.run
    return (Link("Runs", "/runs"), Link(f"{experiment(view)} {short(run)}".strip(), address(run)), Link(last))


def experiment(view: RunView) -> str:
    """Return the experiment of a run; empty if it has none.

    Args:
        view: The run.

    """
    return view.state.submission.experiment if view.state.submission else ""
