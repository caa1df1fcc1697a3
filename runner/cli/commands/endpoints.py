"""``runner endpoints``: list and show pipeline endpoints."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...model.published import EndpointRecord, endpoint_url
from ...operations.published import endpoints, pipelines
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show_all, warn
from ..paint import paint_for
from ..published_views import endpoint_view, endpoints_view


def run(options: Namespace) -> int:
    """Carry out an action.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: There is no pipeline endpoint of that name.

    """
    session = open_session(Path.cwd(), options.target)
    {"list": _list, "show": _show}[options.action](session, options)
    return DONE


def _list(session: OpenWorkspace, options: Namespace) -> None:
    found = endpoints.all_of(session.store, active_only=not options.every)
    if options.json:
        print_json({"endpoints": [_document(session, each) for each in found]})
    elif found:
        show_all(endpoints_view(found, paint_for(sys.stdout), every=options.every))
    else:
        warn("no pipeline endpoints here yet; a driver makes them: PipelineEndpoint.publish(…)")


def _show(session: OpenWorkspace, options: Namespace) -> None:
    record = endpoints.named(session.store, options.name)
    if options.json:
        print_json(_document(session, record))
        return
    known = {each.id: each for each in pipelines.all_of(session.store, active_only=False)}
    show_all(endpoint_view(record, known, _url(session, record), paint_for(sys.stdout)))


def _document(session: OpenWorkspace, record: EndpointRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "status": record.status.value,
        "endpoint": _url(session, record),
        "default": record.default,
        "versions": [{"version": each.version, "pipeline": each.pipeline} for each in record.versions],
        "created": record.created,
        "user": record.user,
    }


def _url(session: OpenWorkspace, record: EndpointRecord) -> str:
    return endpoint_url(session.server_facts().url, record.id)
