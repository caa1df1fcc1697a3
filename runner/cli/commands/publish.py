"""``runner publish FILE``: publish the pipeline of a file, so that it can be run by its name."""

from __future__ import annotations

import sys
from argparse import Namespace

from ...runs import plans
from ..capture import FileFailed
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show_all
from ..paint import paint_for
from ..published_documents import document_of
from ..published_views import published_view
from ..publishing import publish_file
from ..uploads import shown_uploads


def run(options: Namespace) -> int:
    """Publish the pipeline of a file.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The pipeline cannot run; the exception has every problem.

    """
    try:
        with shown_uploads(sys.stderr if options.json else sys.stdout):
            session, record = publish_file(options)
    except FileFailed:
        return FAILED
    found = document_of(record, plans.load(session.store, record.plan), session.server_facts().url)
    if options.json:
        print_json(found)
        return DONE
    where = f" --target {session.override}" if session.override not in {"", session.config.target} else ""
    show_all(published_view(found, paint_for(sys.stdout), where))
    return DONE
