"""``runner pipelines``: list, show, run, compare, enable, disable and archive published pipelines."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...errors import BadInput, Problem
from ...model.published import PublishedRecord, Status
from ...operations.published import pipelines
from ...operations.published.comparison import comparison
from ...runs import plans
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show, show_all, warn
from ..paint import paint_for
from ..published_documents import PublishedDocument, document_of
from ..published_views import comparison_view, list_view, name_of, show_view

_STATUS = {"enable": Status.ACTIVE, "disable": Status.DISABLED, "archive": Status.ARCHIVED}


def run(options: Namespace) -> int:
    """Carry out an action.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: There is no published pipeline of that name.

    """
    if options.action == "run":
        from .run import run_published

        return run_published(options)
    session = open_session(Path.cwd(), options.target)
    if options.action == "list":
        _list(session, options)
    elif options.action == "show":
        _show(session, options)
    elif options.action == "diff":
        _diff(session, options)
    else:
        _set(session, options)
    return DONE


def _list(session: OpenWorkspace, options: Namespace) -> None:
    found = pipelines.all_of(session.store, active_only=not options.every)
    if options.json:
        print_json({"pipelines": [_document(session, each) for each in found]})
    elif found:
        show_all(list_view(found, paint_for(sys.stdout), every=options.every))
    else:
        warn("no published pipelines here yet; see: runner publish --help")


def _show(session: OpenWorkspace, options: Namespace) -> None:
    found = _document(session, pipelines.named(session.store, options.name))
    if options.json:
        print_json(found)
    else:
        show_all(show_view(found, paint_for(sys.stdout)))


def _diff(session: OpenWorkspace, options: Namespace) -> None:
    before, after = _both(session, options)
    found = comparison(session.store, before, after)
    if options.json:
        print_json(found)
        return
    names = (name_of(before), name_of(after))
    if names[0] == names[1]:
        names = (f"{names[0]} ({before.id})", f"{names[1]} ({after.id})")
    show_all(comparison_view(found, names, paint_for(sys.stdout)))


def _both(session: OpenWorkspace, options: Namespace) -> list[PublishedRecord]:
    found: list[PublishedRecord] = []
    problems: list[Problem] = []
    for name in (options.before, options.after):
        try:
            found.append(pipelines.named(session.store, name))
        except BadInput as error:
            problems.extend(error.problems)
    if problems:
        raise BadInput(problems)
    return found


def _set(session: OpenWorkspace, options: Namespace) -> None:
    record = pipelines.named(session.store, options.name)
    wanted = _STATUS[options.action]
    made = pipelines.set_status(session.store, record.id, wanted)
    if options.json:
        print_json(_document(session, made))
        return
    already = "already " if record.status is wanted else ""
    show(f"{name_of(made)} is {already}{wanted.value.lower()}  {paint_for(sys.stdout)(made.id, 'dim')}")


def _document(session: OpenWorkspace, record: PublishedRecord) -> PublishedDocument:
    return document_of(record, plans.load(session.store, record.plan), session.server_facts().url)
