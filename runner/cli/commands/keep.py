"""``runner keep RUN``: keep a run, whatever its age."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ...data import retention
from ...wiring import open_session
from ..exits import DONE
from ..output import show
from ..reports import find_run


def run(options: Namespace) -> int:
    """Keep a run; with ``--off``, leave it to the rules of ``runner gc`` again.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    if options.off:
        retention.release(session.store, run_id)
        show(f"run {run_id} is kept no longer than other runs")
        return DONE
    retention.keep(session.store, run_id)
    show(f"run {run_id} is kept with all that it refers to")
    return DONE
