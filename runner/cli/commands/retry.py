"""``runner retry [RUN] --failed | --from STEP | --only STEP``: make an ended run again, as a new run.

Its plan is the first one's; options of `runner run` for policies and resources go before what it states.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from ...operations.again import Part, Scope
from ...operations.retry import Remake
from ...operations.values import RunView
from ...wiring import OpenWorkspace, open_session
from ...wiring.detached import Detached
from ...wiring.retrying import plan_retry, retry
from ..documents import print_json
from ..exits import DONE
from ..output import show, show_all
from ..policy_arguments import words
from ..reports import find_run, find_step
from ..watching import Viewer, await_runs, leave_runs
from ..words import many


def run(options: Namespace) -> int:
    """Start the new run and wait for it, unless it is detached; the exit code: 0 if there is nothing to do."""
    session = open_session(Path.cwd(), options.target, words(options))
    if options.detach:
        session.controllers = Detached(session)
    stream = sys.stderr if options.json else sys.stdout
    origin = session.view(find_run(session, options.run))
    found = plan_retry(session, origin.state.run, part_of(origin, options))
    if not found.choice.run:
        show(f"nothing to do: every step of run {origin.state.run} has delivered", stream=stream)
        if options.json:
            print_json({"runs": []})
        return DONE
    new = retry(session, found)
    show_all(told(found, new), stream)
    return _awaited(session, new, options)


def part_of(origin: RunView, options: Namespace) -> Part:
    """What the options ask for; what failed when they say nothing. Raises BadInput for an unknown step."""
    for scope, names in ((Scope.FROM, options.starts), (Scope.ONLY, options.only)):
        if names:
            return Part(scope, tuple(dict.fromkeys(find_step(origin, name) for name in names)))
    return Part()


def told(found: Remake, new: str) -> Iterator[str]:
    """What the new run is, and what of its origin is gone or was changed."""
    choice = found.choice
    counts = [f"{many(len(choice.run), 'step')} to run", f"{len(choice.stand)} stand"]
    if choice.skipped:
        counts.append(f"{len(choice.skipped)} left out")
    yield f"run {new}: {found.origin.state.run} again, {', '.join(counts)}"
    for key in found.gone:
        what = "it runs again" if key in choice.run else "it is left out"
        yield f"  {found.origin.plan.names[key]}: its outputs are gone or were changed; {what}"


def _awaited(session: OpenWorkspace, new: str, options: Namespace) -> int:
    stream = sys.stderr if options.json else sys.stdout
    session.start_controller(new)
    viewer = Viewer(session, stream, options.logs, options.json)
    code, reports = (leave_runs if options.detach else await_runs)(viewer, [new])
    if options.json:
        print_json({"runs": reports})
    return code
