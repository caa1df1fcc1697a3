"""``runner retry [RUN] --failed | --from STEP | --only STEP``: run steps of an ended run again, as a new run.

Its plan is that of the first run. Options of `runner run` for policies and resources precede the plan's.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from ...operations.retry import PlannedRetry
from ...operations.retry_selection import Part, Scope
from ...operations.values import RunView
from ...wiring import OpenWorkspace, open_session
from ...wiring.detached import Detached
from ...wiring.retrying import plan_retry, retry
from ..documents import print_json
from ..exits import DONE
from ..formatting import many
from ..output import show, show_all
from ..policy_arguments import overrides
from ..reports import find_run, find_step
from ..watching import Viewer, await_runs, leave_runs


def run(options: Namespace) -> int:
    """Start the new run, and wait for it unless it is detached.

    Args:
        options: The command line.

    Returns:
        The exit code of the new run; 0 if there is nothing to do.

    """
    session = open_session(Path.cwd(), options.target, overrides(options))
    if options.detach:
        session.controllers = Detached(session)
    stream = sys.stderr if options.json else sys.stdout
    origin = session.view(find_run(session, options.run))
    found = plan_retry(session, origin.state.run, selected_part(origin, options))
    if not found.choice.run:
        show(f"nothing to do: every step of run {origin.state.run} has delivered", stream=stream)
        if options.json:
            print_json({"runs": []})
        return DONE
    new = retry(session, found)
    show_all(summary(found, new), stream)
    return _awaited(session, new, options)


def selected_part(origin: RunView, options: Namespace) -> Part:
    """Return the part of a run that the options ask for; by default the failed steps.

    Args:
        origin: The ended run.
        options: The command line.

    Raises:
        BadInput: A step is unknown.

    """
    for scope, names in ((Scope.FROM, options.starts), (Scope.ONLY, options.only)):
        if names:
            return Part(scope, tuple(dict.fromkeys(find_step(origin, name) for name in names)))
    return Part()


def summary(found: PlannedRetry, new: str) -> Iterator[str]:
    """Yield a line about the new run, and one for each output of its origin that is gone or was changed.

    Args:
        found: The selection of steps.
        new: The new run's id.

    """
    choice = found.choice
    counts = [f"{many(len(choice.run), 'step')} to run", f"{len(choice.stand)} stand"]
    if choice.ended:
        counts.append(f"{len(choice.ended)} stay stopped")
    if choice.skipped:
        counts.append(f"{len(choice.skipped)} left out")
    yield f"run {new}: {found.origin.state.run} again, {', '.join(counts)}"
    for key in found.gone:
        what = "it runs again" if key in choice.run else "it is left out"
        yield f"  {found.origin.plan.names[key]}: its outputs are gone or were changed; {what}"


def _awaited(session: OpenWorkspace, new: str, options: Namespace) -> int:
    stream = sys.stderr if options.json else sys.stdout
    session.start_controller(new)
    viewer = Viewer(session=session, stream=stream, logs=options.logs, quiet=options.json)
    code, reports = (leave_runs if options.detach else await_runs)(viewer, [new])
    if options.json:
        print_json({"runs": reports})
    return code
