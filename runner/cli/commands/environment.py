"""``runner environment lock | show | build | list | why | gc``: the environments of steps."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ...wiring import open_session


def run(options: Namespace) -> int:
    """Do the action.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    if options.action in ("lock", "show", "build"):
        from ..environment_files import run_on_file

        return run_on_file(options)
    if options.action == "why":
        from ..environment_why import explain

        return explain(options)
    from ..environment_inventory import collect, list_environments

    session = open_session(Path.cwd(), options.target)
    return list_environments(session, options) if options.action == "list" else collect(session, options)
