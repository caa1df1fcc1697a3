"""The report of a run: one HTML file that needs no server, no network and no other file (pure).

Style sheets and scripts are in the file. Its Content-Security-Policy has the digest of the script, so that no other one
runs, and nothing is loaded from elsewhere. What steps have written is shown as text, as images, and in frames without
scripts and without an origin.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import __version__
from ..dataclass import dataclass
from ..model.names import short
from ..operations.previewed_files import FilePreview
from ..operations.previews import FileKind
from ..operations.report_contents import ReportContents, SearchTrials, StepMetrics
from . import assets
from .gantt import Gantt, gantt
from .graph_data import GRAPH_SCRIPTS, GRAPH_STYLES, LAYOUT_SCRIPTS, graph_document
from .metric_values import MetricPicture, MetricView
from .metric_views import metric_views
from .rendering import render_alone
from .run_page import RunPage, run_page
from .step_list import StepRow
from .trial_data import TrialTable, trial_table

if TYPE_CHECKING:
    from markupsafe import Markup

GENERATOR = "runner report"
"""The maker that the file states: by it a report is known."""
STEPS = 2_000
"""The most steps of the table and of the receipt."""
TRIALS = 3
"""The trials of a search whose metrics are drawn: the best ones."""
_STYLES = ("style.css", "run.css", *GRAPH_STYLES, "parallel.css", "vendor/uplot.css", "step.css", "report.css")
_SCRIPTS = (
    "shell.js",
    *LAYOUT_SCRIPTS,
    *GRAPH_SCRIPTS,
    "vendor/uplot.js",
    "charts.js",
    "parallel.js",
    "inline_graph.js",
    "report.js",
)
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml", "text/html"})
"""The types of content that stands in the file by itself: images, and frames in a sandbox."""
_HEAD = 4096
"""Bytes at the start of a file that tell whether it is a report."""
_END = re.compile(r"</(?=script|style)|<!(?=--)", re.IGNORECASE)
"""Text that would end the element of a script or a style sheet, or change the way in which it is read."""
_MARK = re.compile(rb'<meta name="generator" content="runner report [^"]*">')


@dataclass(frozen=True)
class ShownFile:
    """The preview of a file as the page shows it."""

    file: FilePreview
    address: str = ""
    """The ``data:`` address of its content, for an image or a frame; empty: it is shown as text."""


@dataclass(frozen=True, kw_only=True)
class FileGroup:
    """The previews of one output, or of what a script kept."""

    title: str
    step: str
    files: tuple[ShownFile, ...]
    more: int


@dataclass(frozen=True)
class ShownMetrics:
    """The metrics of a step as the page shows them."""

    of: StepMetrics
    views: tuple[MetricView, ...]
    pictures: Mapping[str, MetricPicture]


def report_html(found: ReportContents) -> str:
    """Return the report as HTML.

    Args:
        found: What it shows.

    """
    page = _page(found)
    rows = [step for step in found.steps if not step.trial_of]
    searches = [(one, _trials(page.run, one)) for one in found.searches]
    style, script = _inline(_STYLES), _inline(_SCRIPTS)
    return render_alone(
        "report.html",
        generator=f"{GENERATOR} {__version__}",
        policy=policy(script),
        style=style,
        script=script,
        title=f"Run {short(page.run)} of {page.experiment}" if page.experiment else f"Run {short(page.run)}",
        found=found,
        page=page,
        graph=graph_document(found.view, found.made),
        steps=[StepRow(report=step, href=anchor(step.key)) for step in rows[:STEPS]],
        more_steps=max(0, len(rows) - STEPS),
        chart=_gantt(found),
        metrics=[ShownMetrics(one, metric_views(one.log.metrics), _pictures(one)) for one in _drawn(found, searches)],
        searches=searches,
        files=_groups(found.previews),
        receipts=found.receipt.steps[:STEPS],
    )


def is_report(head: bytes) -> bool:
    """Return True if a file that begins so is a report.

    Args:
        head: Its first bytes, at least 4096 if it has so many.

    """
    return _MARK.search(head[:_HEAD]) is not None


def policy(script: str) -> str:
    """Return the Content-Security-Policy of a file with one script.

    Frames inherit it. Styles are free, so that a page of a step looks as its author wants; without addresses other than
    ``data:`` a style can load nothing.

    Args:
        script: The text of the script.

    """
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src 'unsafe-inline'; img-src data:; "
        "font-src data:; frame-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _inline(names: Sequence[str]) -> Markup:
    """Return assets as the text of one element. They are of this package, and no text in them ends the element.

    A backslash before a slash means nothing in the comments, strings and regular expressions of scripts.
    """
    from markupsafe import Markup

    text = "\n".join(assets.content(name).decode().strip() for name in names)
    return Markup(f"\n{_END.sub(_escaped, text)}\n")  # noqa: S704 - of this package


def _escaped(found: re.Match[str]) -> str:
    return f"<\\{found[0][1:]}"


def _page(found: ReportContents) -> RunPage:
    return run_page(
        found.view,
        status=found.status,
        stopped=found.stopped,
        tags=found.tags,
        submitted=found.submitted,
        after=found.outcomes,
        trouble=[step for step in found.steps if step.failure or step.remedy],
    )


def _gantt(found: ReportContents) -> Gantt:
    made = gantt(found.timeline)
    return replace(made, rows=tuple(replace(row, href=anchor(row.key)) for row in made.rows))


def _drawn(found: ReportContents, searches: Sequence[tuple[SearchTrials, TrialTable]]) -> list[StepMetrics]:
    """Return the metrics that are drawn: of the trials of a search, those of the best ones."""
    best = {row.key for _, table in searches for row in table.rows[:TRIALS]}
    trials = {step.key for step in found.steps if step.trial_of}
    return [one for one in found.metrics if one.key not in trials or one.key in best]


def _trials(run: str, of: SearchTrials) -> TrialTable:
    """Return the trials of a search, with addresses inside the report."""
    made = trial_table(run, of.search, of.trials)
    rows = tuple(replace(row, href=anchor(row.key)) for row in made.rows)
    lines = made.chart["lines"]
    assert isinstance(lines, list)
    shown = [{**line, "href": row.href} for line, row in zip(lines, rows, strict=True)]
    return replace(made, rows=rows, chart={**made.chart, "lines": shown})


def anchor(key: str) -> str:
    """Return the address of a step inside the report.

    Args:
        key: The step's key.

    """
    return f"#step-{key}"


def _groups(previews: Sequence[FilePreview]) -> list[FileGroup]:
    groups: dict[tuple[str, str], list[FilePreview]] = {}
    for one in previews:
        groups.setdefault((one.step, one.output), []).append(one)
    return [
        FileGroup(
            title=f"output {output}" if output else "files that the script kept",
            step=files[0].step_name,
            files=tuple(ShownFile(one, _address(one)) for one in files),
            more=files[0].more,
        )
        for (_, output), files in groups.items()
    ]


def _address(file: FilePreview) -> str:
    """Return the ``data:`` address of an image, a drawing or a page; empty for others."""
    kind = file.shown.media_type.partition(";")[0]
    return f"data:{kind};base64,{base64.b64encode(file.content).decode()}" if file.content and kind in _SHOWN else ""


def _pictures(found: StepMetrics) -> dict[str, MetricPicture]:
    return {
        name: MetricPicture(source=_address(one), width=one.shown.width, height=one.shown.height)
        for name, one in found.pictures.items()
        if one.shown.kind is FileKind.IMAGE
    }
