"""A small Azure Blob service in this process. It checks signatures by itself, as the service's manual says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from runner.storage.azure_blob.address import Container
from tests.support.scripted_server import Reply, Seen, scripted_server

ACCOUNT, CONTAINER = "smallaccount", "raw-data"
KEY = base64.b64encode(b"canary-of-the-small-account").decode()
TOKEN = "sv=2021-12-02&se=2999-01-01T00%3A00%3A00Z&sr=c&sp=rl&sig=c2lnbmVk%2Bby%3D"
"""A shared access signature that the service takes."""


@dataclass
class SmallAzure:
    """The blobs of one container."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    """Names of blobs that stand for folders."""
    keys: set[str] = field(default_factory=lambda: {KEY})
    """The account's keys, one of which signs."""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    public: bool = False
    page: int = 3
    """The most blobs of a page of a listing."""

    def put(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None) -> None:
        self.blobs[key] = data
        if metadata:
            self.folders.add(key)

    def answer(self, seen: Seen) -> Reply:
        """Answer one request."""
        reply = self._answer(seen)
        return Reply(reply.status, reply.body, {"Date": formatdate(usegmt=True), **reply.headers})

    def _answer(self, seen: Seen) -> Reply:
        path, _, query = seen.target.partition("?")
        account, container, name = (*unquote(path)[1:].split("/", 2), "")[:3]
        if not self._lets_in(seen, query):
            code = "AuthenticationFailed" if query.count("sig=") or "authorization" in seen.headers else ""
            return _refused(403 if code else 404, code or "ResourceNotFound")
        if (account, container) != (ACCOUNT, CONTAINER):
            return _refused(404, "ContainerNotFound")
        wanted = dict(parse_qsl(query))
        if wanted.get("comp") == "list":
            return self._listed(wanted.get("prefix", ""), wanted.get("marker", ""))
        if not name:
            return Reply(headers={"ETag": '"container"'})
        return self._sent(seen, name) if name in self.blobs else _refused(404, "BlobNotFound")

    def _lets_in(self, seen: Seen, query: str) -> bool:
        told = seen.headers.get("authorization", "")
        if told:
            return any(told == f"SharedKey {ACCOUNT}:{signature(key, seen)}" for key in self.keys)
        return self.public or any(token in query for token in self.tokens)

    def _sent(self, seen: Seen, name: str) -> Reply:
        data = self.blobs[name]
        etag = f'"0x{hashlib.sha256(data).hexdigest()[:15].upper()}"'
        if seen.headers.get("if-match", etag) != etag:
            return _refused(412, "ConditionNotMet")
        headers = {"ETag": etag, "Last-Modified": "Tue, 02 Jun 2026 10:00:00 GMT"}
        if name in self.folders:
            headers["x-ms-meta-hdi_isfolder"] = "true"
        if "range" not in seen.headers:
            return Reply(body=data, headers=headers)
        first, _, last = seen.headers["range"].partition("=")[2].partition("-")
        start, end = int(first), min(int(last), len(data) - 1)
        if start >= len(data):
            return _refused(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return Reply(206, data[start : end + 1], headers)

    def _listed(self, prefix: str, marker: str) -> Reply:
        """A page. As the service does, small letters come after capital ones only within a folder."""
        found = sorted((name for name in self.blobs if name.startswith(prefix)), key=lambda name: name.split("/"))
        start = int(marker or 0)
        shown, rest = found[start : start + self.page], start + self.page < len(found)
        lines = "".join(map(self._entry, shown))
        after = f"<NextMarker>{start + self.page}</NextMarker>" if rest else "<NextMarker />"
        return Reply(body=f"<EnumerationResults><Blobs>{lines}</Blobs>{after}</EnumerationResults>".encode())

    def _entry(self, name: str) -> str:
        etag = f"0x{hashlib.sha256(self.blobs[name]).hexdigest()[:15].upper()}"
        mark = "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>" if name in self.folders else "<Metadata />"
        return (
            f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>Tue, 02 Jun 2026 10:00:00 GMT</Last-Modified>"
            f"<Etag>{etag}</Etag><Content-Length>{len(self.blobs[name])}</Content-Length></Properties>{mark}</Blob>"
        )


def signature(key: str, seen: Seen) -> str:
    """Return the signature of a request without a body (Microsoft, "Authorize with Shared Key", version 2015-02-21)."""
    parts = urlsplit(seen.target)
    lines = [seen.method, "", "", "", "", "", "", seen.headers.get("if-modified-since", "")]
    lines += [seen.headers.get("if-match", ""), "", "", seen.headers.get("range", "")]
    lines += [f"{name}:{seen.headers[name]}" for name in sorted(seen.headers) if name.startswith("x-ms-")]
    lines += [f"/{ACCOUNT}{parts.path}"]
    lines += [f"{name}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))]
    return base64.b64encode(hmac.digest(base64.b64decode(key), "\n".join(lines).encode(), "sha256")).decode()


def _refused(status: int, code: str) -> Reply:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so</Message></Error>"
    return Reply(status, text.encode(), {"x-ms-error-code": code})


@contextmanager
def small_azure(server: SmallAzure) -> Iterator[Container]:
    """The container of a server, with a key that it accepts. The account is in the path, as emulators have it."""
    with scripted_server(server.answer) as found:
        yield Container(account=ACCOUNT, container=CONTAINER, endpoint=f"{found.endpoint}/{ACCOUNT}", account_key=KEY)
