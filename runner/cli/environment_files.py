"""``runner environment lock | show | build``: the environments of a pipeline file."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from ..errors import BadInput
from ..model.plan import Plan
from ..model.redaction import redacted
from ..operations import computes, local_wheels
from ..operations.environment_details import PlacedEnvironment, details, placed
from ..operations.environment_generations import in_newest_generation
from ..operations.targets import assign_targets
from ..wiring import OpenWorkspace
from .capture import FileFailed, capture
from .documents import print_json
from .environment_locking import lock
from .environment_views import detail_view
from .exits import DONE, FAILED
from .formatting import duration
from .output import show, warn
from .paint import paint_for

Environments = tuple[PlacedEnvironment, ...]


def run_on_file(options: Namespace) -> int:
    """Do ``lock``, ``show`` or ``build``. Return the exit code. Raises BadInput, EnvironmentFailed."""
    try:
        captured, submission = capture(options)
    except FileFailed:
        return FAILED
    session = OpenWorkspace(config=captured.config, override=captured.override)  # one that writes
    made = local_wheels.sealed(submission.plan)
    environments = placed_in(session, made.plan, options.name)
    if options.action == "show":
        return _show(session, environments, options)
    _ = session.store_id  # which gives a new store its format
    local_wheels.keep(session.store, made.files)
    if options.action == "build":
        return _build(session, environments, options)
    return lock(session, environments, options, notify)


def placed_in(session: OpenWorkspace, plan: Plan, name: str) -> Environments:
    """Return the environments of a plan, as a run submitted now has them, on the targets of its steps.

    The targets need not be reachable: nothing is asked of them.

    Args:
        session: The open workspace.
        plan: A plan without local wheels, see `local_wheels.sealed`.
        name: The name of one environment. Empty: all.

    Raises:
        BadInput: A target is unknown, or no step uses an environment of that name.

    """
    created = computes.named(session.store, session.config.computes, plan).created
    targets, problems = assign_targets(plan, session.config, session.override, created)
    if problems:
        raise BadInput(problems)
    return placed(in_newest_generation(session.store, session.dated(plan)), targets, name)


def _show(session: OpenWorkspace, environments: Environments, options: Namespace) -> int:
    found = tuple(details(environments, session.environments))
    if options.json:
        print_json({"environments": found})
        return DONE
    paint = paint_for(sys.stdout)
    for at, each in enumerate(found):
        show(*[""] * bool(at), *detail_view(each, paint))
    return DONE


def _build(session: OpenWorkspace, environments: Environments, options: Namespace) -> int:
    made = [_built(session, each, quiet=options.json) for each in environments]
    if options.json:
        print_json({"environments": made})
    return DONE


def _built(session: OpenWorkspace, each: PlacedEnvironment, *, quiet: bool) -> dict[str, object]:
    environment, store, begun = each.environment, session.environments(each.target), time.monotonic()
    problems = store.problems(environment)
    if problems:
        raise BadInput(problems)
    found = store.find(environment)
    prepared = found or store.ensure(environment, notify)
    seconds = None if found else round(time.monotonic() - begun, 3)
    if not quiet:
        done = "exists" if seconds is None else f"made in {duration(seconds)}"
        show(f"{environment.name} on {each.target}: {done}", f"  {prepared.reference}")
    return {
        "name": environment.name,
        "target": each.target,
        "reference": prepared.reference,
        "lock": prepared.lock,
        "seconds": seconds,
    }


def notify(line: str) -> None:
    """Print a line of progress on standard error, without credentials."""
    warn(redacted(line))
