"""The list of a run's steps: counts by state, filters, pages (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode

from ..dataclass import dataclass
from ..model.status import StepStatus
from ..operations.report import StepReport
from ..operations.search_progress import is_searching
from ..operations.values import RunView

PAGE = 100
"""The most steps of one page: a run of thousands shows at once."""
STATES = tuple(status.value for status in StepStatus)
_ORDER = ("failed", "running", "queued", "waiting", "canceled", "skipped", "succeeded", "reused")
"""The order of the counts: what needs attention first."""


@dataclass(frozen=True)
class StepFilter:
    """The wanted steps. Empty fields fit every step."""

    state: str = ""
    text: str = ""
    """A part of the name or key, in any letter case."""
    page: int = 1


@dataclass(frozen=True)
class StateCount:
    """The number of steps in one state, and the address of the list of them."""

    state: str
    """Empty: all steps."""
    number: int
    href: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """One step of the list."""

    report: StepReport
    href: str
    trials: str = ""
    """The address of the trials of a search; empty: it is none."""


@dataclass(frozen=True, kw_only=True)
class StepList:
    """One page of the steps."""

    rows: tuple[StepRow, ...]
    counts: tuple[StateCount, ...]
    wanted: StepFilter
    fitting: int
    """The number of steps that fit, on all pages."""
    first: int
    """The number of the first row, from 1."""
    previous: str
    """The address of the page before; empty: there is none."""
    following: str


def step_address(run: str, key: str) -> str:
    """Return the address of a step's page.

    Args:
        run: The run.
        key: The key of the step.

    """
    return f"/runs/{quote(run)}/steps/{quote(key, safe='')}"


def state_of(view: RunView, key: str) -> str:
    """Return the state of a step as lists show it: a search whose trials run is running."""
    return "running" if is_searching(view, key) else view.state.steps[key].status.value


def shown_keys(view: RunView) -> tuple[str, ...]:
    """Return the keys of all steps but the trials of searches, in the order of the plan."""
    return tuple(step.key for step in view.plan.steps if not step.trial_of)


def step_list(view: RunView, wanted: StepFilter, report: Callable[[str], StepReport]) -> StepList:
    """Return a page of the steps that fit a filter.

    Args:
        view: The run.
        wanted: The filter.
        report: Returns the report of a step; it is called for those of the page alone.

    """
    run, states = view.state.run, {key: state_of(view, key) for key in shown_keys(view)}
    fitting = [key for key, state in states.items() if wanted.state in ("", state) and _named(view, key, wanted.text)]
    last = max(1, -(-len(fitting) // PAGE))
    page = min(wanted.page, last)
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    return StepList(
        rows=tuple(_row(view, key, report(key)) for key in shown),
        counts=tuple(_counts(run, states, wanted)),
        wanted=wanted,
        fitting=len(fitting),
        first=(page - 1) * PAGE + 1,
        previous=_address(run, wanted.state, wanted.text, page - 1) if page > 1 else "",
        following=_address(run, wanted.state, wanted.text, page + 1) if page < last else "",
    )


def _row(view: RunView, key: str, report: StepReport) -> StepRow:
    search = view.plan.by_key[key].search is not None
    trials = f"/runs/{quote(view.state.run)}?{urlencode({'tab': 'trials', 'search': key})}" if search else ""
    return StepRow(report=report, href=step_address(view.state.run, key), trials=trials)


def _counts(run: str, states: dict[str, str], wanted: StepFilter) -> Iterator[StateCount]:
    found = list(states.values())
    yield StateCount("", len(found), _address(run, "", wanted.text), not wanted.state)
    for state in _ORDER:
        number = found.count(state)
        if number or state == wanted.state:
            yield StateCount(state, number, _address(run, state, wanted.text), state == wanted.state)


def _named(view: RunView, key: str, text: str) -> bool:
    return not text or text.casefold() in f"{view.plan.names[key]}\n{key}".casefold()


def _address(run: str, state: str, text: str, page: int = 1) -> str:
    given = {"state": state, "text": text, "page": str(page) if page > 1 else ""}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/runs/{quote(run)}{'?' if query else ''}{query}#steps"
