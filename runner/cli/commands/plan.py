"""``runner plan FILE``: the steps that a run of the file would execute. Nothing is changed."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from functools import lru_cache

from ...model.document import to_document
from ...model.plan import Plan
from ...model.printable import escape_json
from ...operations.preview import preview
from ...operations.scoped_stores import announce_whole_stores
from ...operations.values import Request
from .. import yamlfile
from ..capture import FileFailed, capture
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show_all, write_exactly
from ..paint import paint_for
from ..planview import plan_view


def run(options: Namespace) -> int:
    """Print the plan of a pipeline file.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The pipeline cannot run; the exception has every problem.

    """
    here = os.getcwd()  # noqa: PTH109 - text is wanted; the file may go elsewhere as it runs
    try:
        session, captured = capture(options)
    except FileFailed:
        return FAILED
    plan, targets = session.planned(captured.plan, captured.request)
    if options.output != "text" and not options.json:
        write_exactly(
            written(*session.with_command_line_overrides(captured.plan, captured.request), options.output, here)
        )
        return DONE
    ways = lru_cache(lambda name: session.candidate(name).data_access())
    announce_whole_stores(targets.values(), ways, lambda line: print(line, file=sys.stderr))
    found = preview(
        plan,
        captured.request,
        targets,
        store=session.store,
        environments=session.environments,
        datastores=session.datastore,
        access=ways,
        planned=session.overlay.planned,
    )
    if options.json:
        print_json(found)
    else:
        show_all(plan_view(found, paint_for(sys.stdout), here))
    return DONE


def written(plan: Plan, request: Request, notation: str, here: str) -> str:
    """Return the plan as YAML or JSON.

    Args:
        plan: The plan.
        request: Experiment, parameters and tags.
        notation: ``yaml`` or ``json``.
        here: The folder that source folders are relative to.

    """
    if notation == "json":
        return (
            escape_json(json.dumps(to_document(yamlfile.with_relative_paths(plan, here)), indent=2, ensure_ascii=False))
            + "\n"
        )
    return yamlfile.written(plan, request, here)
