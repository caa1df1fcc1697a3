"""A bucket as an object store."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ObjectMissing, StoreDenied, StoreError
from ...model.store_endpoint import BucketEndpoint
from ...ports import ObjectInfo
from ..keys import check_key, check_prefix, check_range
from ..localfile import Slice, local_file_errors, new_file
from . import confined, copying, multipart, ranges
from .bucket import Bucket
from .credential_refresh import Renew, server_time
from .error_answers import code_of
from .http import BUSY, RetryPolicy
from .listing import Progress, page_query, read_page, seconds_of_header

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .unfinished_uploads import UnfinishedUpload

_DENIED, _MISSING, _CONFLICT, _EXISTS = 403, 404, 409, 412
_THREADS = 8


class BucketStore:
    """An `ObjectStore` in a bucket of MinIO, AWS S3 or another server that honours conditional writes.

    Any number of threads may use it; large transfers share eight of its own.
    """

    def __init__(
        self, bucket_endpoint: BucketEndpoint, retries: RetryPolicy | None = None, renew: Renew | None = None
    ) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint.

        Args:
            bucket_endpoint: The endpoint, bucket and key.
            retries: The retries of each request; None: the default policy.
            renew: Returns another key after a refusal; None: there is none.
        """
        self._bucket = Bucket(bucket_endpoint, retries or RetryPolicy(), renew)
        self._prefix = bucket_endpoint.prefix

    @property
    def location(self) -> str:
        """The place of the store for other tools: ``s3://BUCKET/PREFIX``."""
        return f"s3://{self._bucket.address.bucket}/{self._prefix}"

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raise ObjectMissing."""
        try:
            return self._bucket.ask("GET", check_key(key)).body
        except StoreDenied:
            if not (self._bucket.is_confined and confined.is_absent(self, key)):
                raise
            raise ObjectMissing(f"no object {key!r} in bucket {self._bucket.address.bucket!r}") from None

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """Return at most `length` bytes from `start`. Raise ObjectMissing, and ObjectChanged if the ETag differs."""
        check_range(start, length)
        if not length:  # no range of HTTP is empty; the object must exist all the same
            found = self._bucket.ask("HEAD", check_key(key))
            ranges.require_etag(found, _quoted(etag), key)
            return b""
        return ranges.read(self._bucket, check_key(key), start, length, _quoted(etag))

    def read_range_into(self, descriptor: int, key: str, start: int, length: int, etag: str = "") -> int:
        """Write at most `length` bytes from `start` to the same place of an open file; return their number."""
        check_range(start, length)
        return ranges.read_into(self._bucket, check_key(key), descriptor, (start, length), _quoted(etag))

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite the object, atomically."""
        self._bucket.ask("PUT", check_key(key), body=data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write the object unless the key exists; return False if it does.

        When an answer got lost, the object found is compared with `data`: if they are equal, this call has written
        it. So writers that compete for a key must write different content.
        """
        answer = self._bucket.ask(
            "PUT",
            check_key(key),
            headers={"if-none-match": "*"},
            body=data,
            expect=frozenset({_EXISTS}),
            again=BUSY | {_CONFLICT},
        )
        return answer.status != _EXISTS or (answer.uncertain and self.get(key) == data)

    def stat(self, key: str) -> ObjectInfo | None:
        """Return the object's facts; None if it does not exist."""
        try:
            answer = self._bucket.ask("HEAD", check_key(key), expect=frozenset({_MISSING}))
        except StoreDenied:
            if not (self._bucket.is_confined and confined.is_absent(self, key)):
                raise
            return None
        if answer.status != _MISSING:
            size = int(answer.headers["content-length"])
            etag, written = answer.headers.get("etag", "").strip('"'), answer.headers.get("last-modified", "")
            return ObjectInfo(key, size, etag, seconds_of_header(written))
        if code_of(answer) == "NoSuchBucket":
            raise self._bucket.refused(answer, key)
        return None

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key starts with `prefix` and sorts after `after`, in key order."""
        if self._bucket.is_confined and confined.is_by_folder(self._bucket, check_prefix(prefix)):
            return confined.by_folder(self._bucket, self._pages, prefix, after)
        return self._pages(self._prefix + check_prefix(prefix), after)

    def delete(self, key: str) -> None:
        """Delete the object. An absent key is no error."""
        answer = self._bucket.ask("DELETE", check_key(key), expect=frozenset({_MISSING}))
        if answer.status == _MISSING and code_of(answer) not in ("NoSuchKey", "NoSuchVersion"):
            raise self._bucket.refused(answer, key)

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Upload the file's content, atomically. Raise StoreError if it has another `digest`."""
        with local_file_errors(path, "upload"):
            size = path.stat().st_size
        if size > multipart.PART:
            multipart.send(self._bucket, check_key(key), path, self._workers, digest=digest)
        else:
            body = Slice(path, 0, size, digest)
            if not size:
                deque(body.blocks(), maxlen=0)  # the headers are the whole request, so the check comes first
            self._bucket.ask("PUT", check_key(key), body=body)

    def download(self, key: str, path: Path) -> None:
        """Download the object to a new file at `path`, whose parent exists. Raise ObjectMissing."""
        check_key(key)
        with new_file(path) as descriptor:
            ranges.fetch(self._bucket, key, descriptor, self._workers)

    def copy(self, source: str, target: str) -> None:
        """Copy the object `source` to `target` on the server. Raise ObjectMissing."""
        found = self.stat(source)
        if found is None:
            raise ObjectMissing(f"no object {source!r} in bucket {self._bucket.address.bucket!r}")
        if source != check_key(target):
            copying.copy(self._bucket, found, target, lambda: self._workers)

    def now(self) -> datetime:
        """Return the store's own time, UTC, to the second."""
        # A store tells its time with a refusal too, and keys for a part of it may not ask for the bucket.
        expect = frozenset({_DENIED} if self._bucket.address.credentials.session_token else ())
        at = server_time(self._bucket.ask("HEAD", expect=expect).headers)
        if at is None:
            raise StoreError(f"the object store at {self._bucket.address.endpoint} does not tell its time (no Date)")
        return at

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        """Yield the multipart uploads below the bucket's prefix that have not ended. MinIO lists none."""
        from .unfinished_uploads import listed

        return listed(self._bucket, self._prefix)

    def abort_upload(self, found: UnfinishedUpload) -> None:
        """Abort a multipart upload; an ended one is no error."""
        from .unfinished_uploads import abort

        abort(self._bucket, found)

    def close(self) -> None:
        """Close threads and idle connections; the store stays usable."""
        workers = self.__dict__.pop("_workers", None)
        if workers is not None:
            workers.shutdown()
        self._bucket.close()

    @cached_property
    def _workers(self) -> Executor:
        from concurrent.futures import ThreadPoolExecutor  # only transfers need it

        return ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")

    def _pages(self, prefix: str, after: str) -> Iterator[ObjectInfo]:
        progress, rest = Progress(prefix), ""
        start = self._prefix + after if after else ""
        while True:
            answer = self._bucket.ask("GET", query=page_query(prefix, start, rest))
            page = read_page(answer.body)
            progress.check(page)
            for found in page.objects:
                key = found.key[len(self._prefix) :]
                if key > after and not key.endswith("/"):  # consoles mark empty folders by keys that end in a slash
                    yield ObjectInfo(key, found.size, found.etag, found.modified)
            rest = page.rest
            if not rest:
                return


def _quoted(etag: str) -> str:
    return f'"{etag}"' if etag else ""
