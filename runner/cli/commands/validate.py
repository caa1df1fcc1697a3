"""``runner validate FILE``: everything that stands against running it, or OK."""

from __future__ import annotations

from argparse import Namespace

from ..capture import FileFailed, capture
from ..exits import DONE, FAILED
from ..output import show
from ..words import many


def run(options: Namespace) -> int:
    """Check it. Raises BadInput with every problem."""
    try:
        session, captured = capture(options)
    except FileFailed:
        return FAILED
    session.check(captured.plan, captured.request)
    show(f"OK: {options.file}, {many(len(captured.plan.steps), 'step')}")
    return DONE
