"""Previews of files, for viewers who do not take all of them: a page of rows or text, or facts.

The file may be hostile and of any size. The notes of a preview name each bound that was reached.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from ..ports import ObjectInfo, ObjectStore
from .shown_files import delimited, images, parquet, texts
from .shown_files.reading import Source, encoding_of, is_binary
from .shown_files.values import READ, FileKind, Place, Preview

__all__ = ["FileKind", "Place", "Preview", "media_type", "preview"]

_START = Place()
_DELIMITERS = {".csv": "", ".tsv": "\t", ".tab": "\t"}
_MARKUP = {".html": FileKind.HTML, ".htm": FileKind.HTML, ".svg": FileKind.SVG}
_MEDIA = {FileKind.HTML: "text/html; charset=utf-8", FileKind.SVG: "image/svg+xml"}
_JSON = frozenset({".json", ".ipynb", ".geojson"})
_HEAD = 1 << 16
"""Bytes that are read to find the kind of a file; the size of a JPEG may lie behind its metadata."""
_DUMP = 256
_SHOWN_SVG = 1 << 20
"""The most bytes of a drawing that is shown: a browser draws all of its elements."""
_MAGIC = (
    (b"PK\x03\x04", "zip archive (not opened)"),
    (b"\x1f\x8b", "gzip (not opened)"),
    (b"BZh", "bzip2 (not opened)"),
    (b"\xfd7zXZ\x00", "xz (not opened)"),
    (b"\x28\xb5\x2f\xfd", "zstd (not opened)"),
    (b"%PDF-", "PDF"),
    (b"\x7fELF", "ELF program"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x93NUMPY", "NumPy array"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"\x80", "perhaps a pickle (never loaded)"),
)


def preview(store: ObjectStore, info: ObjectInfo, name: str = "", place: Place = _START) -> Preview:
    """Return a page of a file.

    Args:
        store: The store that has it.
        info: The object, as the store lists it.
        name: The file's name, which tells its kind. Default: the last part of its key.
        place: The place at which the page begins. Default: the start.

    Raises:
        StoreError: The file cannot be read, or has changed.

    """
    shown = name or info.key.rpartition("/")[2]
    source = Source(store, info)
    if not source.size:
        return Preview(kind=FileKind.EMPTY, name=shown, bytes=0)
    at = replace(place, at=min(max(0, place.at), source.size))
    head = source.read(0, _HEAD)
    suffix = PurePosixPath(shown.lower()).suffix
    raster = images.raster(head)
    if raster is not None:
        return _image(shown, source, raster)
    if parquet.is_parquet(source, head):
        return parquet.page(shown, source, place)
    if is_binary(head):
        return _binary(shown, source, head)
    if suffix in _DELIMITERS and encoding_of(head)[0] == "utf-8":
        return delimited.page(shown, source.size, source.read, at, _DELIMITERS[suffix])
    if suffix in _MARKUP:
        return _markup(shown, source, _MARKUP[suffix], at, head)
    if suffix in _JSON:
        return _json(shown, source, at, head)
    return _text(shown, source, at, head)


def media_type(store: ObjectStore, info: ObjectInfo, name: str) -> str:
    """Return the media type with which a browser may be given a file inside a sandbox; empty: it may only be stored.

    Args:
        store: The store that has it.
        info: The object.
        name: The file's name.

    Raises:
        StoreError: The file cannot be read, or has changed.

    """
    source = Source(store, info)
    head = source.read(0, _HEAD)
    raster = images.raster(head)
    if raster is not None:
        return "" if raster.problem or source.size > images.BYTES else raster.media_type
    if is_binary(head):
        return ""
    kind = _MARKUP.get(PurePosixPath(name.lower()).suffix)
    if kind is None or (kind is FileKind.SVG and source.size > _SHOWN_SVG):
        return "text/plain; charset=utf-8"
    return _MEDIA[kind]


def _image(name: str, source: Source, raster: images.Raster) -> Preview:
    problem = raster.problem
    if not problem and source.size > images.BYTES:
        problem = f"It has more than {images.BYTES >> 20} MiB: it is not shown."
    return Preview(
        kind=FileKind.BINARY if problem else FileKind.IMAGE,
        name=name,
        bytes=source.size,
        media_type=raster.media_type,
        width=raster.width,
        height=raster.height,
        facts=(("Format", raster.media_type), ("Pixels", f"{raster.width:,} by {raster.height:,}")),
        notes=(problem,) if problem else (),
    )


def _text(name: str, source: Source, place: Place, head: bytes) -> Preview:
    return texts.page(name, source.size, source.read(place.at, texts.PAGE), place, head)


def _markup(name: str, source: Source, kind: FileKind, place: Place, head: bytes) -> Preview:
    """Return the source of a document; the page shows the document inside a sandbox alone."""
    made = _text(name, source, place, head)
    if kind is FileKind.SVG and source.size > _SHOWN_SVG:
        return replace(made, notes=(*made.notes, "The drawing has more than 1 MiB: its source is shown instead."))
    return replace(made, kind=kind, media_type=_MEDIA[kind])


def _json(name: str, source: Source, place: Place, head: bytes) -> Preview:
    if source.size > READ or place.at:
        made = _text(name, source, place, head)
        return replace(made, notes=(*made.notes, f"JSON of more than {READ >> 20} MiB is shown as it is."))
    encoding, mark = encoding_of(head)
    text, note = texts.pretty(source.read(0, READ)[mark:].decode(encoding, errors="replace"))
    if not text:
        made = _text(name, source, place, head)
        return replace(made, notes=(*made.notes, note))
    return Preview(kind=FileKind.JSON, name=name, bytes=source.size, text=text, notes=(note,) if note else ())


def _binary(name: str, source: Source, head: bytes) -> Preview:
    """Return the first bytes of a file: hexadecimal, and as letters where they are such."""
    kind = next((text for magic, text in _MAGIC if head.startswith(magic)), "unknown")
    return Preview(
        kind=FileKind.BINARY,
        name=name,
        bytes=source.size,
        text="\n".join(_dumped(at, head[at : at + 16]) for at in range(0, min(_DUMP, len(head)), 16)),
        facts=(("Format", kind),),
    )


def _dumped(at: int, data: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
    return f"{at:08x}  {data.hex(' '):<47}  {letters}"
