"""Messages between the supervisor of a pool and its worker processes: a JSON document and bytes, through a pipe."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any, Dict, Tuple

Message = Tuple[Dict[str, Any], bytes]
_SIZES = struct.Struct(">II")
"""The bytes of the document, and those behind it."""
_BLOCK = 1 << 18


def packed(document: dict[str, Any], payload: bytes = b"") -> bytes:
    """Return the bytes of a message.

    Args:
        document: A JSON object.
        payload: Bytes that go with it. Default: none.
    """
    text = json.dumps(document, separators=(",", ":")).encode()
    return _SIZES.pack(len(text), len(payload)) + text + payload


def send(descriptor: int, data: bytes) -> None:
    """Write all bytes to a blocking pipe.

    Args:
        descriptor: The pipe.
        data: What `packed` has made.

    Raises:
        BrokenPipeError: Nobody reads any more.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class Reader:
    """Reads messages from a pipe, whether it blocks or not.

    Args:
        descriptor: The pipe.

    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        """True when the other side has closed the pipe."""
        self._data = bytearray()

    def read(self) -> Iterator[Message]:
        """Yield the whole messages that are there; a blocking pipe is waited for."""
        if not self.ended:
            self._fill()
        at, end = 0, len(self._data)
        while end - at >= _SIZES.size:
            text, payload = _SIZES.unpack_from(self._data, at)
            middle = at + _SIZES.size + text
            if end < middle + payload:
                break
            yield (
                json.loads(self._data[at + _SIZES.size : middle]),
                bytes(self._data[middle : middle + payload]),
            )
            at = middle + payload
        del self._data[:at]

    def _fill(self) -> None:
        while True:
            try:
                block = os.read(self.descriptor, _BLOCK)
            except BlockingIOError:
                return
            except OSError:
                block = b""
            self._data += block
            if not block:
                self.ended = True
            if len(block) < _BLOCK:
                return
