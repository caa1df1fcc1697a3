"""Requests to the API server, with values as answers, over one `Connection`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from time import sleep
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ...errors import TargetDenied
from .cluster import Created, Listing
from .connection import Connection
from .json_fields import KubeObject, rows, text, value_at
from .responses import BATCH, ApiRequest, error_for, lines, parse_json, warnings_in

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

STALL_SECONDS = 15.0
"""Seconds without data, beyond the server's own timeout, after which a watch counts as dead."""
DENIED_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each retry of a create request that was allowed before and is denied now.

A server that restarts answers before it has loaded its roles. Without these retries a step would fail because of
that.
"""
_PATHS: Mapping[str, str] = dict.fromkeys(BATCH, "/apis/batch/v1")
_GROUPS: Mapping[str, str] = {"csinodes": "/apis/storage.k8s.io/v1"}


class KubernetesApi:
    """One namespace, accessed as the user of one kubeconfig context.

    Nothing is read or opened before the first call.
    """

    def __init__(self, namespace: str, kubeconfig: str = "", context: str = "") -> None:
        """Remember the context.

        Without `kubeconfig`: the pod's own account inside a cluster, else the user's default file.
        """
        self.namespace = namespace
        self._connection = Connection(kubeconfig, context)
        self._allowed: set[str] = set()

    @property
    def server(self) -> str:
        """Return the server's URL. Raises TargetError when the kubeconfig cannot be used."""
        return self._connection.server

    def now(self) -> datetime:
        """Return the server's time, based on its last response."""
        return self._connection.now()

    def version(self) -> str:
        """Return the server's version, which every user may read."""
        with self._connection.request("GET", "/version") as answer:
            return text(self._document(answer, "get", "version"), "gitVersion")

    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        """Send a POST.

        A name that exists already is an answer, not an error. A denial is retried if it was allowed before.
        """
        for pause in DENIED_PAUSES if kind in self._allowed else ():
            with suppress(TargetDenied):
                return self._create(kind, body, dry_run=dry_run)
            sleep(pause)
        created = self._create(kind, body, dry_run=dry_run)
        self._allowed.add(kind)
        return created

    def _create(self, kind: str, body: KubeObject, *, dry_run: bool) -> Created:
        query = {"dryRun": "All"} if dry_run else {}
        with self._connection.request("POST", self._path(kind, query=query), body) as answer:
            if answer.status == 409 and text(parse_json(answer.data), "reason") == "AlreadyExists":
                return Created(None)
            document = self._document(answer, "create", kind, text(body, "metadata", "name"))
            return Created(document, warnings_in(answer.headers.get("Warning", "")))

    def replace(self, kind: str, body: KubeObject) -> KubeObject | None:
        """Send a PUT and return the answer, or None."""
        name = text(body, "metadata", "name")
        with self._connection.request("PUT", self._path(kind, name), body) as answer:
            return None if answer.status in (404, 409) else self._document(answer, "update", kind, name)

    def get(self, kind: str, name: str) -> KubeObject | None:
        """Send a GET and return the object, or None."""
        with self._connection.request("GET", self._path(kind, name)) as answer:
            return None if answer.status == 404 else self._document(answer, "get", kind, name)

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """Send one LIST for all objects that match the selectors."""
        with self._connection.request(
            "GET", self._path(kind, query={"labelSelector": labels, "fieldSelector": fields})
        ) as answer:
            document = self._document(answer, "list", kind)
        return Listing(tuple(rows(document, "items")), text(document, "metadata", "resourceVersion"))

    def list_everywhere(self, kind: str) -> Listing:
        """Send one LIST for the objects of the whole cluster."""
        with self._connection.request("GET", f"{_GROUPS[kind]}/{kind}") as answer:
            document = self._document(answer, "list", kind)
        return Listing(tuple(rows(document, "items")), text(document, "metadata", "resourceVersion"))

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        """Send a DELETE with background propagation and, if `uid` is given, with that uid as a precondition."""
        options: dict[str, object] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        with self._connection.request("DELETE", self._path(kind, name), options) as answer:
            if answer.status in (404, 409):
                return False
            self._document(answer, "delete", kind, name)
            return True

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[KubeObject]:
        """Follow changes. The client's timeout is longer than the server's, so a silent connection is a dead one."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "labelSelector": labels,
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        with self._connection.request("GET", self._path(kind, query=query), patience=seconds + STALL_SECONDS) as answer:
            if answer.status == 410:
                yield {"type": "ERROR", "object": {"code": 410}}
                return
            if answer.status != 200:
                self._document(answer, "watch", kind)
            with self._connection.tracked(answer):
                yield from map(parse_json, lines(answer.stream(decode_content=True)))

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        """Ask with a SelfSubjectAccessReview, which every user may create."""
        attributes = {
            "namespace": self.namespace,
            "verb": verb,
            "group": "batch" if resource in BATCH else "",
            "resource": resource,
            "subresource": subresource,
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        with self._connection.request("POST", path, body) as answer:
            document = self._document(answer, "create", "selfsubjectaccessreviews")
        return value_at(document, "status", "allowed") is True

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        """Return the end of the log as text."""
        path = self._path("pods", f"{pod}/log", query={"container": container, "tailLines": str(last)})
        with self._connection.request("GET", path) as answer:
            if answer.status in (400, 404):  # 400: the container never started
                return ""
            if answer.status != 200:
                self._document(answer, "get", "pods/log", pod)
            return answer.read().decode("utf-8", "replace")

    def close(self) -> None:
        """End running watches and close the connections."""
        self._connection.close()

    def _path(self, kind: str, name: str = "", *, query: Mapping[str, str] | None = None) -> str:
        path = f"{_PATHS.get(kind, '/api/v1')}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")
        wanted = {key: value for key, value in (query or {}).items() if value}
        return f"{path}?{urlencode(wanted)}" if wanted else path

    def _document(self, answer: BaseHTTPResponse, verb: str, kind: str, name: str = "") -> KubeObject:
        document = parse_json(answer.data)
        if answer.status < 300:
            return document
        request = ApiRequest(verb=verb, kind=kind, name=name, namespace=self.namespace, server=self.server)
        raise error_for(answer.status, text(document, "message"), request)
