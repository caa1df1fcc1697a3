"""``runner run FILE``: run the pipeline file, then wait for every run that it has submitted, unless detached."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...wiring.cache import cache_folder
from ...wiring.controllers import Controllers
from ..driver import check_file, restart_under_private_name
from ..exits import DONE
from ..output import warn
from ..policy_arguments import overrides
from ..yamlfile import is_yaml, load, refuse_yaml_options

if TYPE_CHECKING:
    from ...wiring import OpenWorkspace
    from ...wiring.controllers import Starter
    from ..driving import Ending


def run(options: Namespace) -> int:
    """Run the file and wait for its runs.

    Args:
        options: The command line.

    Returns:
        The exit code: that of the file, else of its runs.

    """
    path = check_file(options.file)
    yaml = is_yaml(path)
    if not yaml:
        refuse_yaml_options(path, options)
        restart_under_private_name(path, options.argv, cache_folder())
    controllers = Controllers(Path.cwd(), options.target)
    if not options.detach:
        controllers.prepare()
    # Only now the rest: it loads while the controller does.
    from ...wiring import open_session
    from ..background_logs import BackgroundLogs
    from ..documents import only_documents, print_json
    from ..watching import Viewer, await_runs, interrupted, leave_runs

    session = open_session(Path.cwd(), options.target, overrides(options))
    session.controllers = controllers if not options.detach else _in_cluster(session)
    viewer = Viewer(
        session=session, stream=sys.stderr if options.json else sys.stdout, logs=options.logs, quiet=options.json
    )
    with only_documents(wanted=options.json):
        logs = BackgroundLogs(session=session, stream=viewer.stream) if options.logs and not yaml else None
        if logs:
            session.on_submit = logs.begin
        ending = (_submit if yaml else _drive)(session, path, options)
        if logs:
            logs.end()
            viewer = replace(viewer, tails=logs.tails)
        sys.stdout.flush()
        if ending.interrupted:
            return interrupted(viewer, session.submitted)
        code, reports = (leave_runs if options.detach else await_runs)(viewer, session.submitted)
    if options.json:
        print_json({"runs": reports})
    return ending.code or code


def _in_cluster(session: OpenWorkspace) -> Starter:
    from ...wiring.detached import Detached

    return Detached(session)


def _submit(session: OpenWorkspace, path: Path, options: Namespace) -> Ending:
    from ...errors import StoreError, TargetError
    from ..driving import Ending, unusable

    plan, request = load(session, path, options)
    try:
        session.submit(plan, request)
    except (StoreError, TargetError) as error:
        raise unusable(session, error) from error
    return Ending()


def _drive(session: OpenWorkspace, path: Path, options: Namespace) -> Ending:
    from ...sdk.base.session import use
    from ..driving import drive

    use(session)
    ending = drive(session, path, options.arguments)
    if ending.code == DONE and not ending.interrupted and not session.submitted:
        # No error: it may be a step's script that is tried by itself, or a driver that only logs or registers.
        warn(f"note: {path} has submitted no pipeline, and has none named `pipeline`")
    return ending
