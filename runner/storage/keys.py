"""Object keys that every store accepts: those that are also safe paths below a folder."""

from __future__ import annotations

from ..model.names import KEY_BYTES, SEGMENT_BYTES, UNFINISHED

RESERVED = UNFINISHED


def check_key(key: str) -> str:
    """Return `key`; raise ValueError unless it is a relative POSIX path without ``.``, ``..`` or empty segments."""
    if not key:
        raise ValueError("an object key is empty")
    if not key.isascii() or len(key) > SEGMENT_BYTES:
        _check_bytes(key)
    if "/." in f"/{key}" or "//" in key or key[0] == "/" or key[-1] == "/" or "\0" in key:
        _check_segments(key, key.split("/"))
    return key


def check_range(start: int, length: int) -> None:
    """Raise ValueError unless both are 0 or more."""
    if start < 0 or length < 0:
        raise ValueError(f"not a range of an object: {length} bytes from {start}")


def check_prefix(prefix: str) -> str:
    """Return `prefix`, which may be empty or end anywhere in a key; raise ValueError where no key can start so."""
    if prefix:
        _check_segments(prefix, prefix.split("/")[:-1])
    return prefix


def _check_segments(key: str, segments: list[str]) -> None:
    if "\0" in key or any(segment in ("", ".", "..") for segment in segments):
        raise ValueError(f"not an object key: {key!r} (no leading slash, '.', '..', empty segment or NUL)")
    if segments and segments[0] == RESERVED:
        raise ValueError(f"not an object key: {key!r} ({RESERVED}/ is the store's own)")


def _check_bytes(key: str) -> None:
    try:
        whole = key.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"not an object key: {key!r} (no UTF-8 text)") from error
    if len(whole) > KEY_BYTES or max(map(len, whole.split(b"/"))) > SEGMENT_BYTES:
        raise ValueError(f"object key too long ({KEY_BYTES} bytes, {SEGMENT_BYTES} a segment): {key[:80]!r}…")
