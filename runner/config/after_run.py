"""Settings of the actions at the end of each run: the report, and exports to other tools."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from ..model.redaction import references

REPORT, MLFLOW, OPENTELEMETRY, OPENLINEAGE = "report", "mlflow", "opentelemetry", "openlineage"
ACTIONS = (REPORT, MLFLOW, OPENTELEMETRY, OPENLINEAGE)
"""The names of all actions, in the order in which they are done."""
REPORT_SECONDS = 300.0
"""The time limit of the report, in seconds."""


@dataclass(frozen=True, kw_only=True)
class MlflowConfig:
    """Settings of the export to an MLflow tracking server."""

    tracking_uri: str
    """The address of the server, such as `https://mlflow.example.org`."""
    experiment: str = ""
    """The name of the experiment there. Default: that of the run."""
    username: str = ""
    """The user name, for servers that ask for a user name and a password."""
    password: str = ""
    """The password as the name of a secret: `${NAME}`."""
    token: str = ""
    """The bearer token as the name of a secret: `${NAME}`."""
    artifact_bytes: int = 10_485_760
    """The most bytes of a file of a step that is copied there as an artifact. 0: none is copied."""
    seconds: float = 900.0
    """The time limit of an export, in seconds."""


@dataclass(frozen=True)
class OpenTelemetryConfig:
    """Settings of the export of spans by OTLP over HTTP."""

    endpoint: str
    """The address of the collector, such as `http://collector:4318`; `/v1/traces` is added unless it has a path."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of each request. A part `${NAME}` of a value stands for the secret of that name."""
    seconds: float = 60.0
    """The time limit of an export, in seconds."""


@dataclass(frozen=True, kw_only=True)
class OpenLineageConfig:
    """Settings of the export of OpenLineage events: exactly one of `url` and `file` is set."""

    url: str = ""
    """The address of a server that takes events, such as `https://marquez.example.org`; `/api/v1/lineage` is added
    unless it has a path."""
    file: str = ""
    """A file of this machine to which events are added, one in a line."""
    namespace: str = ""
    """The namespace of jobs. Default: `runner/` and the name of the workspace."""
    token: str = ""
    """The bearer token as the name of a secret: `${NAME}`."""
    seconds: float = 60.0
    """The time limit of an export, in seconds."""


@dataclass(frozen=True, kw_only=True)
class AfterRunConfig:
    """The actions at the end of each run."""

    report: bool = False
    """Write a report of each run into the workspace's store when the run has ended."""
    mlflow: MlflowConfig | None = None
    """Send each run to an MLflow tracking server when it has ended."""
    opentelemetry: OpenTelemetryConfig | None = None
    """Send each run as a trace to an OpenTelemetry collector when it has ended."""
    openlineage: OpenLineageConfig | None = None
    """Send OpenLineage events about each run when it has ended."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions that are wanted, in the order in which they are done."""
        return tuple(name for name in ACTIONS if getattr(self, name))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that the actions use, each once."""
        texts = [*((self.mlflow.password, self.mlflow.token) if self.mlflow else ())]
        texts += self.opentelemetry.headers.values() if self.opentelemetry else ()
        texts += [self.openlineage.token] if self.openlineage else []
        return references(texts)

    def seconds(self, action: str) -> float:
        """Return the time limit of an action, in seconds.

        Args:
            action: Its name.

        """
        settings = getattr(self, action)
        return REPORT_SECONDS if isinstance(settings, bool) else float(settings.seconds)

    @property
    def files(self) -> Mapping[str, str]:
        """The places on this machine to which actions write, by the fields that name them: no pod has them."""
        lineage = self.openlineage
        return {"openlineage.file": lineage.file} if lineage and lineage.file else {}
