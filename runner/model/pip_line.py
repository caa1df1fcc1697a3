"""Lines of a pip requirements file that name files of this machine, and wheels of the workspace's store (pure)."""

from __future__ import annotations

import os
import re

from ..dataclass import dataclass
from .environment import Wheel

WHEELS = "environments/wheels/"
"""The keys of stored wheels begin with this; the digest and the file name follow."""
_ADDRESS = f"runner://{WHEELS}"
_SUFFIX = ".whl"
_ARCHIVES = (_SUFFIX, ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar")
_NAMED = re.compile(r"[A-Za-z0-9][\w.-]*\s*(?P<extras>\[[^\]]*\])?\s*@\s*(?P<url>\S.*)")
_EXTRAS = re.compile(r"(?P<path>.*?)\s*(?P<extras>\[[\w.,\s-]*\])?")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|\s*=\s*)(?P<path>\S.*)")
_FILE_URL = re.compile(r"file:(?://[^/#?]*)?(?P<path>[^#?]*).*", re.IGNORECASE)
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_STORED = re.compile(_ADDRESS + r"(?P<digest>[0-9a-f]{64})/(?P<name>[^/\s]+\.whl)")
_PROJECT = re.compile(
    r"(?P<project>[A-Za-z0-9](?:[\w.]*[A-Za-z0-9])?)-(?P<version>[^-\s]+)(?:-\d[^-]*)?(?:-[^-\s]+){3}\.whl"
)
"""The file name of a wheel (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)."""


@dataclass(frozen=True)
class FileLine:
    """A line that names a file or a folder of this machine, or a wheel of the store."""

    path: str
    """The path as it is written, or the address of a stored wheel."""
    extras: str = ""
    """The extras with their brackets, like ``[gpu]``."""
    options: str = ""
    """The rest of the line: environment markers and hashes."""
    editable: bool = False

    @property
    def is_wheel(self) -> bool:
        """Return True if the name is that of a wheel."""
        return self.path.lower().endswith(_SUFFIX) and not self.editable

    @property
    def is_local_wheel(self) -> bool:
        """Return True for a wheel that is a file of this machine."""
        return self.is_wheel and not self.stored

    @property
    def stored(self) -> Wheel | None:
        """The wheel of the store that the line names; None: it names another thing."""
        match = _STORED.fullmatch(self.path)
        return Wheel(match["name"], match["digest"]) if match else None


def file_line(line: str) -> FileLine | None:
    """Return the file that a line names; None for a package of an index, an option or an address elsewhere.

    Args:
        line: A line of a requirements file.

    """
    text = line.strip()
    if editable := _EDITABLE.fullmatch(text):
        found = _of_path(editable["path"], "", "")
        return None if found is None else FileLine(found.path, found.extras, found.options, editable=True)
    if text.startswith("-"):
        return None
    body, options = _divided(text)
    named = _NAMED.fullmatch(body)
    if named:
        return _of_path(named["url"], named["extras"] or "", options, url=True)
    return _of_path(body, "", options)


def anchored(line: str, folder: str) -> str:
    """Return the line with the absolute path of the file that it names; other lines as they are.

    Args:
        line: A line of a requirements file.
        folder: The folder that a relative path is seen from.

    """
    found = file_line(line)
    if found is None or found.stored:
        return line
    path = os.path.abspath(os.path.join(folder, found.path))  # noqa: PTH100, PTH118 - text, without following links
    shown = f"{path}{found.extras}{found.options}"
    return f"-e {shown}" if found.editable else shown


def address(wheel: Wheel) -> str:
    """Return the address of a stored wheel, which a line of pip may name."""
    return f"{_ADDRESS}{wheel.digest}/{wheel.name}"


def project_and_version(file_name: str) -> tuple[str, str] | None:
    """Return the project and the version in the file name of a wheel; None if it is no such name."""
    match = _PROJECT.fullmatch(file_name)
    return (match["project"], match["version"]) if match else None


def _divided(text: str) -> tuple[str, str]:
    """Return a requirement, and its environment markers and hashes with the separator before them."""
    match = re.search(r"\s+(?:;|--)|;\s", text)
    return (text[: match.start()], text[match.start() :]) if match else (text, "")


def _of_path(text: str, extras: str, options: str, *, url: bool = False) -> FileLine | None:
    match = _EXTRAS.fullmatch(text.strip())
    path, extras = (match["path"], extras or match["extras"] or "") if match else (text, extras)
    if path.startswith(_ADDRESS):
        return FileLine(path.partition("#")[0], extras, options)
    if path.lower().startswith("file:"):
        return FileLine(_path_of(path), extras, options)
    if url or "://" in path:
        return None
    is_file = path.startswith((".", "/", "~")) or "/" in path or path.lower().endswith(_ARCHIVES)
    return FileLine(path, extras, options) if is_file else None


def _path_of(url: str) -> str:
    """Return the path in a ``file:`` address (RFC 8089)."""
    match = _FILE_URL.fullmatch(url)
    path = match["path"] if match else ""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode(errors="replace"), path)
