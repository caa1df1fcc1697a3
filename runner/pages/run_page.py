"""The page of a run without its steps (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from ..dataclass import dataclass
from ..model.names import short
from ..operations.after_run import Outcome
from ..operations.report import EnvironmentReport, OriginReport, StepReport, environment_reports, parameters_of
from ..operations.run_words import TROUBLED, value_text
from ..operations.run_words import troubled as troubled_steps
from ..operations.search_progress import progress_text
from ..operations.values import RunView
from .run_texts import clipped
from .shell import Link
from .step_list import shown_keys, step_address

TABS = ("steps", "timeline", "trials", "metrics", "data", "reuse", "settings")
_CHOICES = 200
"""Steps from which on the page offers to run again."""
_WARNINGS = 20
"""Warnings that are shown."""


@dataclass(frozen=True)
class Warned:
    """A warning of a step."""

    step: str
    href: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """The facts of a run."""

    run: str
    experiment: str
    status: str
    """As `ListedRun.status`: with ``stopped``."""
    stopped: str
    """The reason why no controller drives it; empty: one does, or it has ended."""
    created: datetime | None
    ended: datetime | None
    user: str
    description: str
    origin: str
    """The run that this one retries."""
    submitted: OriginReport
    parameters: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]
    targets: tuple[str, ...]
    overdue: str
    size: str
    """The number of its steps and trials, in words."""
    environments: tuple[EnvironmentReport, ...]
    making: tuple[tuple[str, str], ...]
    """Environments that are being made: the name, and the last line of the build."""
    troubled: tuple[StepReport, ...]
    more_troubled: int
    """The number of further steps in trouble."""
    warnings: tuple[Warned, ...]
    more_warnings: int
    searches: tuple[tuple[str, str, str], ...]
    """The key, the name and the progress of each search."""
    after: tuple[Outcome, ...]
    """The outcomes of the actions at its end."""
    commands: tuple[tuple[str, str], ...]
    """Commands to copy, each with what it does."""
    choices: tuple[tuple[str, str], ...]
    """The key and the name of each step from which on one may run again."""
    tabs: tuple[tuple[str, str, str], ...]
    """The name, the text and the address of each tab."""

    @property
    def over(self) -> bool:
        """Return True if it has ended."""
        return self.ended is not None


def run_page(
    view: RunView,
    *,
    status: str,
    stopped: str,
    tags: Mapping[str, str],
    submitted: OriginReport,
    after: Sequence[Outcome],
    trouble: Sequence[StepReport],
) -> RunPage:
    """Return the facts of a run for its page.

    Args:
        view: The run.
        status: Its status, with ``stopped``.
        stopped: The reason why no controller drives it. Empty: one does, or it has ended.
        tags: Its tags now.
        submitted: How it was submitted.
        after: What became of the actions at its end.
        trouble: The reports of the steps of `trouble_keys`.

    """
    state, said = view.state, view.state.submission
    troubled = troubled_steps(trouble)
    warned = [
        Warned(view.plan.names[key], step_address(state.run, key), text)
        for key, step in state.steps.items()
        for text in step.warnings
    ]
    return RunPage(
        run=state.run,
        experiment=said.experiment if said else "",
        status=status,
        stopped=stopped,
        created=state.created,
        ended=state.ended,
        user=said.user if said else "",
        description=(said.description if said else "") or view.plan.description,
        origin=said.origin if said else "",
        submitted=submitted,
        parameters=tuple((name, clipped(value_text(value))) for name, value in parameters_of(view).items()),
        tags=tags,
        targets=tuple(dict.fromkeys(said.targets.values())) if said else (),
        overdue=state.overdue,
        size=_size(view),
        environments=environment_reports(view),
        making=tuple((view.plan.environments[key].name, line) for (key, _), line in state.making.items()),
        troubled=tuple(troubled[:TROUBLED]),
        more_troubled=max(0, len(troubled) - TROUBLED),
        warnings=tuple(warned[:_WARNINGS]),
        more_warnings=max(0, len(warned) - _WARNINGS),
        searches=tuple(
            (step.key, view.plan.names[step.key], progress_text(view, step.key)) for step in view.plan.searches
        ),
        after=tuple(after),
        commands=tuple(commands(view, status)),
        choices=tuple((key, view.plan.names[key]) for key in shown_keys(view)[:_CHOICES]),
        tabs=tuple(_tabs(view)),
    )


def trouble_keys(view: RunView) -> tuple[str, ...]:
    """Return the keys of the steps that failed, or wait for something that can be mended: those to report in full."""
    return tuple(key for key, step in view.state.steps.items() if step.failure is not None or step.remedy)


def commands(view: RunView, status: str) -> Iterator[tuple[str, str]]:
    """Yield the commands that show a run or act on it, each with what it does.

    Args:
        view: The run.
        status: Its status, with ``stopped``.

    """
    name = short(view.state.run)
    failed = next((key for key, step in view.state.steps.items() if step.status.value == "failed"), "")
    yield "state of the steps", f"runner status {name}"
    yield "output", f"runner logs {name}{f' {failed}' if failed else ''}"
    yield "one step in full", f"runner show {name} {failed or 'STEP'}"
    if status == "stopped":
        yield "go on", f"runner resume {name}"
    if not view.state.over:
        yield "cancel", f"runner cancel {name}"
    elif status != "succeeded":
        yield "again what failed, with the run's code", f"runner retry {name} --failed"
    said = view.state.submission
    if said and said.origin:
        yield "what differs from the run that it retries", f"runner compare {short(said.origin)} {name}"
    yield "times", f"runner timeline {name}"


def crumbs(page: RunPage) -> tuple[Link, ...]:
    """Return the breadcrumbs of a run's page."""
    runs = Link("Runs", "/runs")
    found = Link(page.experiment, f"/experiments/{quote(page.experiment, safe='')}") if page.experiment else None
    return (runs, *([found] if found else []), Link(short(page.run)))


def tab_address(run: str, tab: str, **more: str) -> str:
    """Return the address of a tab of a run's page.

    Args:
        run: The run.
        tab: One of `TABS`.
        **more: Further parameters.

    """
    query = {**({"tab": tab} if tab != "steps" else {}), **more}
    return f"/runs/{quote(run)}{'?' if query else ''}{urlencode(query)}"


def _tabs(view: RunView) -> Iterator[tuple[str, str, str]]:
    texts = {"steps": "Steps", "timeline": "Timeline", "metrics": "Metrics", "data": "Data", "reuse": "Reuse"}
    texts["settings"] = "Settings"
    if view.plan.searches:
        texts = {"steps": "Steps", "trials": "Trials", **texts}
    for tab, text in texts.items():
        yield tab, text, tab_address(view.state.run, tab)


def _size(view: RunView) -> str:
    steps = len(shown_keys(view))
    trials = len(view.plan.steps) - steps
    texts = [f"{steps} step{'s' * (steps != 1)}"]
    if trials:
        texts.append(f"{trials} trial{'s' * (trials != 1)}")
    return ", ".join(texts)
