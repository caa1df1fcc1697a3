"""The outputs of a run's steps (pure)."""

from __future__ import annotations

from ..dataclass import dataclass
from ..operations.values import RunView
from .step_list import shown_keys, step_address


@dataclass(frozen=True, kw_only=True)
class OutputRow:
    """One output."""

    step: str
    """The step's name."""
    href: str
    """The address of the step."""
    name: str
    place: str
    """The datastore and the key."""
    files: int
    bytes: int
    reused: bool


def output_rows(view: RunView) -> tuple[OutputRow, ...]:
    """Return the outputs of all steps but the trials of searches, those of the last steps first.

    Args:
        view: The run.

    """
    return tuple(
        OutputRow(
            step=view.plan.names[key],
            href=step_address(view.state.run, key),
            name=name,
            place=f"{ref.datastore}/{ref.key}",
            files=ref.files,
            bytes=ref.bytes,
            reused=bool(view.state.steps[key].origin),
        )
        for key in reversed(shown_keys(view))
        for name, ref in view.state.steps[key].outputs.items()
    )
