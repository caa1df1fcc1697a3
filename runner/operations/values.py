"""The arguments and results of an open workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from ..model.batches import BatchProgress
from ..model.plan import Plan, Scalar
from ..model.policy_overrides import PolicyOverrides
from ..model.state import RunState

DEFAULT_SERVER = "http://127.0.0.1:8270"
"""The address of `runner serve` on the same machine."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceFacts:
    """The v1 names of a workspace; they need not exist anywhere."""

    name: str
    subscription_id: str = ""
    resource_group: str = ""
    location: str = ""
    apart: bool = False
    """True if another name is another workspace: it lies in a bucket. A folder is one workspace under every name."""
    fixed: bool = False
    """True if ``name:`` of runner.yaml or the step's run names it; a ``config.json`` does not count."""


@dataclass(frozen=True, kw_only=True)
class DatastoreFacts:
    """A datastore for users and v1. No field holds a secret."""

    name: str
    kind: str
    """Its ``type:`` in the configuration, or ``workspace`` for a part of the workspace store."""
    place: str
    """The place of the data, for messages."""
    account: str = ""
    container: str = ""
    configured: str = ""
    """The configured datastore behind a registered name; empty: this is one."""
    where: str = ""
    """The file and field that configure it."""
    read_only: bool = False
    """True if the datastore cannot be written."""
    here_only: bool = False
    """True if it is a folder of this machine, which pods cannot reach."""


@dataclass(frozen=True)
class ServerFacts:
    """The REST endpoint of a workspace, as its clients know it."""

    url: str
    """Its address, without a slash at its end."""
    token: str = field(default="", repr=False)
    """The token to send; empty: this machine has none."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of a submission, beside the plan."""

    experiment: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """Overrides of the plan's defaults."""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    kind: str = ""
    """See `Submission.kind`."""
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    workspace: WorkspaceFacts | None = None
    """The workspace object of the submission; None: that of the session."""
    settled: bool = False
    """True: the plan was run or published before, and keeps its environments. False: they become the newest ones."""
    published: str = ""
    """See `Submission.published`, and so for the next two."""
    schedule: str = ""
    source: str = ""

    def with_overrides(self, overrides: PolicyOverrides) -> Request:
        """Return the request with the overrides of the command line, which take precedence."""
        going_on = overrides.continue_on_failure
        return self if going_on is None else replace(self, continue_on_step_failure=going_on)


@dataclass(frozen=True)
class RunView:
    """A run as its journal shows it, with its plan."""

    state: RunState
    plan: Plan
    batches: Mapping[str, BatchProgress] = field(default_factory=dict)
    """The progress of running steps with batches, by key, where somebody has read it."""
