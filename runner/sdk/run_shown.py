"""A run as `print` and notebooks show it: in v1's words."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING

from ..errors import RunnerError

if TYPE_CHECKING:
    from .run import Run


def as_text(run: Run) -> str:
    """What a script's ``print(run)`` says."""
    return "Run({})".format(",\n".join(f"{name}: {value}" for name, value in _facts(run).items()))


def as_html(run: Run) -> str:
    """The same as a table."""
    rows = (f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in _facts(run).items())
    return f"<table>{''.join(rows)}</table>"


def _facts(run: Run) -> dict[str, str]:
    """Without a status when its store cannot be asked: showing a run raises nothing."""
    facts = {"Experiment": run.experiment.name} if run.is_submitted else {}
    facts |= {"Id": run.id, "Type": run.type}
    with suppress(RunnerError):
        facts["Status"] = run.get_status()
    return facts
