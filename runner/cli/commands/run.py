"""``runner run FILE``: run the pipeline file, then wait for every run it has submitted."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...wiring.controllers import Controllers, cache_folder
from ..driver import check_file, make_way
from ..exits import DONE

if TYPE_CHECKING:
    from ...wiring import OpenWorkspace
    from ..driving import Ending


def run(options: Namespace) -> int:
    """Run the file and wait; the exit code."""
    path = check_file(options.file)
    make_way(path, options.argv, cache_folder())
    controllers = Controllers(Path.cwd(), options.target)
    controllers.prepare()
    # Only now the rest: it loads while the controller does.
    from ...wiring import open_session
    from ..documents import only_documents, print_json
    from ..watching import Viewer, await_runs, interrupted

    session = open_session(Path.cwd(), options.target)
    session.controllers = controllers
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
    from ..driving import drive

    use(session)
    ending = drive(session, path, options.arguments)
    if ending.code == DONE and not ending.interrupted and not session.submitted:
        raise BadInput(
            f"{path} has submitted nothing, and has no pipeline named `pipeline`",
            remedy="submit one: Experiment(workspace, 'name').submit(pipeline)",
        )
    return ending
