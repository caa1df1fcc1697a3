"""The connections to an API server, and who asks it.

The kubernetes package reads the kubeconfig, runs its credential plugins and sets up TLS; its pool then carries plain
JSON, because its model classes take two to six times the time and drop fields they do not know.
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
from .fields import KubeObject

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
_AROUND = re.compile(r"^(?:\w+\(host=[^)]*\)|<[^>]*>): ")


class Connection:
    """As the user of one kubeconfig context. Nothing is read or opened before the first request."""

    def __init__(self, kubeconfig: str = "", context: str = "", budget: Budget | None = None) -> None:
        """Without `kubeconfig`: the pod's own account inside a cluster, else the user's default file."""
        self._kubeconfig = kubeconfig
        self._context = context
        self._budget = budget or Budget()
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._followed: set[BaseHTTPResponse] = set()
        self._told: tuple[datetime, float] | None = None

    @property
    def server(self) -> str:
        """The server's URL. Raises TargetError when the kubeconfig cannot be used."""
        return str(self._connected().configuration.host)

    def now(self) -> datetime:
        """The server's last ``Date``, gone on since by a clock that nobody sets; before that this machine's time.

        A machine's clock may be put right by hours, and what has run for a minute must not look overdue by that.
        """
        if self._told is None:
            return datetime.now(timezone.utc)
        date, at = self._told
        return date + timedelta(seconds=monotonic() - at)

    @contextmanager
    def asked(
        self, method: str, path: str, body: KubeObject | None = None, *, patience: float = READ_SECONDS
    ) -> Iterator[BaseHTTPResponse]:
        """The answer, to be read within; a connection that fails, then or later, is TargetUnreachable.

        A 401 is asked once more with the credentials read anew: tokens expire, and are renewed beside us.
        """
        from urllib3.exceptions import HTTPError

        client = self._connected()
        self._budget.take()
        try:
            answer = _sent(client, method, path, body, patience)
            if answer.status == 401:
                _let_go(answer)
                client = self._renewed(client)
                answer = _sent(client, method, path, body, patience)
            self._learn_time(answer.headers.get("Date", ""))
            try:
                yield answer
            finally:
                _let_go(answer)
        except (HTTPError, OSError) as error:
            raise TargetUnreachable(f"no answer from {client.configuration.host}: {_line(error)}") from error

    @contextmanager
    def followed(self, answer: BaseHTTPResponse) -> Iterator[None]:
        """Within it `close` ends the reading of the answer."""
        self._followed.add(answer)
        try:
            yield
        finally:
            self._followed.discard(answer)

    def close(self) -> None:
        """Wake the readers of followed answers and close the connections."""
        with self._lock:
            client, self._client = self._client, None
        for answer in tuple(self._followed):
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
        """A client of credentials read anew, by whichever thread comes first."""
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
            raise TargetError(f"{where}{context} cannot be used: {_line(error)}") from error
        return ApiClient(configuration)

    def _learn_time(self, date: str) -> None:
        with suppress(TypeError, ValueError):
            told = parsedate_to_datetime(date)
            self._told = (told if told.tzinfo else told.replace(tzinfo=timezone.utc), monotonic())


def _sent(client: ApiClient, method: str, path: str, body: KubeObject | None, patience: float) -> BaseHTTPResponse:
    from urllib3 import Timeout

    from .tries import tries

    answer: BaseHTTPResponse = client.rest_client.pool_manager.request(
        method,
        client.configuration.host + path,
        body=None if body is None else json.dumps(body),
        headers=_headers(client),
        timeout=Timeout(connect=CONNECT_SECONDS, read=patience),
        retries=tries(),
        preload_content=False,
    )
    return answer


def _let_go(answer: BaseHTTPResponse) -> None:
    """What was not read to its end cannot carry another request."""
    answer.drain_conn() if answer.headers.get("Content-Length") else answer.close()
    answer.release_conn()


def _headers(client: ApiClient) -> dict[str, str]:
    """Asked anew each time: tokens are renewed by the configuration's own hook."""
    settings: Mapping[str, Mapping[str, str]] = client.configuration.auth_settings()
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "runner",
        **{setting["key"]: setting["value"] for setting in settings.values()},
    }


def in_cluster() -> bool:
    """Whether this process runs in a pod with an account of its own."""
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()


def _line(error: Exception) -> str:
    """The cause alone, without the pool and the URL that urllib3 puts around it."""
    cause = getattr(error, "reason", None) or error
    return _AROUND.sub("", " ".join(str(cause).split()))[:300]
