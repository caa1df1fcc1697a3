"""``runner environment why``: the reason why an environment is built, and how two differ."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..environments import lock_store
from ..errors import BadInput, EnvironmentFailed
from ..operations import local_wheels
from ..operations.environment_comparison import Comparison, EnvironmentFacts, nearest, title
from ..operations.environment_details import PlacedEnvironment
from ..operations.environment_history import earlier, of_run, with_lock
from ..operations.environment_locks import known_lock
from ..wiring import OpenWorkspace, open_session
from .capture import FileFailed, capture
from .documents import print_json
from .driver import is_file_name
from .environment_files import placed_in
from .environment_views import comparison_view
from .exits import DONE, FAILED
from .output import show, show_all
from .paint import paint_for
from .subject import view_of


def explain(options: Namespace) -> int:
    """Print the comparison. Return the exit code. Raises BadInput."""
    session = open_session(Path.cwd(), options.target)
    try:
        candidates = _subject(session, options)
    except FileFailed:
        return FAILED
    chosen = _chosen(candidates, options.name, options.file)
    bases = _bases(session, chosen)
    chosen = replace(chosen, base=bases.get(chosen.reference, ""))
    others = [_other(session, options, candidates)] if options.other else earlier(session.store, chosen.run)
    compared = (replace(each, base=bases.get(each.reference, "")) for each in others)
    alike = compared if options.other else (each for each in compared if each.target == chosen.target)
    _show(options, chosen, nearest(chosen, alike))
    return DONE


def _bases(session: OpenWorkspace, chosen: EnvironmentFacts) -> dict[str, str]:
    """Return the base images of the images on the target by all their names; none for virtual environments."""
    if not chosen.reference or chosen.reference.startswith("/"):
        return {}
    try:
        stored = session.inventory(chosen.target).stored()
    except EnvironmentFailed:
        return {}
    return {name: each.base for each in stored for name in each.names}


def _show(options: Namespace, chosen: EnvironmentFacts, found: Comparison | None) -> None:
    if options.json:
        verdict = {"name": chosen.name, "target": chosen.target, "run": chosen.run, "reference": chosen.reference}
        print_json({**verdict, "comparison": found})
        return
    paint = paint_for(sys.stdout)
    if not options.other:
        show(_verdict(chosen))
    if found is None:
        show("no earlier run here has used an environment on this target")
    else:
        show_all(comparison_view(found, paint))


def _verdict(chosen: EnvironmentFacts) -> str:
    if not chosen.reference:
        return f"{chosen.name} on {chosen.target} has to be made: nothing there has its content"
    found = "was found" if chosen.run else "exists"
    return f"{title(chosen)} on {chosen.target} {'was made' if chosen.made else found}: {chosen.reference}"


def _subject(session: OpenWorkspace, options: Namespace) -> tuple[EnvironmentFacts, ...]:
    """Return the environments of the file or run that the command line names."""
    if not is_file_name(options.file):
        return _of_run(session, options.file)
    opened, captured = capture(options)
    plan = local_wheels.sealed(captured.plan).plan
    return tuple(_of_file(opened, each) for each in placed_in(opened, plan, ""))


def _of_file(session: OpenWorkspace, each: PlacedEnvironment) -> EnvironmentFacts:
    store = session.environments(each.target)
    facts = EnvironmentFacts(name=each.environment.name, spec=each.environment.spec, target=each.target)
    with suppress(EnvironmentFailed):  # without an engine, what was written can be compared
        facts = with_lock(facts, known_lock(store, each.environment))
        found = store.find(each.environment)
        return replace(facts, reference=found.reference) if found else facts
    return facts


def _chosen(candidates: tuple[EnvironmentFacts, ...], name: str, subject: str) -> EnvironmentFacts:
    """Return the environment of a name; without a name the only one. Raises BadInput."""
    found = [each for each in candidates if name in ("", each.name)]
    names = ", ".join(dict.fromkeys(each.name for each in candidates)) or "none so far"
    if not found:
        raise BadInput(f"{subject} uses no environment '{name}'", remedy=f"its environments: {names}")
    if not name and len({each.name for each in found}) > 1:
        raise BadInput("which environment?", remedy=f"name one of: {names}")
    return found[0]


def _other(session: OpenWorkspace, options: Namespace, candidates: tuple[EnvironmentFacts, ...]) -> EnvironmentFacts:
    """Return the second environment of the command line: ``NAME`` of the same subject, or ``RUN:NAME``."""
    run, colon, name = options.other.rpartition(":")
    if not colon:
        return _chosen(candidates, options.other, options.file)
    return _chosen(_of_run(session, run), name, run)


def _of_run(session: OpenWorkspace, run: str) -> tuple[EnvironmentFacts, ...]:
    return tuple(of_run(view_of(session, run), partial(lock_store.of_digest, session.store)))
