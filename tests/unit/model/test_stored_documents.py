from __future__ import annotations

import pytest

from runner.errors import StoreError
from runner.model.data import Kind, Manifest
from runner.model.stored_documents import read_document


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
