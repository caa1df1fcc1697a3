"""The API server's answers as values, over one `Connection`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from time import sleep
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ...errors import TargetDenied
from .answers import Deed, lines, parsed, refusal, warnings_in
from .cluster import Created, Listing
from .connection import Connection
from .fields import KubeObject, at, rows, text

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

STALL_SECONDS = 15.0
"""How much longer than the server may keep a watch open before it counts as dead."""
FORGETFUL = (0.5, 1.0, 2.0, 4.0)
"""Seconds between requests for what is suddenly not allowed: a server that starts again answers before it has read its
roles, and would have a step fail that only came at the wrong moment."""
_PATHS: Mapping[str, str] = {"jobs": "/apis/batch/v1"}


class KubernetesApi:
    """One namespace, as the user of one kubeconfig context. Nothing is read or opened before the first call."""

    def __init__(self, namespace: str, kubeconfig: str = "", context: str = "") -> None:
        """Without `kubeconfig`: the pod's own account inside a cluster, else the user's default file."""
        self.namespace = namespace
        self._connection = Connection(kubeconfig, context)
        self._allowed: set[str] = set()

    @property
    def server(self) -> str:
        """The server's URL. Raises TargetError when the kubeconfig cannot be used."""
        return self._connection.server

    def now(self) -> datetime:
        """The server's time, as its last answer told it."""
        return self._connection.now()

    def version(self) -> str:
        """The server's version, which every user may ask for."""
        with self._connection.asked("GET", "/version") as answer:
            return text(self._checked(answer, "get", "version"), "gitVersion")

    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        """POST; a name that is taken is an answer, not an error. What was allowed before is asked for again."""
        for pause in FORGETFUL if kind in self._allowed else ():
            with suppress(TargetDenied):
                return self._create(kind, body, dry_run=dry_run)
            sleep(pause)
        created = self._create(kind, body, dry_run=dry_run)
        self._allowed.add(kind)
        return created

    def _create(self, kind: str, body: KubeObject, *, dry_run: bool) -> Created:
        query = {"dryRun": "All"} if dry_run else {}
        with self._connection.asked("POST", self._path(kind, query=query), body) as answer:
            if answer.status == 409 and text(parsed(answer.data), "reason") == "AlreadyExists":
                return Created(None)
            document = self._checked(answer, "create", kind, text(body, "metadata", "name"))
            return Created(document, warnings_in(answer.headers.get("Warning", "")))

    def get(self, kind: str, name: str) -> KubeObject | None:
        """GET, or None."""
        with self._connection.asked("GET", self._path(kind, name)) as answer:
            return None if answer.status == 404 else self._checked(answer, "get", kind, name)

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """One LIST of all that the selectors take."""
        with self._connection.asked(
            "GET", self._path(kind, query={"labelSelector": labels, "fieldSelector": fields})
        ) as answer:
            document = self._checked(answer, "list", kind)
        return Listing(tuple(rows(document, "items")), text(document, "metadata", "resourceVersion"))

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        """DELETE with background propagation and, given a uid, the precondition that it is that one."""
        options: dict[str, object] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        with self._connection.asked("DELETE", self._path(kind, name), options) as answer:
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
        with self._connection.asked("GET", self._path(kind, query=query), patience=seconds + STALL_SECONDS) as answer:
            if answer.status == 410:
                yield {"type": "ERROR", "object": {"code": 410}}
                return
            if answer.status != 200:
                self._checked(answer, "watch", kind)
            with self._connection.followed(answer):
                yield from map(parsed, lines(answer.stream(decode_content=True)))

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
        with self._connection.asked("POST", path, body) as answer:
            document = self._checked(answer, "create", "selfsubjectaccessreviews")
        return at(document, "status", "allowed") is True

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        """The end of the log as text."""
        path = self._path("pods", f"{pod}/log", query={"container": container, "tailLines": str(last)})
        with self._connection.asked("GET", path) as answer:
            if answer.status in (400, 404):  # 400: the container never started
                return ""
            if answer.status != 200:
                self._checked(answer, "get", "pods/log", pod)
            return answer.read().decode("utf-8", "replace")

    def close(self) -> None:
        """Wake the readers of running watches and close the connections."""
        self._connection.close()

    def _path(self, kind: str, name: str = "", *, query: Mapping[str, str] | None = None) -> str:
        path = f"{_PATHS.get(kind, '/api/v1')}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")
        wanted = {key: value for key, value in (query or {}).items() if value}
        return f"{path}?{urlencode(wanted)}" if wanted else path

    def _checked(self, answer: BaseHTTPResponse, verb: str, kind: str, name: str = "") -> KubeObject:
        document = parsed(answer.data)
        if answer.status < 300:
            return document
        deed = Deed(verb, kind, name, self.namespace, self.server)
        raise refusal(answer.status, text(document, "message"), deed)
