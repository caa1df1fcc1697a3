"""The connections to an API server and their credentials.

The kubernetes package reads the kubeconfig, runs its credential plugins and sets up TLS. Its connection pool then
carries plain JSON, because its model classes take two to six times as long and drop unknown fields.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from ...errors import TargetError, TargetUnreachable
from .budget import Budget
from .json_fields import KubeObject

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
_AROUND = re.compile(r"^(?:\w+\(host=[^)]*\)|<[^>]*>): ")


class Connection:
    """Connections as the user of one kubeconfig context. Nothing is read or opened before the first request."""

    def __init__(self, kubeconfig: str = "", context: str = "", budget: Budget | None = None) -> None:
        """Remember the context.

        Without `kubeconfig`: the pod's own account inside a cluster, else the user's default file.
        """
        self._kubeconfig = kubeconfig
        self._context = context
        self._budget = budget or Budget()
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._tracked: set[BaseHTTPResponse] = set()
        self._server_time: tuple[datetime, float] | None = None

    @property
    def server(self) -> str:
        """Return the server's URL. Raises TargetError when the kubeconfig cannot be used."""
        return str(self._connected().configuration.host)

    def now(self) -> datetime:
        """Return the server's last ``Date`` plus the monotonic time since then.

        Before the first response: this machine's time.

        A correction of this machine's clock by hours must not make a step look overdue.
        """
        if self._server_time is None:
            return datetime.now(timezone.utc)
        date, at = self._server_time
        return date + timedelta(seconds=monotonic() - at)

    @contextmanager
    def request(
        self, method: str, path: str, body: KubeObject | None = None, *, patience: float = READ_SECONDS
    ) -> Iterator[BaseHTTPResponse]:
        """Send a request and yield the response, which is read inside the block.

        A 401 is retried once with credentials read again, because tokens expire and other programs renew them. A
        connection that fails now or while the response is read raises TargetUnreachable.
        """
        from urllib3.exceptions import HTTPError

        client = self._connected()
        self._budget.take()
        try:
            answer = _send(client, method, path, body, patience)
            if answer.status == 401:
                _release(answer)
                client = self._renewed(client)
                answer = _send(client, method, path, body, patience)
            self._remember_time(answer.headers.get("Date", ""))
            try:
                yield answer
            finally:
                _release(answer)
        except (HTTPError, OSError) as error:
            raise TargetUnreachable(f"no answer from {client.configuration.host}: {_cause(error)}") from error

    @contextmanager
    def tracked(self, answer: BaseHTTPResponse) -> Iterator[None]:
        """Let `close` end the reading of this response inside the block."""
        self._tracked.add(answer)
        try:
            yield
        finally:
            self._tracked.discard(answer)

    def close(self) -> None:
        """End the reading of tracked responses and close the connections."""
        with self._lock:
            client, self._client = self._client, None
        for answer in tuple(self._tracked):
            with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
                answer.shutdown() if hasattr(answer, "shutdown") else answer.close()
        if client is not None:
            client.rest_client.pool_manager.clear()

    def _connected(self) -> ApiClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _renewed(self, stale: ApiClient) -> ApiClient:
        """Return a client with credentials read again. The first thread that needs it makes it."""
        with self._lock:
            if self._client is stale or self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> ApiClient:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
        from yaml import YAMLError

        configuration = Configuration()
        try:
            if not self._kubeconfig and not self._context and in_cluster():
                load_incluster_config(client_configuration=configuration)
            else:
                load_kube_config(self._kubeconfig or None, self._context or None, configuration)
        except (ConfigException, YAMLError, OSError, KeyError, TypeError) as error:
            where = self._kubeconfig or "the default kubeconfig"
            context = f", context '{self._context}'" if self._context else ""
            raise TargetError(f"{where}{context} cannot be used: {_cause(error)}") from error
        return ApiClient(configuration)

    def _remember_time(self, date: str) -> None:
        with suppress(TypeError, ValueError):
            server_time = parsedate_to_datetime(date)
            self._server_time = (
                server_time if server_time.tzinfo else server_time.replace(tzinfo=timezone.utc),
                monotonic(),
            )


def _send(client: ApiClient, method: str, path: str, body: KubeObject | None, patience: float) -> BaseHTTPResponse:
    from urllib3 import Timeout

    from .request_retries import retry_rules

    answer: BaseHTTPResponse = client.rest_client.pool_manager.request(
        method,
        client.configuration.host + path,
        body=None if body is None else json.dumps(body),
        headers=_headers(client),
        timeout=Timeout(connect=CONNECT_SECONDS, read=patience),
        retries=retry_rules(),
        preload_content=False,
    )
    return answer


def _release(answer: BaseHTTPResponse) -> None:
    """Return the connection to the pool. A response that was not read to its end closes it."""
    answer.drain_conn() if answer.headers.get("Content-Length") else answer.close()
    answer.release_conn()


def _headers(client: ApiClient) -> dict[str, str]:
    """Return the headers. They are computed for each request because the configuration's own hook renews tokens."""
    settings: Mapping[str, Mapping[str, str]] = client.configuration.auth_settings()
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "runner",
        **{setting["key"]: setting["value"] for setting in settings.values()},
    }


def in_cluster() -> bool:
    """Return True if this process runs in a pod with an account of its own."""
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()


def _cause(error: Exception) -> str:
    """Return the cause without the pool and the URL that urllib3 adds."""
    cause = getattr(error, "reason", None) or error
    return _AROUND.sub("", " ".join(str(cause).split()))[:300]
