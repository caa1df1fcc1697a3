"""``runner validate FILE``: every problem of a pipeline file, or OK."""

from __future__ import annotations

from argparse import Namespace

from ..capture import FileFailed, capture
from ..exits import DONE, FAILED
from ..formatting import many
from ..output import show


def run(options: Namespace) -> int:
    """Check the pipeline of a file.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The pipeline cannot run; the exception has every problem.

    """
    try:
        session, captured = capture(options)
    except FileFailed:
        return FAILED
    session.check(captured.plan, captured.request)
    show(f"OK: {options.file}, {many(len(captured.plan.steps), 'step')}")
    return DONE
