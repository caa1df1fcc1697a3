"""``runner run FILE|NAME``: run the pipeline, then wait for every run that was submitted, unless detached."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...wiring.cache import cache_folder
from ...wiring.controllers import Controllers
from ..driver import check_file, is_file_name, restart_under_private_name
from ..output import warn
from ..policy_arguments import overrides
from ..yamlfile import is_yaml, load, refuse_yaml_options

if TYPE_CHECKING:
    from ...operations.tail import LogTail
    from ...wiring import OpenWorkspace
    from ...wiring.controllers import Starter
    from ..driving import Ending


def run(options: Namespace) -> int:
    """Run a pipeline file or a published pipeline, and wait for the runs.

    Args:
        options: The command line.

    Returns:
        The exit code: that of the file, else of its runs.

    """
    if not is_file_name(options.file):
        options.name = options.file
        return run_published(options, no_file=True)
    path = check_file(options.file)
    yaml = is_yaml(path)
    if not yaml:
        refuse_yaml_options(path, options)
        restart_under_private_name(path, options.argv, cache_folder())
    return _run(options, _submit if yaml else _drive, ahead=not yaml)


def run_published(options: Namespace, *, no_file: bool = False) -> int:
    """Run a published pipeline, and wait for the run.

    Args:
        options: The command line, with the pipeline's ``name``.
        no_file: The name may be meant as that of a file that does not exist. Default: False.

    Returns:
        The exit code.

    """
    return _run(options, partial(_submit_published, no_file=no_file), ahead=False)


def _run(options: Namespace, begin: Callable[[OpenWorkspace, Namespace], Ending], *, ahead: bool) -> int:
    """Begin runs and wait for them. `ahead`: the steps' output may be wanted while the file still runs."""
    controllers = Controllers(Path.cwd(), options.target)
    if not options.detach:
        controllers.prepare()
    # Only now the rest: it loads while the controller does.
    from ...wiring import open_session
    from ..documents import only_documents, print_json
    from ..uploads import shown_uploads
    from ..watching import Viewer, await_runs, interrupted, leave_runs

    session = open_session(Path.cwd(), options.target, overrides(options))
    session.controllers = controllers if not options.detach else _in_cluster(session)
    viewer = Viewer(
        session=session, stream=sys.stderr if options.json else sys.stdout, logs=options.logs, quiet=options.json
    )
    with only_documents(wanted=options.json):
        with shown_uploads(viewer.stream):
            if ahead:
                ending, tails = _begun_ahead(session, options, begin)
                viewer = replace(viewer, tails=tails)
            else:
                ending = begin(session, options)
        sys.stdout.flush()
        if ending.interrupted:
            return interrupted(viewer, session.submitted)
        code, reports = (leave_runs if options.detach else await_runs)(viewer, session.submitted)
    if options.json:
        print_json({"runs": reports})
    return ending.code or code


def _begun_ahead(
    session: OpenWorkspace, options: Namespace, begin: Callable[[OpenWorkspace, Namespace], Ending]
) -> tuple[Ending, Mapping[str, LogTail]]:
    """Run a pipeline file, and show the runs that it waits for, and the output of steps where it is wanted, meanwhile.

    Returns the end of the file, and the position in each run's output up to which it was shown.
    """
    from ...sdk.runs import waiting
    from ..background_logs import BackgroundLogs
    from ..paint import is_terminal
    from ..terminal import Terminal
    from ..waiting import WaitDisplay

    terminal = Terminal(sys.stdout) if is_terminal(sys.stdout) and not options.json else None
    with terminal.in_place() if terminal else nullcontext():
        stream = terminal.stream() if terminal else sys.stderr if options.json else sys.stdout
        logs = BackgroundLogs(session=session, stream=stream) if options.logs else None
        if logs:
            session.on_submit = logs.begin
        waiting.show_by(WaitDisplay(terminal, logs))
        try:
            ending = begin(session, options)
        finally:
            waiting.show_by(None)
            if logs:
                logs.end()
    return ending, logs.tails if logs else {}


def _in_cluster(session: OpenWorkspace) -> Starter:
    from ...wiring.detached import Detached

    return Detached(session)


def _submit(session: OpenWorkspace, options: Namespace) -> Ending:
    from ...errors import StoreError, TargetError
    from ..driving import Ending, unusable

    plan, request = load(session, Path(options.file), options)
    try:
        session.submit(plan, request)
    except (StoreError, TargetError) as error:
        raise unusable(session, error) from error
    return Ending()


def _submit_published(session: OpenWorkspace, options: Namespace, *, no_file: bool) -> Ending:
    from ...errors import StoreError, TargetError
    from ...operations.published import pipelines
    from ...operations.values import Request
    from ..driving import Ending, unusable
    from ..published_values import named, values_of

    try:
        record = named(session.store, options, no_file=no_file)
        pipelines.refuse_inactive(record)
        values = values_of(session, record, options.parameters)
        request = Request(experiment=options.experiment or record.name)
        session.submit_published(record, values, request, parse_texts=True)
    except (StoreError, TargetError) as error:
        raise unusable(session, error) from error
    return Ending()


def _drive(session: OpenWorkspace, options: Namespace) -> Ending:
    from ...sdk.base.session import use
    from ..driving import drive

    path = Path(options.file)
    use(session)
    ending = drive(session, path, options.arguments)
    if ending.idle:
        # No error: a step's script that is tried by itself, or a driver that only publishes, logs or registers.
        warn(f"note: {path} has submitted no pipeline, and has none named `pipeline`")
    return ending
