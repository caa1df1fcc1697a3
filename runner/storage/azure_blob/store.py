"""A container of Azure Blob Storage as an object store that is only read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from http.client import IncompleteRead
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...errors import ObjectChanged, ObjectMissing, StoreDenied, StoreError
from ...ports import ObjectInfo
from ..keys import check_key, check_prefix, check_range
from ..localfile import BLOCK, local_file_errors, new_file, write_at
from ..s3.body import Body
from ..s3.credential_refresh import server_time
from ..s3.http import Answer, RetryPolicy
from ..s3.listing import seconds_of_header
from ..s3.parallel import all_of
from .address import Container
from .error_answers import code_of, error_of
from .listing import is_folder_mark, page_query, read_page, wrong
from .requests import Renew, Requests

if TYPE_CHECKING:
    from concurrent.futures import Executor

PART = 16 << 20
"""Bytes of a part of a download."""
_THREADS = 8
_OK, _PARTIAL, _MISSING, _CHANGED, _NO_RANGE = 200, 206, 404, 412, 416


class BlobStore:
    """An `ObjectStore` in a container. Every method that would write raises StoreDenied.

    Any number of threads may use it; large downloads share eight of its own.
    """

    def __init__(self, container: Container, retries: RetryPolicy | None = None, renew: Renew | None = None) -> None:
        """Connect on the first request. Raise BadInput for an invalid endpoint.

        Args:
            container: The container and its key.
            retries: The retries of each request; None: the default policy.
            renew: Returns the container with another key after a refusal; None: there is none.
        """
        self._requests = Requests(container, retries or RetryPolicy(), renew)
        self._prefix = container.prefix
        self._named = f"{container.container}@{container.account}.blob.core.windows.net"

    @property
    def location(self) -> str:
        """The place of the store for other tools: ``wasbs://CONTAINER@ACCOUNT.blob.core.windows.net/PREFIX``."""
        return f"wasbs://{self._named}/{self._prefix}"

    def get(self, key: str) -> bytes:
        """Return the blob's bytes. Raise ObjectMissing."""
        answer = self._requests.ask("GET", check_key(key))
        if answer.status != _OK:
            raise self._refused(answer, key)
        return self._of_blob(answer, key).body

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """Return up to `length` bytes of the blob from `start`. Raise ObjectMissing, ObjectChanged."""
        check_key(key)
        check_range(start, length)
        if not length:
            return self._nothing_of(key, etag)
        headers = {"range": f"bytes={start}-{start + length - 1}", **({"if-match": f'"{etag}"'} if etag else {})}
        answer = self._requests.ask("GET", key, headers=headers)
        if answer.status == _NO_RANGE:
            return self._nothing_of(key, etag)
        if answer.status == _CHANGED:
            raise _overwritten(key)
        if answer.status not in (_OK, _PARTIAL):
            raise self._refused(answer, key)
        whole = self._of_blob(answer, key)
        if etag and whole.headers["etag"].strip('"') != etag:
            raise _overwritten(key)
        return whole.body[start : start + length] if answer.status == _OK else whole.body

    def stat(self, key: str) -> ObjectInfo | None:
        """Return the blob's facts; None if there is none, or what stands for a folder."""
        answer = self._requests.ask("HEAD", check_key(key))
        if answer.status == _MISSING and code_of(answer) in ("", "BlobNotFound"):
            return None
        if answer.status != _OK:
            raise self._refused(answer, key)
        headers = self._of_blob(answer, key).headers
        if not headers.get("content-length", "").isdecimal():
            raise self._foreign(answer, key)
        size = int(headers["content-length"])
        if is_folder_mark(dict(headers), size):
            return None
        return ObjectInfo(key, size, headers["etag"].strip('"'), seconds_of_header(headers.get("last-modified", "")))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the blobs whose key starts with `prefix` and sorts after `after`, in key order.

        The service has orders of its own (by case, and by folders in accounts with a hierarchical namespace), so the
        whole listing is read before the first key comes.
        """
        whole = self._prefix + check_prefix(prefix)
        found: list[ObjectInfo] = []
        seen: set[str] = set()
        rest = ""
        while True:
            answer = self._requests.ask("GET", query=page_query(whole, rest))
            if answer.status != _OK:
                raise self._refused(answer, "")
            page = read_page(answer.body)
            found.extend(self._below(page.blobs, whole, after))
            rest = page.rest
            if not rest:
                break
            if rest in seen:
                raise wrong("does not end: its pages lead nowhere")
            seen.add(rest)
        found.sort(key=lambda info: info.key)
        return iter(found)

    def first_page(self) -> None:
        """Ask for one name. Raise StoreError if the container cannot be listed."""
        answer = self._requests.ask("GET", query={**page_query(self._prefix, ""), "maxresults": "1"})
        if answer.status != _OK:
            raise self._refused(answer, "")
        read_page(answer.body)

    def download(self, key: str, path: Path) -> None:
        """Download the blob to a new file at `path`, whose parent exists. Raise ObjectMissing."""
        check_key(key)
        with new_file(path) as descriptor:
            first = _Part(descriptor, 0)
            answer = self._part(key, first, "")
            if answer.status != _PARTIAL:  # an empty blob, or a server that ignores the range
                return
            size = _size(answer, key)
            self._require(answer, first, size, key)
            etag = answer.headers.get("etag", "")
            all_of(
                [
                    self._workers.submit(self._fetch, key, _Part(descriptor, offset), etag, size)
                    for offset in range(PART, size, PART)
                ]
            )

    def now(self) -> datetime:
        """Return the store's own time, UTC, to the second."""
        at = server_time(self._requests.ask("HEAD", query={"restype": "container"}).headers)
        if at is None:
            raise StoreError(f"the store at {self._requests.container.endpoint} does not tell its time (no Date)")
        return at

    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002 - nothing is written
        """Raise StoreDenied."""
        self._read_only(key)

    def put_if_absent(self, key: str, data: bytes) -> bool:  # noqa: ARG002 - nothing is written
        """Raise StoreDenied."""
        self._read_only(key)

    def delete(self, key: str) -> None:
        """Raise StoreDenied."""
        self._read_only(key)

    def upload(self, key: str, path: Path, digest: str = "") -> None:  # noqa: ARG002 - nothing is written
        """Raise StoreDenied."""
        self._read_only(key)

    def copy(self, source: str, target: str) -> None:  # noqa: ARG002 - nothing is written
        """Raise StoreDenied."""
        self._read_only(target)

    def close(self) -> None:
        """Close threads and idle connections; the store stays usable."""
        workers = self.__dict__.pop("_workers", None)
        if workers is not None:
            workers.shutdown()
        self._requests.close()

    @cached_property
    def _workers(self) -> Executor:
        from concurrent.futures import ThreadPoolExecutor  # only large downloads need it

        return ThreadPoolExecutor(_THREADS, thread_name_prefix="azure")

    def _nothing_of(self, key: str, etag: str) -> bytes:
        """Return no bytes of a blob that has the etag. Raise ObjectMissing, ObjectChanged."""
        found = self.stat(key)
        if found is None:
            raise ObjectMissing(f"no blob {self._prefix + key!r} in {self._requests.container.place}")
        if etag and found.etag != etag:
            raise _overwritten(key)
        return b""

    def _below(self, blobs: tuple[ObjectInfo, ...], whole: str, after: str) -> Iterator[ObjectInfo]:
        for blob in blobs:
            if not blob.key.startswith(whole):
                raise wrong(f"has the key {blob.key!r}, which does not start with {whole!r}")
            key = blob.key[len(self._prefix) :]
            if key > after and not key.endswith("/"):  # tools mark empty folders by keys that end in a slash
                yield ObjectInfo(key, blob.size, blob.etag, blob.modified)

    def _part(self, key: str, part: _Part, etag: str) -> Answer:
        """Ask for one part of a blob; `etag` is that of the first part."""
        headers = {"range": f"bytes={part.offset}-{part.offset + PART - 1}", **({"if-match": etag} if etag else {})}
        answer = self._requests.ask("GET", key, headers=headers, sink=part)
        if answer.status == _CHANGED:
            raise _overwritten(key)
        if answer.status not in (_OK, _PARTIAL) and not (answer.status == _NO_RANGE and not part.offset):
            raise self._refused(answer, key)
        return answer if answer.status == _NO_RANGE else self._of_blob(answer, key)

    def _fetch(self, key: str, part: _Part, etag: str, size: int) -> None:
        answer = self._part(key, part, etag)
        if answer.headers.get("etag", "") != etag:
            raise _overwritten(key)
        self._require(answer, part, size, key)

    def _require(self, answer: Answer, part: _Part, size: int, key: str) -> None:
        """Raise StoreError if the answer has another range than `part`, or another length."""
        end = min(part.offset + PART, size)
        told, due = answer.headers.get("content-range", ""), f"bytes {part.offset}-{end - 1}/{size}"
        if answer.status != _PARTIAL or told != due or part.length != end - part.offset:
            raise StoreError(
                f"the store sent {part.length} bytes of {key!r} (Content-Range: {told!r}), not {due!r}: "
                "this is not what was asked; check the endpoint, and any proxy on the way to it"
            )

    def _of_blob(self, answer: Answer, key: str) -> Answer:
        """Return an answer of success that has an ETag, as those of every blob do. Raise StoreError for another."""
        if not answer.headers.get("etag", "").strip('"'):
            raise self._foreign(answer, key)
        return answer

    def _foreign(self, answer: Answer, key: str) -> StoreError:
        return error_of(Answer(answer.status, {}, b""), self._requests.container, key, self._requests.now())

    def _refused(self, answer: Answer, key: str) -> StoreError:
        """Return the error for an answer of refusal."""
        if key and answer.status == _MISSING and not code_of(answer) and not answer.body:
            return ObjectMissing(f"no blob {self._prefix + key!r} in {self._requests.container.place}")
        return error_of(answer, self._requests.container, key, self._requests.now())

    def _read_only(self, key: str) -> NoReturn:
        raise StoreDenied(
            f"{self._prefix}{key} in container {self._requests.container.container!r} is not written: "
            "runner only reads Azure Blob Storage; write to another datastore"
        )


class _Part:
    """The sink of one part: writes the body at its offset in the file."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self.offset = offset
        self.length = 0
        self._descriptor = descriptor

    def __call__(self, body: Body) -> None:
        """Read the body to its end. Raise IncompleteRead if it is shorter than announced, StoreError."""
        buffer, announced = memoryview(bytearray(BLOCK)), body.length
        self.length = 0
        while count := body.readinto(buffer):
            with local_file_errors("the file", "write"):
                write_at(self._descriptor, buffer[:count], self.offset + self.length)
            self.length += count
        if announced is not None and self.length != announced:
            raise IncompleteRead(b"", announced - self.length)


def _size(answer: Answer, key: str) -> int:
    """Return the blob's whole size, which follows the slash of ``Content-Range``."""
    told = answer.headers.get("content-range", "")
    size = told.rpartition("/")[2]
    if not size.isdecimal():
        raise StoreError(f"the store did not tell the size of {key!r} (Content-Range: {told!r})")
    return int(size)


def _overwritten(key: str) -> ObjectChanged:
    return ObjectChanged(f"the blob {key!r} was overwritten while it was being downloaded; download it again")
