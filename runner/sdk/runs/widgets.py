"""RunDetails: the progress of a run in a notebook or on a terminal, without a wait."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ...model.printable import escape as terminal_escape
from ...override import override
from ..base.exceptions import UserErrorException
from . import progress_threads as live
from .remote_run import RemoteRun, changes, environment_progress
from .run import Run

if TYPE_CHECKING:
    from ...operations.values import RunView

_ENDED = frozenset({"Completed", "Finished", "Failed", "Canceled"})
_COLOURS = {"Completed": "#2a7d2a", "Finished": "#2a7d2a", "Failed": "#b3261e", "Running": "#1a5fb4"}


class _Handle(Protocol):
    """The output of a notebook cell that can be replaced (IPython's DisplayHandle)."""

    def update(self, shown: object) -> None:
        """Show something else in its place."""


class _Page:
    """HTML in the form that a notebook asks for (https://ipython.readthedocs.io, rich display)."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return self.text

    @override
    def __repr__(self) -> str:
        return "a run"


class RunDetails:
    """v1's widget: in a notebook HTML that is refreshed in place, elsewhere lines.

    Example:
        >>> RunDetails(run).show()

    Args:
        run_instance: The run.

    Raises:
        UserErrorException: It is no run of a workspace.

    """

    def __init__(self, run_instance: object) -> None:
        if not isinstance(run_instance, Run) or not run_instance.is_submitted:
            raise UserErrorException(f"RunDetails shows runs of a workspace, not a {type(run_instance).__name__}")
        self.run = run_instance
        self._shown: dict[str, str] = {}

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Show the run and its steps now and their changes until it ends, without waiting, as in v1.

        Outside a notebook changes are printed until `wait_for_completion` prints them itself.

        Args:
            render_lib, widget_settings: Accepted as in v1 and ignored.

        """
        if _in_notebook() and isinstance(self.run, RemoteRun) and self._shown_live(self.run):
            return
        handle = _notebook_cell(self.html()) if _in_notebook() else None
        if handle is None:
            print("\n".join(map(terminal_escape, self.text().split("\n"))))
        if self.run.get_status() not in _ENDED:
            live.follow(self.run.id, self._printed if handle is None else lambda: self._updated(handle))

    def _shown_live(self, run: RemoteRun) -> bool:
        """Show the live widget. Return False where anywidget (the extra ``notebook``) is missing."""
        try:
            module = import_module("..runs.live_widget", __package__)  # in words that a step's bundle does not follow
        except ImportError:
            return False
        widget = module.RunWidget(run)
        import_module("IPython.display").display(widget)
        if run.get_status() not in _ENDED:
            live.follow(f"{run.id} widget", widget.look)  # not the thread that a waiter stops
        return True

    def text(self) -> str:
        """Return the run and its steps, a line for each."""
        lines = [f"{_kind(self.run)} {self.run.id}: {self.run.get_status()}"]
        lines += [f"  {name}: {status}" for name, status in self._below()]
        return "\n".join(lines)

    def html(self) -> str:
        """Return the run, its steps and its metrics as a table."""
        head = f"<b>{escape(_kind(self.run))}</b> <code>{escape(self.run.id)}</code> {_badge(self.run.get_status())}"
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{_badge(status)}</td></tr>" for name, status in self._below())
        metrics = "".join(
            f"<tr><td>{escape(name)}</td><td><code>{escape(_short(value))}</code></td></tr>"
            for name, value in self.run.get_metrics().items()
        )
        return f"<div>{head}<table>{rows}{metrics}</table></div>"

    def get_widget_data(self, widget_settings: object = None) -> dict[str, object]:
        """Return the content of the widget as a document.

        Args:
            widget_settings: Accepted as in v1 and ignored.

        """
        run = self.run
        details = run.get_details()
        return {
            "status": details["status"],
            "workbench_run_details_uri": run.get_portal_url(),
            "run_id": run.id,
            "run_properties": {
                "run_id": run.id,
                "run_number": run.number,
                "status": details["status"],
                "created_utc": details["startTimeUtc"],
                "end_time_utc": details["endTimeUtc"],
                "tags": run.get_tags(),
                "properties": run.get_properties(),
            },
            "child_runs": [{"run_id": child.id, "name": child.name, "status": child.get_status()}
                           for child in run.get_children()],
            "run_metrics": [{"name": name, "value": value} for name, value in run.get_metrics().items()],
            "run_logs": details["logFiles"],
        }  # fmt: skip

    def _below(self) -> list[tuple[str, str]]:
        environments = environment_progress(self.run.view, {}) if isinstance(self.run, RemoteRun) else {}
        children = [(child.name, child.get_status()) for child in reversed(list(self.run.get_children()))]
        return [*environments.items(), *children]

    def _printed(self) -> bool:
        run = self.run
        if isinstance(run, RemoteRun):
            for line in self._changes(run.view):
                print(terminal_escape(line))
        return run.get_status() not in _ENDED

    def _changes(self, view: RunView) -> list[str]:
        return changes(view, self._shown)

    def _updated(self, handle: _Handle) -> bool:
        handle.update(_Page(self.html()))
        return self.run.get_status() not in _ENDED


def _in_notebook() -> bool:
    """Return True if this process is the kernel of a notebook: IPython is loaded, and its shell has a kernel."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def _notebook_cell(text: str) -> _Handle:
    """Show HTML in the cell's output."""
    display = cast("Callable[..., _Handle]", import_module("IPython.display").display)
    return display(_Page(text), display_id=True)


def _kind(run: Run) -> str:
    return type(run).__name__


def _badge(status: str) -> str:
    return f'<span style="color:{_COLOURS.get(status, "#666")}">{escape(status)}</span>'


def _short(value: object, limit: int = 80) -> str:
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}…"
