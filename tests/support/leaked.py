"""A secret with characters that addresses encode, and a search for every form of it in what is kept."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tests.support.package_index import USER

SECRET = "s3cr3t/t0ken@%of-packages"
_FORMS = tuple(
    form.encode()
    for form in (
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="@"),
        quote(SECRET),
        base64.b64encode(f"{USER}:{SECRET}".encode()).decode(),
        "t0ken@",
        "t0ken%40",
    )
)


def leaked(data: bytes) -> bool:
    """Return True if the bytes, or the files of the archive that they are, hold a form of the secret."""
    return any(form in part for part in unpacked(data) for form in _FORMS)


def leaks(folder: Path) -> list[str]:
    """Return the files below a folder that hold the secret in their name or their content."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path) for path in files if leaked(str(path).encode()) or leaked(path.read_bytes())]


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the bytes, and those of everything that is packed in them."""
    yield data
    for inner in _inner(data):
        yield from unpacked(inner)


def _inner(data: bytes) -> Iterable[bytes]:
    """Return what a compressed file or an archive holds. A plain tar file shows its files as they are."""
    if data.startswith(b"\x1f\x8b"):
        return [gzip.decompress(data)]
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [archive.read(name) for name in archive.namelist()]
    if data[257:262] == b"ustar":
        return _compressed_members(data)
    with suppress(zlib.error):
        return [zlib.decompress(data)] if data[:1] == b"x" else []
    return []


def _compressed_members(data: bytes) -> Iterator[bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            content = file.read() if file else b""
            if content.startswith((b"\x1f\x8b", b"PK\x03\x04")):
                yield content
