"""What is said to an open workspace, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from ..model.plan import Plan, Scalar
from ..model.state import RunState
from ..model.stated import Stated


@dataclass(frozen=True)
class WorkspaceFacts:
    """v1's names for a workspace; they need not exist anywhere."""

    name: str
    subscription_id: str = ""
    resource_group: str = ""
    location: str = ""
    apart: bool = False
    """Another name is another place: the workspace lies in a bucket. A folder is one workspace under every name."""
    fixed: bool = False
    """``name:`` of runner.yaml, or the step's run, names it; a ``config.json`` does not count."""


@dataclass(frozen=True)
class DatastoreFacts:
    """A datastore as people and v1 speak of it: no address holds a secret."""

    name: str
    kind: str
    """``folder``, ``bucket``, or ``workspace`` for a part of the workspace store."""
    place: str
    """Where it lies, in words."""
    account: str = ""
    container: str = ""
    configured: str = ""
    """The configured datastore that a registered name stands for; empty: this is one."""
    where: str = ""
    """The file and field that configure it."""
    read_only: bool = False
    """Nothing can be written there."""


@dataclass(frozen=True)
class Request:
    """What is said when a plan is submitted, beside the plan."""

    experiment: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """Overrides of the plan's defaults."""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    kind: str = ""
    """As `Submission.kind`."""
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    workspace: WorkspaceFacts | None = None
    """The workspace object the user submitted with; None: the session's own facts hold."""

    def said(self, words: Stated) -> Request:
        """The request with words that go before its own: the command line's."""
        going_on = words.continue_on_failure
        return self if going_on is None else replace(self, continue_on_step_failure=going_on)


@dataclass(frozen=True)
class RunView:
    """A run as the journal tells it, with its plan."""

    state: RunState
    plan: Plan
