"""Writing to Azure Blob Storage for tests: the product only reads there."""

from __future__ import annotations

import base64
import hmac
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import urlencode, urlsplit

from runner.storage.azure_blob.address import Container
from runner.storage.azure_blob.sign import VERSION, authorization, http_date


@dataclass
class AzureWriter:
    """Makes a container and its blobs with the key of the account."""

    container: Container

    def create(self, *, public: bool = False) -> None:
        self._ask("PUT", "", {"restype": "container"}, {"x-ms-blob-public-access": "container"} if public else {})

    def put(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None) -> None:
        marks = {f"x-ms-meta-{name}": value for name, value in (metadata or {}).items()}
        self._ask("PUT", key, {}, {"x-ms-blob-type": "BlockBlob", **marks}, data)

    def token(self) -> str:
        """Return a shared access signature to read and list the container (Microsoft, "Create a service SAS")."""
        at = self.container
        told = {"sp": "rl", "se": "2999-01-01T00:00:00Z", "sv": VERSION, "sr": "c"}
        place = f"/blob/{at.account}/{at.container}"
        lines = [told["sp"], "", told["se"], place, "", "", "", told["sv"], told["sr"], *[""] * 7]
        digest = hmac.digest(base64.b64decode(at.account_key), "\n".join(lines).encode(), "sha256")
        return urlencode({**told, "sig": base64.b64encode(digest).decode()})

    def _ask(self, method: str, key: str, query: dict[str, str], headers: dict[str, str], data: bytes = b"") -> None:
        at = self.container
        target = at.target(key, query)
        sent = {**headers, "x-ms-version": VERSION, "x-ms-date": http_date(datetime.now(timezone.utc))}
        if data:
            sent["content-length"] = str(len(data))
        sent["authorization"] = authorization(at.account, at.account_key, method, target, sent)
        connection = http.client.HTTPConnection(urlsplit(at.endpoint).netloc, timeout=30)
        connection.request(method, target, body=data or None, headers=sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 201, (method, target, answer.status, body)
