"""The API server over the kubernetes package's connection pool.

The package reads the kubeconfig, runs its credential plugins and sets up TLS; requests are plain JSON,
because its model classes take two to six times the time and drop fields they do not know.
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
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ...errors import TargetError, TargetUnreachable
from .answers import OVERLOADED, Deed, lines, parsed, refusal, warnings_in
from .cluster import Created, Listing
from .fields import KubeObject, at, rows, text

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
STALL_SECONDS = 15.0
"""How much longer than the server may keep a watch open before it counts as dead."""
_AROUND = re.compile(r"^(?:\w+\(host=[^)]*\)|<[^>]*>): ")
_PATHS: Mapping[str, str] = {"jobs": "/apis/batch/v1"}


class KubernetesApi:
    """One namespace, as the user of one kubeconfig context. Nothing is read or opened before the first call."""

    def __init__(self, namespace: str, kubeconfig: str = "", context: str = "") -> None:
        """Without `kubeconfig`: the pod's own account inside a cluster, else the user's default file."""
        self.namespace = namespace
        self._kubeconfig = kubeconfig
        self._context = context
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._watches: set[BaseHTTPResponse] = set()
        self._lead = timedelta(0)

    @property
    def server(self) -> str:
        """The server's URL. Raises TargetError when the kubeconfig cannot be used."""
        host = self._connected().configuration.host
        return str(host)

    def now(self) -> datetime:
        """Tell the time by this machine's clock, put right by the server's last ``Date``."""
        return datetime.now(timezone.utc) + self._lead

    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        """POST; a name that is taken is an answer, not an error."""
        query = {"dryRun": "All"} if dry_run else {}
        with self._asked("POST", self._path(kind, query=query), body) as answer:
            if answer.status == 409 and text(parsed(answer.data), "reason") == "AlreadyExists":
                return Created(None)
            document = self._checked(answer, "create", kind, text(body, "metadata", "name"))
            return Created(document, warnings_in(answer.headers.get("Warning", "")))

    def get(self, kind: str, name: str) -> KubeObject | None:
        """GET, or None."""
        with self._asked("GET", self._path(kind, name)) as answer:
            return None if answer.status == 404 else self._checked(answer, "get", kind, name)

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """One LIST of all that the selectors take."""
        with self._asked("GET", self._path(kind, query={"labelSelector": labels, "fieldSelector": fields})) as answer:
            document = self._checked(answer, "list", kind)
        return Listing(tuple(rows(document, "items")), text(document, "metadata", "resourceVersion"))

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        """DELETE with background propagation and, given a uid, the precondition that it is that one."""
        options: dict[str, object] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        with self._asked("DELETE", self._path(kind, name), options) as answer:
            if answer.status in (404, 409):
                return False
            self._checked(answer, "delete", kind, name)
            return True

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[KubeObject]:
        """Follow changes; the client waits longer than the server, so that silence is a dead connection."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "labelSelector": labels,
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        with self._asked("GET", self._path(kind, query=query), patience=seconds + STALL_SECONDS) as answer:
            if answer.status == 410:
                yield {"type": "ERROR", "object": {"code": 410}}
                return
            if answer.status != 200:
                self._checked(answer, "watch", kind)
            self._watches.add(answer)
            try:
                yield from map(parsed, lines(answer.stream(decode_content=True)))
            finally:
                self._watches.discard(answer)

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        """Ask by a SelfSubjectAccessReview, which every user may make."""
        attributes = {
            "namespace": self.namespace,
            "verb": verb,
            "group": "batch" if resource == "jobs" else "",
            "resource": resource,
            "subresource": subresource,
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        with self._asked("POST", path, body) as answer:
            document = self._checked(answer, "create", "selfsubjectaccessreviews")
        return at(document, "status", "allowed") is True

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        """The end of the log as text."""
        path = self._path("pods", f"{pod}/log", query={"container": container, "tailLines": str(last)})
        with self._asked("GET", path) as answer:
            if answer.status in (400, 404):  # 400: the container never started
                return ""
            if answer.status != 200:
                self._checked(answer, "get", "pods/log", pod)
            return answer.read().decode("utf-8", "replace")

    def close(self) -> None:
        """Wake the readers of running watches and close the connections."""
        with self._lock:
            client, self._client = self._client, None
        for answer in tuple(self._watches):
            with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
                answer.shutdown() if hasattr(answer, "shutdown") else answer.close()
        if client is not None:
            client.rest_client.pool_manager.clear()

    def _path(self, kind: str, name: str = "", *, query: Mapping[str, str] | None = None) -> str:
        path = f"{_PATHS.get(kind, '/api/v1')}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")
        wanted = {key: value for key, value in (query or {}).items() if value}
        return f"{path}?{urlencode(wanted)}" if wanted else path

    def _connected(self) -> ApiClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> ApiClient:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
        from yaml import YAMLError

        configuration = Configuration()
        try:
            if not self._kubeconfig and not self._context and _in_cluster():
                load_incluster_config(client_configuration=configuration)
            else:
                load_kube_config(self._kubeconfig or None, self._context or None, configuration)
        except (ConfigException, YAMLError, OSError, KeyError, TypeError) as error:
            where = self._kubeconfig or "the default kubeconfig"
            context = f", context '{self._context}'" if self._context else ""
            raise TargetError(f"{where}{context} cannot be used: {_line(error)}") from error
        return ApiClient(configuration)

    @contextmanager
    def _asked(
        self, method: str, path: str, body: KubeObject | None = None, *, patience: float = READ_SECONDS
    ) -> Iterator[BaseHTTPResponse]:
        """The answer, to be read within; a connection that fails, then or later, is TargetUnreachable."""
        from urllib3 import Retry, Timeout
        from urllib3.exceptions import HTTPError

        client = self._connected()
        # A POST may be sent twice: names are derived, so the second is told that it exists already.
        retry = Retry(
            # A server that is not there is told at once; a kept connection that has died is tried anew.
            connect=0,
            read=1,
            status=3,
            status_forcelist=OVERLOADED,
            allowed_methods=None,
            backoff_factor=0.2,
            raise_on_status=False,
        )
        try:
            answer = client.rest_client.pool_manager.request(
                method,
                client.configuration.host + path,
                body=None if body is None else json.dumps(body),
                headers=self._headers(client),
                timeout=Timeout(connect=CONNECT_SECONDS, read=patience),
                retries=retry,
                preload_content=False,
            )
            self._learn_time(answer.headers.get("Date", ""))
            try:
                yield answer
            finally:
                # What was not read to its end cannot carry another request.
                answer.drain_conn() if answer.headers.get("Content-Length") else answer.close()
                answer.release_conn()
        except (HTTPError, OSError) as error:
            raise TargetUnreachable(f"no answer from {client.configuration.host}: {_line(error)}") from error

    @staticmethod
    def _headers(client: ApiClient) -> dict[str, str]:
        """Asked anew each time: tokens are renewed by the configuration's own hook."""
        settings: Mapping[str, Mapping[str, str]] = client.configuration.auth_settings()
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "runner",
            **{setting["key"]: setting["value"] for setting in settings.values()},
        }

    def _learn_time(self, date: str) -> None:
        try:
            self._lead = parsedate_to_datetime(date) - datetime.now(timezone.utc)
        except (TypeError, ValueError):
            return

    def _checked(self, answer: BaseHTTPResponse, verb: str, kind: str, name: str = "") -> KubeObject:
        document = parsed(answer.data)
        if answer.status < 300:
            return document
        deed = Deed(verb, kind, name, self.namespace, self.server)
        raise refusal(answer.status, text(document, "message"), deed)


def _in_cluster() -> bool:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()


def _line(error: Exception) -> str:
    """The cause alone, without the pool and the URL that urllib3 puts around it."""
    cause = getattr(error, "reason", None) or error
    return _AROUND.sub("", " ".join(str(cause).split()))[:300]
