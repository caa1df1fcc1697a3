"""Texts of pages about runs and steps (pure)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

from ..operations import after_run
from ..operations.metrics import Metric
from ..operations.run_words import TAIL
from ..operations.step_status import class_text
from .ansi import plain

_LONG = 200


def last_lines(tail: str) -> str:
    """Return the last lines of a step's output without its colours, as many as the terminal shows.

    Args:
        tail: The last lines that the run has kept.

    """
    return plain("\n".join(tail.splitlines()[-TAIL:]))


def one_line(reason: str) -> str:
    """Return the first line of a reason, with single spaces.

    Args:
        reason: The reason.

    """
    return " ".join(reason.partition("\n")[0].split())


def number(value: object) -> str:
    """Return a logged value in few characters; empty for None.

    Args:
        value: The value.

    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return clipped(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False))


def clipped(text: str) -> str:
    """Return a text without its end if it is long.

    Args:
        text: The text.

    """
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def metric_text(metric: Metric) -> str:
    """Return the newest value of a metric in one line.

    Args:
        metric: The metric.

    """
    return number(metric.value) if metric.kind == "scalar" else f"{metric.kind}: {number(metric.value)}"


def quoted(text: str) -> str:
    """Return a text as one part of an address's path.

    Args:
        text: The text.

    """
    return quote(text, safe="")


RUN_FILTERS: Mapping[str, Callable[..., str]] = {
    "last_lines": last_lines,
    "one_line": one_line,
    "number": number,
    "quoted": quoted,
    "metric_text": metric_text,
    "failure_class": class_text,
    "after_line": after_run.line,
}
"""The filters of templates about runs."""
