"""``runner export mlflow | opentelemetry | openlineage [RUN]``: a run that has ended, for another tool."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from ...config.after_run_sections import changed_after_run
from ...errors import BadInput
from ...model.names import short
from ...operations import after_run
from ...operations.after_run import DONE as EXPORTED
from ...operations.after_run import Outcome
from ...wiring import OpenWorkspace, SystemClock, open_session
from ...wiring.exporting import export
from ..documents import print_json
from ..exits import DONE
from ..output import show
from ..reports import find_run, hint

_OPTIONS = {
    "mlflow": ("tracking_uri", "experiment", "username", "password", "token"),
    "opentelemetry": ("endpoint",),
    "openlineage": ("url", "file", "namespace", "token"),
}
"""The options of the command line that are fields of the section in runner.yaml."""


def run(options: Namespace) -> int:
    """Export a run, and tell what was sent and where to look.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The run has not ended, or the settings are wrong.

    """
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    ended = session.ended_run(run_id)
    if not ended.view.state.over:
        remedy = f"wait for its end: runner attach {short(run_id)}{hint(session)}"
        raise BadInput(f"run {run_id} has not ended", remedy=remedy)
    changes = _changes(options)
    settings = changed_after_run(ended.settings, options.tool, changes, f"runner export {options.tool}")
    found = export(replace(ended, settings=settings), options.tool)
    _keep(session, run_id, options.tool, found.place)
    if options.json:
        print_json({"run": run_id, "tool": options.tool, "sent": found.what, "place": found.place})
        return DONE
    show(f"run {run_id}: {found.what}", f"  {found.place}")
    return DONE


def _changes(options: Namespace) -> dict[str, object]:
    """Return what the command line states, by the field of the section. Raises BadInput."""
    found: dict[str, object] = {name: value for name in _OPTIONS[options.tool] if (value := getattr(options, name))}
    if found.get("file"):
        found["file"] = str(Path(str(found["file"])).expanduser().resolve())
    headers = dict(each.partition("=")[::2] for each in getattr(options, "headers", ()))
    if any("=" not in each for each in getattr(options, "headers", ())):
        raise BadInput("a header has no value", "--header", "write it as NAME=VALUE")
    return {**found, "headers": headers} if headers else found


def _keep(session: OpenWorkspace, run_id: str, tool: str, place: str) -> None:
    outcome = Outcome(name=tool, state=EXPORTED, time=SystemClock().now(), place=place)
    after_run.write(session.store, run_id, outcome)
