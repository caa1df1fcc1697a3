"""The live widget of a run in a notebook: traits that a thread sets, and a front end that draws them (anywidget)."""

from __future__ import annotations

import threading

import anywidget
import traitlets

from ...errors import RunnerError
from ...operations.values import RunView
from ...pages import assets
from ...pages.graph_data import GRAPH_SCRIPTS, LAYOUT_SCRIPTS
from ...ports import FolderStore
from .remote_run import RemoteRun, run_over
from .widget_facts import StepLooks, graph_of_run, head_of, run_metrics, shown_step

_LIBRARY = "globalThis.dagre = globalThis.dagre || dagre;"
"""The layout finds its library there; in a page a script of its own is global by itself."""
_EXPORT = "export default { render: ({ model, el }) => globalThis.runnerPages.renderRun(model, el) };"
_SLOW = 2
"""Looks at the run for each look at logs in a bucket."""


def front_end() -> str:
    """Return the front end as one ES module."""
    library, *layout = LAYOUT_SCRIPTS
    names = [library, None, *layout, *GRAPH_SCRIPTS, "run_widget.js"]
    texts = [_LIBRARY if name is None else assets.content(name).decode() for name in names]
    return "\n".join((*texts, _EXPORT))


def style() -> str:
    """Return the style sheet."""
    return "\n".join(assets.content(name).decode() for name in ("graph.css", "run_widget.css"))


class RunWidget(anywidget.AnyWidget):
    """Shows a run; `look` brings it up to date."""

    _esm = front_end()
    _css = style()
    head = traitlets.Dict().tag(sync=True)
    graph = traitlets.Dict().tag(sync=True)
    steps = traitlets.Dict().tag(sync=True)
    """The output, metrics and reason of the shown step and of some others, by key."""
    metrics: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    """The metrics of the run itself."""
    shown = traitlets.Unicode().tag(sync=True)
    """The key of the step that is shown."""
    chosen = traitlets.Unicode().tag(sync=True)
    """The key of the step that the user has chosen; empty: none."""
    problem = traitlets.Unicode().tag(sync=True)
    """The reason why nothing is new; empty: there is none."""

    def __init__(self, run: RemoteRun) -> None:
        """Show a run as it is now.

        Args:
            run: The run.

        """
        super().__init__(chosen=run.logged_step() or "")
        self.run = run
        self._looks = StepLooks(store=run.session.store)
        self._rounds = 0
        self._lock = threading.RLock()
        self._view: RunView | None = None
        self.look()
        self.observe(self._choose, "chosen")

    def look(self) -> bool:
        """Bring the traits up to date, from any thread.

        Returns:
            False once the run has ended.

        """
        with self._lock:
            try:
                view = self.run.view
                over = run_over(view)
                self._rounds += 1
                slow = not isinstance(self.run.session.store, FolderStore)
                self._show(view, logs=over or not slow or self._rounds % _SLOW == 1)
            except RunnerError as error:  # it may answer at the next look
                self.problem = str(error)
                return True
            self.problem = ""
            return not over

    def _show(self, view: RunView, *, logs: bool) -> None:
        shown = shown_step(view, self.chosen)
        steps, metrics = self.steps, self.metrics
        if logs or shown not in steps:
            steps, metrics = self._looks.steps(view, shown), run_metrics(self.run.get_metrics())
        self._view = view
        with self.hold_sync():
            self.head = dict(head_of(view, type(self.run).__name__, self.run.status_in(view)))
            self.graph = dict(graph_of_run(view))
            self.steps, self.metrics = steps, metrics
            self.shown = shown

    def _choose(self, _change: object) -> None:
        with self._lock:
            if self._view is not None:
                try:
                    self._show(self._view, logs=True)
                except RunnerError as error:
                    self.problem = str(error)
