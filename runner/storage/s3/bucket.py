"""Requests to one bucket at one endpoint, which succeed or raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone

from ...errors import ObjectMissing, StoreDenied, StoreError
from ...model.names import KEY_BYTES
from ...model.store_endpoint import BucketEndpoint
from ..keys import check_key
from ..localfile import Slice
from .answer_checks import invalid_reason
from .credential_refresh import Renew
from .error_answers import RequestTarget, code_of, error_of, not_s3_error
from .http import BUSY, Answer, BodyReader, Endpoint, Request, RetryPolicy
from .sign import encode_path, encode_query

_MISSING = 404
_READING = frozenset({"GET", "HEAD"})


class Bucket:
    """Sends requests to one bucket, with addresses in path style or host style.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """

    def __init__(self, bucket_endpoint: BucketEndpoint, retries: RetryPolicy, renew: Renew | None = None) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint."""
        self.address = bucket_endpoint
        self._endpoint = Endpoint(bucket_endpoint, retries, renew)
        self._shared = self._endpoint
        if bucket_endpoint.shared is not None:
            also = None if renew is None else lambda: _with_shared(renew())
            self._shared = Endpoint(replace(bucket_endpoint, credentials=bucket_endpoint.shared), retries, also)

    def target(self, key: str = "", query: Mapping[str, str] | None = None) -> str:
        """Return the encoded path and query of an object, or of the bucket.

        Raises:
            ValueError: `key` is no valid key, or too long with the bucket's prefix.
        """
        inside = self.address.prefix + check_key(key) if key else ""
        if len(inside) * 4 > KEY_BYTES and len(inside.encode()) > KEY_BYTES:
            raise ValueError(f"object key too long ({KEY_BYTES} bytes with the bucket's prefix): {inside[:80]!r}…")
        bucket = "" if self.address.host_style else f"/{self.address.bucket}"
        path = encode_path(f"{bucket}/{inside}")
        return f"{path}?{encode_query(query)}" if query else path

    def origin(self, key: str) -> dict[str, str]:
        """Return the header that names an object as the source of a copy."""
        return {"x-amz-copy-source": encode_path(f"/{self.address.bucket}/{self.address.prefix}{check_key(key)}")}

    def ask(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Slice | None = None,
        sink: BodyReader | None = None,
        expect: frozenset[int] = frozenset(),
        again: frozenset[int] = BUSY,
    ) -> Answer:
        """Return the answer, if its status is in `expect` or it is a valid S3 answer of success. Raise StoreError."""
        if self.address.read_only and method not in _READING:
            raise StoreDenied(
                f"{self.address.prefix}{key} in bucket {self.address.bucket!r} is not written: "
                "the datastore is read-only (another workspace's, or read_only: true)"
            )
        request = Request(method=method, target=self.target(key, query), headers=headers or {}, body=body, again=again)
        place = key or (query or {}).get("prefix", "")[len(self.address.prefix) :]
        answer = self._endpoint_for(place).ask(request, sink)
        if answer.status in expect:
            return answer
        if key and method == "HEAD" and answer.status == _MISSING and not code_of(answer):
            # An answer to HEAD has no body that could name the cause; few servers name it in a header.
            raise ObjectMissing(f"no object {key!r} in bucket {self.address.bucket!r} at {self.address.endpoint}")
        if answer.status >= 300:
            raise self.refused(answer, key)
        if key and (wrong := invalid_reason(method, request.headers, answer)):
            raise self.not_s3_error(wrong, answer.status, key)
        return answer

    def not_s3_error(self, wrong: str, status: int, key: str) -> StoreError:
        """Return the error for an answer of success that no S3 server gives; `wrong` is the reason."""
        return not_s3_error(
            f"status {status}, but {wrong}",
            RequestTarget(self.address.endpoint, self.address.bucket, key),
        )

    def refused(self, answer: Answer, key: str) -> StoreError:
        """Return the error for an answer of refusal."""
        place = RequestTarget(self.address.endpoint, self.address.bucket, key)
        if self.is_confined and code_of(answer) == "AccessDenied":
            what = f"the object {key!r}" if key else "this listing"
            return StoreDenied(
                f"access to {what} in bucket {place.bucket!r} at {place.endpoint} denied: the keys of a step open its "
                "own data, not those of other runs and steps (docs/explanation/security.md)"
            )
        return error_of(answer, place, datetime.now(timezone.utc))

    @property
    def is_confined(self) -> bool:
        """True if the keys open a part of the store."""
        return self.address.shared is not None

    def close(self) -> None:
        """Close the idle connections."""
        self._endpoint.close()
        self._shared.close()

    def _endpoint_for(self, place: str) -> Endpoint:
        """Return the connections with the keys for a key or a prefix below the store's prefix."""
        return self._endpoint if place.startswith(self.address.own) else self._shared


def _with_shared(found: BucketEndpoint | None) -> BucketEndpoint | None:
    return found and replace(found, credentials=found.shared or found.credentials)
