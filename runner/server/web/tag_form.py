"""The form of the tags of a run. It changes what its reader has changed, and nothing that others have changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from starlette.responses import RedirectResponse, Response

from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...operations import run_tags
from ...operations.values import RunView
from ..change_runs import check_may_change, tag_run
from ..operation import Call
from ..problems import refused
from ..run_access import opened_run
from . import forms
from .page import page
from .run_addresses import address, crumbs

_EMPTY_ROWS = 3
"""Rows for new tags."""
_MOST_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the form."""

    name: str = ""
    value: str = ""
    old: str | None = None
    """The value when the form was opened; None: it is a row for a new tag."""
    is_removed: bool = False

    @property
    def is_changed(self) -> bool:
        """True if the reader has changed something in it."""
        return self.is_removed or self.value != self.old


def show(call: Call) -> Response:
    """Return the form.

    Args:
        call: The call.

    """
    with opened_run(call) as (workspace, view):
        check_may_change(call, workspace.store, view)
        tags = run_tags.tags_of(workspace.store, view)
    return _page(call, view, opened(tags), ())


def change(call: Call) -> Response:
    """Change the tags as the form says, and lead to the page of the run.

    Args:
        call: The call.

    """
    rows = rows_of(forms.fields(call))
    changed = [row for row in rows if row.is_changed]
    with opened_run(call) as (workspace, view):
        check_may_change(call, workspace.store, view)
        known = run_tags.tags_of(workspace.store, view)
        problems: Sequence[Problem] = tuple(conflicts(changed, known))
        status = 409
        if not problems:
            given = {row.name: row.value for row in changed if not row.is_removed}
            try:
                tag_run(call, workspace, view, given, [row.name for row in changed if row.is_removed])
            except BadInput as error:
                problems, status = error.problems, 400
    if not problems:
        return RedirectResponse(address(view.state.run), 303)
    if not call.known_caller.may("read"):
        raise refused(problems, status)
    return _page(call, view, again(rows, known), problems, status)


def rows_of(given: forms.Fields) -> list[Row]:
    """Return the rows of the form that have something.

    Args:
        given: The fields of the form.

    """
    rows: list[Row] = []
    for number in range(_MOST_ROWS):
        if not given.texts(f"name.{number}"):
            break
        made = Row(
            name=given.text(f"name.{number}"),
            value=given.text(f"value.{number}"),
            old=given.text(f"old.{number}") if given.texts(f"old.{number}") else None,
            is_removed=bool(given.text(f"remove.{number}")),
        )
        if made.name or made.value:
            rows.append(made)
    return rows


def conflicts(changed: Iterable[Row], known: Mapping[str, str]) -> Iterable[Problem]:
    """Yield the rows whose tags have been changed by somebody else since the form was opened.

    Args:
        changed: The rows that the reader has changed.
        known: The tags now.

    """
    for row in changed:
        now = _as_sent(known[row.name]) if row.name in known else None
        wanted = None if row.is_removed else row.value
        if now not in (row.old, wanted):
            shown = "it was removed" if now is None else f"its value is now {now[:80]!r}"
            what = f"the tag {row.name[:80]!r} was changed meanwhile: {shown}"
            yield Problem(what, "", "look at the value, and save again")


def opened(tags: Mapping[str, str]) -> list[Row]:
    """Return the rows of a form that is opened now.

    Args:
        tags: The tags now.

    """
    return [Row(name=name, value=_as_sent(value), old=_as_sent(value)) for name, value in tags.items()]


def again(rows: Iterable[Row], known: Mapping[str, str]) -> list[Row]:
    """Return the rows of a form that was refused: with what was written, and over the tags as they are now.

    Args:
        rows: The rows that were sent.
        known: The tags now.

    """
    sent = {row.name: row for row in rows}
    made = []
    for row in opened(known):
        mine = sent.pop(row.name, None)
        changed = mine is not None and mine.is_changed and mine.old == row.old
        made.append(mine if mine is not None and changed else row)
    # Tags that are gone meanwhile become new ones only if the reader has changed them.
    left = (row for row in sent.values() if row.is_changed and not row.is_removed)
    return [*made, *(Row(name=row.name, value=row.value) for row in left)]


def _as_sent(value: str) -> str:
    """Return a value as a form sends it: browsers write every end of a line in one way."""
    return value.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()


def _page(call: Call, view: RunView, rows: Sequence[Row], problems: Sequence[Problem], status: int = 200) -> Response:
    return page(
        call,
        "tags.html",
        title="Edit tags",
        section="Runs",
        crumbs=crumbs(view, "Tags"),
        status=status,
        run=view.state.run,
        rows=[*rows, *[Row()] * _EMPTY_ROWS],
        problems=problems,
    )
