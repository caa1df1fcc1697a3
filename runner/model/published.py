"""Published pipelines, pipeline endpoints and drafts, as the registry holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Union

from ..dataclass import dataclass, field
from .data import DatasetDefinition, DatastorePath
from .plan import Scalar

Data = Union[DatasetDefinition, DatastorePath]
"""The value of a pipeline parameter that stands for data."""
RUNS_PATH = "/pipelines/v1.0/PipelineRuns"
"""The path of v1's service, and of `runner serve`, for submissions."""


def pipeline_url(server: str, pipeline: str) -> str:
    """Return the URL that submits a published pipeline by POST.

    Args:
        server: The server's URL.
        pipeline: The pipeline's id.

    """
    return f"{server.rstrip('/')}{RUNS_PATH}/PipelineSubmit/{pipeline}"


def endpoint_url(server: str, endpoint: str) -> str:
    """Return the URL that submits the default version of a pipeline endpoint by POST.

    Args:
        server: The server's URL.
        endpoint: The endpoint's id.

    """
    return f"{server.rstrip('/')}{RUNS_PATH}/PipelineEndpointSubmit/Id/{endpoint}"


class Status(str, Enum):
    """The state of something published, in v1's words."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    ARCHIVED = "Archived"
    """As `DISABLED`, and left out of lists."""


@dataclass(frozen=True, kw_only=True)
class ParameterValues:
    """Values of pipeline parameters by name."""

    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    data: Mapping[str, Data] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PreparedEnvironment:
    """An environment that was made for a target at publication: a process without a builder uses it."""

    environment: str
    """A key of the plan's environments."""
    target: str
    """The target's name in the configuration."""
    reference: str
    """The image, by the name under which the target's nodes find it."""
    lock: str = ""
    """The digest of the lock that it was made from."""


@dataclass(frozen=True, kw_only=True)
class PublishedRecord:
    """A published pipeline. Only its status changes."""

    id: str
    """A GUID."""
    name: str
    version: str = ""
    description: str = ""
    plan: str
    """The digest of the locked plan. Its environments state their generation."""
    status: Status = Status.ACTIVE
    continue_on_step_failure: bool = False
    prepared: tuple[PreparedEnvironment, ...] = ()
    created: datetime
    user: str = ""
    origin: str = ""
    """The run that it was published from; empty: a pipeline object or file."""


@dataclass(frozen=True, kw_only=True)
class EndpointVersion:
    """One version of a pipeline endpoint."""

    version: str
    """A number from 0, as text (v1)."""
    pipeline: str
    """The id of the published pipeline."""


@dataclass(frozen=True, kw_only=True)
class EndpointRecord:
    """A pipeline endpoint: a stable name for versions of published pipelines."""

    id: str
    """A GUID."""
    name: str
    description: str = ""
    status: Status = Status.ACTIVE
    versions: tuple[EndpointVersion, ...] = ()
    """In order of their numbers."""
    default: str = ""
    """The default version."""
    created: datetime
    user: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftRecord:
    """A pipeline draft: a pipeline that is not published yet, with the options of its next run."""

    id: str
    """A GUID."""
    name: str
    description: str = ""
    experiment: str = ""
    plan: str
    """The digest of the locked plan."""
    values: ParameterValues = field(default_factory=ParameterValues)
    settled: bool = False
    """True: the plan is that of a run or a published pipeline, and keeps their environments."""
    continue_on_step_failure: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    created: datetime
    user: str = ""
