from __future__ import annotations

import pytest

from runner.errors import StoreError
from runner.model.data import Kind, Manifest
from runner.model.record import AttemptRecord, CommitRecord
from runner.model.run_request import AcceptedRequest, RunRequest
from runner.model.stored_documents import read_document
from runner.model.task import Task


def test_a_document_is_read() -> None:
    assert read_document(Manifest, b'{"kind": "folder"}', "manifests/x.json") == Manifest(Kind.FOLDER)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"kind": "folder", "document_format": 2}', "a later version of runner wrote it"),
        (b'{"kind": "folder", "of_later": 1}', "unknown field 'of_later'"),
        (b"", "it is empty"),
        (b"\xff", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, why: str) -> None:
    with pytest.raises(StoreError, match=f"'manifests/x.json' cannot be read.*{why}|{why}"):
        read_document(Manifest, data, "manifests/x.json")


HOSTILE = (
    b"[" * 200_000,
    b'{"kind":' * 100_000,
    b"[" * 900 + b"]" * 900,
    b"1" * 5000,
    b'{"phases": {"script": 1' + b"0" * 400 + b"}}",
    b'{"phases": {"script": 1e999}}',
    b'{"started": "0001-01-01T00:00:00+23:59"}',
    b'{"failure": []}',
    b'{"failure": {"a": []}}',
    b'{"outputs": {"\\ud800": {"type": [{}]}}}',
    b'{"values": {"data": {"a": {"type": {"b": 1}}}}}',
    b'{"values": {"scalars": {"a": [[]]}}}',
    b'{"document_format": [[]]}',
    b"NaN",
    b"null",
    b"\x00",
)


@pytest.mark.parametrize("shape", [AttemptRecord, CommitRecord, Task, Manifest, RunRequest, AcceptedRequest])
@pytest.mark.parametrize("data", HOSTILE)
def test_no_content_raises_anything_else(shape: type[object], data: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_document(shape, data, "x.json")
