"""The content of the live widget of a run: the graph, the newest output of steps and their metrics, as documents."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Iterator, Mapping

from ...dataclass import dataclass, field
from ...model.printable import escape, last_overwrite
from ...model.status import STEP_ENDS, StepStatus
from ...model.task import TaskId
from ...operations.log_bytes import StoredLog, stored_log
from ...operations.log_following import COLOURS
from ...operations.metrics import FILE, gather, metric_lines
from ...operations.report import display_names
from ...operations.values import RunView
from ...pages.graph_data import graph_document
from ...pages.texts import sign
from ...ports import ObjectInfo, ObjectStore
from ...runs.records import shown_attempt

LINES = 200
"""Last lines of a log that are shown."""
_BYTES = 64 << 10
"""Bytes of these at most."""
_WIDEST = 2000
"""Characters of a shown line."""
_LOGS = 4
"""Steps whose output is at hand, beside the chosen one: a busy kernel hears of no choice."""
_METRICS = 60
_LONGEST_VALUE = 120

Document = Mapping[str, object]


def head_of(view: RunView, kind: str, status: str) -> Document:
    """Return the first line of the widget.

    Args:
        view: The run.
        kind: The class of the run.
        status: v1's status.

    """
    state = view.state
    counts: dict[str, int] = {}
    for key, step in state.steps.items():
        if not view.plan.by_key[key].trial_of:
            counts[step.status.value] = counts.get(step.status.value, 0) + 1
    word = state.status.value
    return {
        "kind": kind,
        "run": state.run,
        "status": status,
        "state": word,
        "sign": sign(word),
        "counts": ", ".join(f"{count} {name}" for name, count in counts.items()),
    }


def graph_of_run(view: RunView) -> Document:
    """Return the graph as ``runnerPages.drawGraph`` takes it.

    Args:
        view: The run.

    """
    return graph_document(view, datetime.now(timezone.utc))


def shown_step(view: RunView, chosen: str) -> str:
    """Return the key of the step whose output is shown.

    Args:
        view: The run.
        chosen: The key of the step that was chosen; empty: the first failed one, else a running one, else the last
            one that has ended.

    """
    steps = view.state.steps
    if chosen in steps:
        return chosen
    for wanted in (StepStatus.FAILED, StepStatus.RUNNING):
        for key, step in steps.items():
            if step.status is wanted:
                return key
    ended = [key for key, step in steps.items() if step.status in STEP_ENDS]
    return (ended or list(steps) or [""])[-1]


@dataclass(kw_only=True)
class StepLooks:
    """Reads the ends of logs, and metrics; a log that has not grown is not read again."""

    store: ObjectStore
    _logs: dict[TaskId, tuple[StoredLog, list[str]]] = field(default_factory=dict)
    _metrics: dict[TaskId, tuple[ObjectInfo, list[list[str]]]] = field(default_factory=dict)

    def steps(self, view: RunView, key: str) -> dict[str, Document]:
        """Return the facts of the shown step, and of a few that run or have failed, by key.

        Args:
            view: The run.
            key: The key of the shown step.

        Raises:
            StoreError: The store cannot be read.

        """
        lively = (
            one for one, step in view.state.steps.items() if step.status in (StepStatus.RUNNING, StepStatus.FAILED)
        )
        keys = dict.fromkeys(([key] if key else []) + [one for _, one in zip(range(_LOGS), lively)])
        names = display_names(view.plan)
        return {one: self._step(view, one, names[one]) for one in keys}

    def _step(self, view: RunView, key: str, name: str) -> Document:
        state = view.state.steps[key]
        task = shown_attempt(self.store, view.state, key)
        reason = "\n".join(filter(None, (state.reason, state.remedy and f"do: {state.remedy}")))
        return {
            "name": name,
            "state": state.status.value,
            "sign": sign(state.status.value),
            "reason": escape_lines(reason),
            "log": "\n".join(self._lines(task)) if task else "",
            "metrics": self._metrics_of(task) if task else [],
        }

    def _metrics_of(self, task: TaskId) -> list[list[str]]:
        info = self.store.stat(task.reports + FILE)
        if info is None:
            return []
        known = self._metrics.get(task)
        if known is None or known[0] != info:
            known = self._metrics[task] = (info, list(_metrics(self.store, task)))
        return known[1]

    def _lines(self, task: TaskId) -> list[str]:
        log = stored_log(self.store, task)
        known = self._logs.get(task)
        if known is None or known[0] != log:
            known = self._logs[task] = (log, last_lines(self.store, log))
        return known[1]


def last_lines(store: ObjectStore, log: StoredLog) -> list[str]:
    """Return the last lines of a log as text that can be shown: without colours, other control characters as escapes.

    Args:
        store: The workspace store.
        log: The log.

    Raises:
        StoreError: The store cannot be read.

    """
    start = log.start_of_last(store, LINES, _BYTES)
    data = b"".join(log.read(store, start, log.size)).decode(errors="replace")
    lines = [_shown(line) for line in data.split("\n")]
    if lines and not lines[-1]:
        del lines[-1]
    return [f"… the last {len(lines)} lines", *lines] if start else lines


def escape_lines(text: str) -> str:
    """Return text with its line feeds, and other control characters as escapes.

    Args:
        text: The text.

    """
    return "\n".join(map(escape, text.split("\n")))


def _shown(line: str) -> str:
    text = escape(COLOURS.sub("", last_overwrite(line) if "\r" in line else line))
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _metrics(store: ObjectStore, task: TaskId) -> Iterator[list[str]]:
    found = metric_lines(store, task)
    for metric in gather(found.lines)[:_METRICS]:
        many = f"{metric.count} or more" if found.skipped else str(metric.count)
        more = f" (last of {many})" if metric.count > 1 else ""
        yield [escape(metric.name), _value(metric.value) + more]


def run_metrics(found: Mapping[str, object]) -> list[list[str]]:
    """Return the metrics of the run itself, names and values as text.

    Args:
        found: The metrics by name.

    """
    return [[escape(name), _value(value)] for name, value in found.items()][:_METRICS]


def _value(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return escape(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
