"""Whether a file of this machine is a stored one, by digest or by ETag."""

from __future__ import annotations

from hashlib import md5
from pathlib import Path

import pytest

from runner.model.digest import digest_of_bytes
from runner.operations.files.same_content import has_etag, is_same
from runner.operations.files.selection import FoundFile
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore

MIB = 1 << 20


def multipart(content: bytes, part: int) -> str:
    parts = [md5(content[at : at + part]).digest() for at in range(0, len(content), part)]
    return f"{md5(b''.join(parts)).hexdigest()}-{len(parts)}"


@pytest.mark.parametrize("part", [5 * MIB, 8 * MIB, 16 * MIB])
@pytest.mark.parametrize("size", [16 * MIB, 17 * MIB + 1])
def test_the_etag_of_a_multipart_upload(tmp_path: Path, part: int, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    content = content[:size]
    path = tmp_path / "file"
    path.write_bytes(content)
    assert has_etag(path, multipart(content, part))
    assert not has_etag(path, multipart(content[:-1] + b"!", part))


def test_the_etag_of_one_put_and_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert has_etag(path, md5(b"content").hexdigest())
    assert not has_etag(path, md5(b"another").hexdigest())
    assert not any(has_etag(path, text) for text in ("", "-1", "opaque", f"{'0' * 32}-x", "1234-5678-9"))


def test_a_digest_decides_before_the_etag(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")

    def same(content: bytes, etag: str = "", digest: str = "") -> bool:
        file = FoundFile(path="k", datastore="d", key="k", size=len(content), etag=etag, digest=digest)
        return is_same(MemoryStore(), file, path)

    assert same(b"content", digest=digest_of_bytes(b"content"))
    assert not same(b"content", digest=digest_of_bytes(b"CONTENT"), etag=md5(b"content").hexdigest())
    assert same(b"content", etag=md5(b"content").hexdigest())
    assert not same(b"content")
    assert not same(b"longer content", etag=md5(b"content").hexdigest())


def test_files_of_a_folder_store_are_read(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    store.put("k", b"content")
    file = FoundFile(path="k", datastore="d", key="k", size=7, etag="of its time")
    (tmp_path / "same").write_bytes(b"content")
    (tmp_path / "other").write_bytes(b"CONTENT")
    assert is_same(store, file, tmp_path / "same")
    assert not is_same(store, file, tmp_path / "other")
    assert not is_same(store, file, tmp_path / "absent")
