"""What is said to an open workspace, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from ..model.plan import Plan, Scalar
from ..model.state import RunState


@dataclass(frozen=True)
class WorkspaceFacts:
    """v1's names for a workspace; they need not exist anywhere."""

    name: str
    subscription_id: str = ""
    resource_group: str = ""
    location: str = ""


@dataclass(frozen=True)
class Request:
    """What is said when a plan is submitted, beside the plan."""

    experiment: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """Overrides of the plan's defaults."""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    workspace: WorkspaceFacts | None = None
    """The workspace object the user submitted with; None: the session's own facts hold."""


@dataclass(frozen=True)
class RunView:
    """A run as the journal tells it, with its plan."""

    state: RunState
    plan: Plan
