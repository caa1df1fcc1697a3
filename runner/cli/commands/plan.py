"""``runner plan FILE``: what running it would do. Nothing is changed."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace

from ...model.document import to_document
from ...model.plan import Plan
from ...model.printable import escape_json
from ...operations.preview import preview
from ...operations.values import Request
from .. import yamlfile
from ..capture import FileFailed, capture
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show_all, write_exactly
from ..paint import paint_for
from ..planview import plan_view


def run(options: Namespace) -> int:
    """Print it. Raises BadInput with everything that stands against running it."""
    here = os.getcwd()  # noqa: PTH109 - text is wanted; the file may go elsewhere as it runs
    try:
        session, captured = capture(options)
    except FileFailed:
        return FAILED
    plan, targets = session.planned(captured.plan, captured.request)
    if options.output != "text" and not options.json:
        write_exactly(written(*session.worded(captured.plan, captured.request), options.output, here))
        return DONE
    found = preview(
        plan,
        captured.request,
        targets,
        store=session.store,
        environments=session.environments,
        planned=session.overlay.planned,
    )
    if options.json:
        print_json(found)
    else:
        show_all(plan_view(found, paint_for(sys.stdout), here))
    return DONE


def written(plan: Plan, request: Request, notation: str, here: str) -> str:
    """The plan itself as YAML or JSON; source folders are relative to `here`."""
    if notation == "json":
        return escape_json(json.dumps(to_document(yamlfile.portable(plan, here)), indent=2, ensure_ascii=False)) + "\n"
    return yamlfile.written(plan, request, here)
