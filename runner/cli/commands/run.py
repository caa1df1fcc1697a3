"""``runner run FILE``: run the pipeline file, then wait for every run it has submitted, unless it is detached."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...wiring.cache import cache_folder
from ...wiring.controllers import Controllers
from ..driver import check_file, make_way
from ..exits import DONE
from ..output import warn
from ..policy_arguments import words
from ..yamlfile import is_yaml, load, refuse_yaml_options

if TYPE_CHECKING:
    from ...wiring import OpenWorkspace
    from ...wiring.controllers import Starter
    from ..driving import Ending


def run(options: Namespace) -> int:
    """Run the file and wait; the exit code."""
    path = check_file(options.file)
    yaml = is_yaml(path)
    if not yaml:
        refuse_yaml_options(path, options)
        make_way(path, options.argv, cache_folder())
    controllers = Controllers(Path.cwd(), options.target)
    if not options.detach:
        controllers.prepare()
    # Only now the rest: it loads while the controller does.
    from ...wiring import open_session
    from ..background_logs import BackgroundLogs
    from ..documents import only_documents, print_json
    from ..watching import Viewer, await_runs, interrupted, leave_runs

    session = open_session(Path.cwd(), options.target, words(options))
    session.controllers = controllers if not options.detach else _in_cluster(session)
    viewer = Viewer(session, sys.stderr if options.json else sys.stdout, options.logs, options.json)
    with only_documents(wanted=options.json):
        logs = BackgroundLogs(session, viewer.stream) if options.logs and not yaml else None
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
    from ...sdk.session import use
    from ..driving import drive

    use(session)
    ending = drive(session, path, options.arguments)
    if ending.code == DONE and not ending.interrupted and not session.submitted:
        # No error: it may be a step's script that is tried by itself, or a driver that only logs or registers.
        warn(f"note: {path} has submitted no pipeline, and has none named `pipeline`")
    return ending
