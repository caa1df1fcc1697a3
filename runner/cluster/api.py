"""A cluster's API server, spoken to in plain documents.

The kubernetes package reads the kubeconfig and sets up TLS; its connection pool then carries plain
JSON, which spares its model classes and is the same in every version of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from ..errors import TargetDenied, TargetError, TargetUnreachable
from ..model.document import Document
from .manifests import object_path

FIELD_MANAGER = "runner"
_TIMEOUT_SECONDS = 20.0


class ClusterApi:
    """Requests as the user of one kubeconfig."""

    def __init__(self, kubeconfig: Document) -> None:
        """Raises TargetError when the kubeconfig is not one."""
        from kubernetes.config import ConfigException, new_client_from_config_dict

        try:
            client = new_client_from_config_dict(kubeconfig)
        except (ConfigException, KeyError, TypeError) as error:
            raise TargetError(f"the kubeconfig cannot be used: {error}") from error
        settings = client.configuration
        self._host: str = settings.host
        self._pool = client.rest_client.pool_manager
        self._headers = {auth["key"]: auth["value"] for auth in settings.auth_settings().values()}

    def get(self, path: str, **query: str) -> Document | None:
        """The object or list at `path`; None when there is none. Raises TargetError."""
        return self._send("GET", _with_query(path, query), absent_is_none=True)

    def text(self, path: str, **query: str) -> str:
        """A plain-text answer, such as a log. Raises TargetError."""
        return self._ask("GET", _with_query(path, query))[1].decode("utf-8", "replace")

    def create(self, path: str, body: Document) -> Document:
        """Return the object that the server made of `body`. Raises TargetError."""
        return self._send("POST", path, body)

    def apply(self, manifest: Document) -> Document:
        """Make the object, or make it so, by server-side apply. Raises TargetError.

        https://kubernetes.io/docs/reference/using-api/server-side-apply/
        """
        path = _with_query(object_path(manifest), {"fieldManager": FIELD_MANAGER, "force": "true"})
        # JSON is YAML, and apply takes no other content type.
        return self._send("PATCH", path, manifest, content_type="application/apply-patch+yaml")

    def version(self) -> str:
        """The server's version: any user may ask."""
        return str(self._send("GET", "/version")["gitVersion"])

    def check_ready(self) -> None:
        """Raise TargetUnreachable or TargetDenied while the server is still starting."""
        self._ask("GET", "/readyz")

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _send(
        self,
        method: str,
        path: str,
        body: Document = None,
        *,
        content_type: str = "application/json",
        absent_is_none: bool = False,
    ) -> Document:
        status, data = self._ask(method, path, body, content_type=content_type, absent_is_fine=absent_is_none)
        return None if status == 404 else json.loads(data)

    def _ask(
        self,
        method: str,
        path: str,
        body: Document = None,
        *,
        content_type: str = "application/json",
        absent_is_fine: bool = False,
    ) -> tuple[int, bytes]:
        from urllib3.exceptions import HTTPError

        headers = {**self._headers, "Accept": "application/json, */*", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(
                method, self._host + path, body=data, headers=headers, timeout=_TIMEOUT_SECONDS, retries=1
            )
        except HTTPError as error:
            raise TargetUnreachable(f"the API server {self._host} does not answer: {error}") from error
        if answer.status >= 400 and not (absent_is_fine and answer.status == 404):
            raise refusal(answer.status, answer.data, f"{method} {path.partition('?')[0]}")
        return answer.status, answer.data


def refusal(status: int, data: bytes, request: str) -> TargetError:
    """The error for an answer that says no."""
    said = _message(data)
    if status in {401, 403}:
        return TargetDenied(f"the API server refused {request}: {said}")
    if status == 429 or status >= 500:
        return TargetUnreachable(f"the API server could not do {request} now ({status}): {said}")
    return TargetError(f"the API server did not do {request} ({status}): {said}")


def _message(data: bytes) -> str:
    """The words of a Status object, else what there is."""
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data[:300].decode("utf-8", "replace")


def _with_query(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
