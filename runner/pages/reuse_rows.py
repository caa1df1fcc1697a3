"""The steps of a run by what became of reuse (pure)."""

from __future__ import annotations

from ..dataclass import dataclass
from ..operations.values import RunView
from .step_list import shown_keys, state_of, step_address


@dataclass(frozen=True, kw_only=True)
class ReuseRow:
    """One step."""

    key: str
    name: str
    href: str
    state: str
    origin_run: str
    """The run whose outputs are reused; empty: they are its own."""
    origin_step: str


def reuse_rows(view: RunView) -> tuple[ReuseRow, ...]:
    """Return the steps of a run but for the trials of searches, the reused ones first.

    Args:
        view: The run.

    """
    rows = [_row(view, key) for key in shown_keys(view)]
    return tuple(sorted(rows, key=lambda row: not row.origin_run))


def _row(view: RunView, key: str) -> ReuseRow:
    run, _, step = view.state.steps[key].origin.partition(".")
    return ReuseRow(
        key=key,
        name=view.plan.names[key],
        href=step_address(view.state.run, key),
        state=state_of(view, key),
        origin_run=run,
        origin_step=step,
    )
