"""A workspace's name, and the folder that the name has in a bucket that several workspaces share (pure)."""

from __future__ import annotations

import re

WORKSPACES = "workspaces/"
"""The folder of the workspaces below a store's own prefix."""
LONGEST = 200
"""Bytes of a written name. S3 allows 1,024 bytes for the whole key."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_WRITTEN = re.compile(r"!([a-z])|=([0-9a-f]{2})|([^!=])", re.DOTALL)


def segment(name: str) -> str:
    """The name as one segment of a key.

    Small letters, digits, dash, underscore and dot stand for themselves. A capital letter is written as ``!`` and
    its small letter, so that stores on file systems that ignore case keep ``A`` and ``a`` apart (the rule of Go's
    module cache, https://go.dev/ref/mod#module-proxy). Every other byte of the name's UTF-8 form, and a dot at the
    beginning, is written as ``=`` and two hexadecimal digits. So two names never share a segment.
    """
    out = "".join(map(_written, name))
    return f"=2e{out[1:]}" if out.startswith(".") else out


def name_of(written: str) -> str | None:
    """The name that `segment` writes so; None: it writes none so."""
    data = bytearray()
    at = 0
    for match in _WRITTEN.finditer(written):
        capital, byte, plain = match.groups()
        data += capital.upper().encode() if capital else bytes.fromhex(byte) if byte else plain.encode()
        at = match.end()
    try:
        name = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return name if at == len(written) and segment(name) == written else None


def place_of(name: str) -> str:
    """The folder of the workspace below the prefix of its store, with a slash at its end."""
    return f"{WORKSPACES}{segment(name)}/"


def _written(char: str) -> str:
    if char in _PLAIN:
        return char
    if "A" <= char <= "Z":
        return f"!{char.lower()}"
    return "".join(f"={byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
