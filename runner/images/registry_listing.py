"""The images of environments in a registry, listed by the API of the distribution specification.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentFailed
from ..ports import StoredEnvironment
from .build_context import REPOSITORY
from .engine import engine_errors
from .image_inventory import time_of

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

KEPT = "the registry keeps it: delete it there"
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LOOPBACK = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$")
_SECONDS = 10.0
"""The longest wait for one answer."""
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_OK = 200


class RegistryListing:
    """The repository of environments below a registry path. Errors are EnvironmentFailed."""

    def __init__(self, registry: str) -> None:
        self._registry = registry.rstrip("/")
        self._host, _, path = self._registry.partition("/")
        self._repository = f"{path}/{REPOSITORY}".lstrip("/")
        self._headers: dict[str, str] = {}
        self._pool: PoolManager | None = None

    def stored(self) -> Iterator[StoredEnvironment]:
        """Yield the images by tag. A registry without this repository has none."""
        listed = self._get("tags/list")
        for tag in (listed.get("tags") or ()) if listed else ():
            yield self._described(str(tag))

    def _described(self, tag: str) -> StoredEnvironment:
        manifest = self._get(f"manifests/{tag}") or {}
        digest = str(manifest.get("digest") or "")
        if "manifests" in manifest:  # an index of several platforms: the first one stands for all
            manifest = self._get(f"manifests/{manifest['manifests'][0]['digest']}") or {}
        config = self._get(f"blobs/{manifest['config']['digest']}") if "config" in manifest else {}
        labels = ((config or {}).get("config") or {}).get("Labels") or {}
        repository = f"{self._registry}/{REPOSITORY}"
        names = {f"{repository}:{tag}", *([f"{repository}@{digest}"] if digest else ())}
        return StoredEnvironment(
            reference=f"{repository}:{tag}",
            names=frozenset(names),
            place=self._host,
            environment=labels.get("runner.environment", ""),
            lock=labels.get("runner.lock", ""),
            base=labels.get("runner.base", ""),
            size=sum(int(layer.get("size") or 0) for layer in manifest.get("layers") or ()),
            made=time_of(str((config or {}).get("created") or "")),
            busy=KEPT,
        )

    def _get(self, path: str) -> dict[str, Any] | None:
        """Return a JSON document of the repository, with its digest; None if there is none."""
        what = f"the images in registry {self._host} could not be listed"
        with engine_errors(what):
            answer = self._answer(path)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise EnvironmentFailed(f"{what}: it answers {answer.status}; try: docker login {self._host}")
        try:
            found = dict(json.loads(answer.data))
        except (ValueError, TypeError) as error:
            raise EnvironmentFailed(f"{what}: it answers in an unknown form") from error
        return {**found, "digest": answer.headers.get("Docker-Content-Digest", "")}

    def _answer(self, path: str) -> BaseHTTPResponse:
        scheme = "http" if _LOOPBACK.match(self._host) else "https"
        url = f"{scheme}://{self._host}/v2/{self._repository}/{path}"
        answer = self._request(url, {"Accept": _MANIFESTS, **self._headers})
        if answer.status == _UNAUTHORIZED and not self._headers:
            self._headers = self._authorization(str(answer.headers.get("WWW-Authenticate") or ""))
            answer = self._request(url, {"Accept": _MANIFESTS, **self._headers})
        return answer

    def _authorization(self, challenge: str) -> dict[str, str]:
        """Return the header for a challenge, by the credentials that ``docker login`` has stored."""
        from docker import auth
        from urllib3 import make_headers

        known = auth.load_config().resolve_authconfig(self._host) or {}
        user, password = known.get("Username") or known.get("username"), known.get("Password") or known.get("password")
        basic = make_headers(basic_auth=f"{user}:{password}") if user and password else {}
        if not challenge.lower().startswith("bearer"):
            return dict(basic)
        asked = dict(_CHALLENGE.findall(challenge))
        query = {name: asked[name] for name in ("service", "scope") if name in asked}
        answer = self._request(asked.get("realm", ""), basic, query)
        token = dict(json.loads(answer.data)) if answer.status == _OK else {}
        return {"Authorization": f"Bearer {token.get('token') or token.get('access_token') or ''}"}

    def _request(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> BaseHTTPResponse:
        import urllib3

        self._pool = self._pool or urllib3.PoolManager(timeout=_SECONDS, retries=urllib3.Retry(1, redirect=3))
        return self._pool.request("GET", url, fields=dict(query or {}), headers=dict(headers))
