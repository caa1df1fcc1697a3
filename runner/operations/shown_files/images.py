"""The kind and the size of raster images, from their first bytes (pure).

A decoder needs memory for every pixel that a header states, however small the file is. So nobody decodes an image
before its size is known.
"""

from __future__ import annotations

from collections.abc import Callable

from ...dataclass import dataclass

SIDE = 16_384
"""The most pixels of a side of an image that is shown."""
PIXELS = 40_000_000
"""The most pixels of an image that is shown: 160 MB in a browser's memory."""
BYTES = 32 << 20
"""The most bytes of an image that is shown."""
_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
"""The JPEG markers SOF0 to SOF15 (ITU T.81, table B.1)."""


@dataclass(frozen=True)
class Raster:
    """A raster image. A side of 0: unknown."""

    media_type: str
    width: int
    height: int

    @property
    def problem(self) -> str:
        """The reason why it is not shown, in words; empty: there is none."""
        if not self.width or not self.height:
            return "Its header states no size: it is not shown."
        if max(self.width, self.height) > SIDE or self.width * self.height > PIXELS:
            most = f"{PIXELS // 1_000_000} million pixels"
            return f"It has {self.width:,} by {self.height:,} pixels: images of more than {most} are not shown."
        return ""


def raster(data: bytes) -> Raster | None:
    """Return the kind and size of an image; None: it is none of a known kind.

    Args:
        data: The first bytes of the file.

    """
    for begins, kind, read in _KINDS:
        if data.startswith(begins):
            if kind == "image/webp" and data[8:12] != b"WEBP":
                return None
            return Raster(kind, *read(data))
    return None


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return 0, 0
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> tuple[int, int]:
    return (_small(data, 6), _small(data, 8)) if len(data) >= 10 else (0, 0)


def _bmp(data: bytes) -> tuple[int, int]:
    if len(data) < 26 or int.from_bytes(data[14:18], "little") < 40:
        return 0, 0
    signed = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    width, height = map(abs, signed)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    """Return the largest size that a frame before the first scan states: there is one frame in honest files."""
    at, found = 2, (0, 0)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            found = max(found, (width, height), key=lambda size: size[0] * size[1])
        if marker == 0xDA:
            return found
        at += 2 if marker == 0x01 or 0xD0 <= marker <= 0xD8 else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30:
        return _small(data, 26) & 0x3FFF, _small(data, 28) & 0x3FFF
    return 0, 0


def _small(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


_KINDS: tuple[tuple[bytes, str, Callable[[bytes], tuple[int, int]]], ...] = (
    (_PNG, "image/png", _png),
    (b"\xff\xd8\xff", "image/jpeg", _jpeg),
    (b"GIF87a", "image/gif", _gif),
    (b"GIF89a", "image/gif", _gif),
    (b"RIFF", "image/webp", _webp),
    (b"BM", "image/bmp", _bmp),
)
