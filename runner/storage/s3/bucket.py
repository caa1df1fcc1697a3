"""One bucket at one endpoint: where keys lie in it, and requests that succeed or raise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from ...errors import StoreDenied, StoreError
from ...model.names import KEY_BYTES
from ...model.vantage import BucketVantage
from ..keys import check_key
from ..localfile import Slice
from .http import BUSY, Answer, Endpoint, Patience, Request, Sink
from .refusal import Place, no_s3, refusal
from .sign import encode_path, encode_query
from .soundness import defect
from .trust import Renew

_READING = frozenset({"GET", "HEAD"})


class Bucket:
    """Asks about one bucket, path style."""

    def __init__(self, vantage: BucketVantage, patience: Patience, renew: Renew | None = None) -> None:
        """Connect to nothing yet. Raises BadInput."""
        self.vantage = vantage
        self._endpoint = Endpoint(vantage, patience, renew)

    def target(self, key: str = "", query: Mapping[str, str] | None = None) -> str:
        """The encoded path and query of an object, or of the bucket.

        Raises ValueError for what is no key, and for one that is too long with the prefix: no bucket can hold it.
        """
        inside = self.vantage.prefix + check_key(key) if key else ""
        if len(inside) * 4 > KEY_BYTES and len(inside.encode()) > KEY_BYTES:
            raise ValueError(f"object key too long ({KEY_BYTES} bytes with the bucket's prefix): {inside[:80]!r}…")
        path = encode_path(f"/{self.vantage.bucket}/{inside}")
        return f"{path}?{encode_query(query)}" if query else path

    def origin(self, key: str) -> dict[str, str]:
        """The header that names an object as the one to copy."""
        return {"x-amz-copy-source": self.target(key)}

    def ask(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Slice | None = None,
        sink: Sink | None = None,
        expect: frozenset[int] = frozenset(),
        again: frozenset[int] = BUSY,
    ) -> Answer:
        """The answer, if its status is one of `expect`, or 2xx and what S3 answers. Raises StoreError."""
        if self.vantage.read_only and method not in _READING:
            raise StoreDenied(
                f"{self.vantage.prefix}{key} in bucket {self.vantage.bucket!r} is not written: "
                "the datastore is read-only (another workspace's, or read_only: true)"
            )
        request = Request(method, self.target(key, query), headers or {}, body, again)
        answer = self._endpoint.ask(request, sink)
        if answer.status in expect:
            return answer
        if answer.status >= 300:
            raise self.refused(answer, key)
        if key and (wrong := defect(method, request.headers, answer)):
            raise self.no_s3(wrong, answer.status, key)
        return answer

    def no_s3(self, wrong: str, status: int, key: str) -> StoreError:
        """The error for an answer of success that no S3 server gives; `wrong` says why."""
        return no_s3(f"status {status}, but {wrong}", Place(self.vantage.endpoint, self.vantage.bucket, key))

    def refused(self, answer: Answer, key: str) -> StoreError:
        """The error that `answer` stands for."""
        return refusal(answer, Place(self.vantage.endpoint, self.vantage.bucket, key), datetime.now(timezone.utc))

    def close(self) -> None:
        """Close the idle connections."""
        self._endpoint.close()
