"""``runner run FILE``: run the pipeline file, then wait for every run it has submitted."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...errors import BadInput
from ...wiring import OpenWorkspace, cache_folder, open_session
from ..documents import only_documents, print_json
from ..driver import check_file, make_way
from ..driving import Ending, drive
from ..exits import DONE
from ..watching import Viewer, await_runs, interrupted


def run(options: Namespace) -> int:
    """Run the file and wait; the exit code."""
    path = check_file(options.file)
    make_way(path, options.argv, cache_folder())
    session = open_session(Path.cwd(), options.target)
    session.controllers.prepare()
    viewer = Viewer(session, sys.stderr if options.json else sys.stdout, options.logs, options.json)
    with only_documents(wanted=options.json):
        ending = _drive(session, path, options)
        sys.stdout.flush()
        if ending.interrupted:
            return interrupted(viewer, session.submitted)
        code, reports = await_runs(viewer, session.submitted)
    if options.json:
        print_json({"runs": reports})
    return ending.code or code


def _drive(session: OpenWorkspace, path: Path, options: Namespace) -> Ending:
    from ...sdk.session import use

    use(session)
    ending = drive(session, path, options.arguments)
    if ending.code == DONE and not ending.interrupted and not session.submitted:
        raise BadInput(
            f"{path} has submitted nothing, and has no pipeline named `pipeline`",
            remedy="submit one: Experiment(workspace, 'name').submit(pipeline)",
        )
    return ending
