"""Bounded reads of one object, and the text in its bytes."""

from __future__ import annotations

from ...ports import ObjectInfo, ObjectStore

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF8_MARK = b"\xef\xbb\xbf"
_CONTINUATION = 0b10


class Source:
    """One object of a store as a file that is read in parts. An object that is overwritten meanwhile is an error."""

    def __init__(self, store: ObjectStore, info: ObjectInfo) -> None:
        """Name the object.

        Args:
            store: Its store.
            info: Its facts, with its etag.

        """
        self._store, self._info = store, info
        self.size = info.size

    def read(self, start: int, length: int) -> bytes:
        """Return a part; less behind the end.

        Args:
            start: The place of the first byte.
            length: The most bytes.

        Raises:
            StoreError: The object cannot be read, or has changed.

        """
        wanted = min(length, self.size - start)
        return self._store.read_range(self._info.key, start, wanted, self._info.etag) if wanted > 0 else b""


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding that a file's first bytes state, and the length of that statement.

    Args:
        head: The first bytes of the file.

    """
    if head.startswith(_UTF8_MARK):
        return "utf-8", len(_UTF8_MARK)
    return (_UTF16[head[:2]], 2) if head[:2] in _UTF16 else ("utf-8", 0)


def is_binary(head: bytes) -> bool:
    """Return True if the first bytes of a file are not those of a text.

    Args:
        head: The first bytes of the file.

    """
    encoding, mark = encoding_of(head)
    if encoding != "utf-8":
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x08\x1b" for byte in head[mark:])
    return controls * 50 > len(head)


def whole_characters(data: bytes) -> int:
    """Return the number of bytes at the start of `data` that end with a whole UTF-8 character.

    Args:
        data: Bytes that may end inside of a character. Bytes that are no UTF-8 count as they are.

    """
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >> 6 == _CONTINUATION:
            continue
        needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return len(data) - back if needed > back and byte < 0xF8 else len(data)
    return len(data)
