"""The cache folder: environments, step archives and logs of controllers."""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path

from ..errors import BadInput

_REMEDY = "set XDG_CACHE_HOME to a folder that this user can write"


def cache_folder() -> Path:
    """Return the folder that is kept across projects, and make it.

    Services and containers often have no home folder that can be written; a private folder below the one for
    temporary files serves then.

    Raises:
        BadInput: Neither can be used.
    """
    return _chosen(*_wanted())[0]


def cache_note() -> str:
    """Return a line about a cache that is not where it should be; empty: it is."""
    return _chosen(*_wanted())[1]


def _wanted() -> tuple[str, str]:
    """Return the usual folder (XDG Base Directory Specification) and the one for temporary files."""
    usual = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    return usual, os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the folder below it is checked


@lru_cache(maxsize=8)
def _chosen(usual: str, temporary: str) -> tuple[Path, str]:
    if os.path.isabs(usual) and _can_write(Path(usual, "runner")):  # noqa: PTH117
        return Path(usual, "runner"), ""
    spare = Path(temporary, f"runner-cache-{os.geteuid()}")
    try:
        spare.mkdir(mode=0o700, exist_ok=True)
        facts = spare.lstat()
    except OSError as error:
        raise BadInput(
            f"there is no folder for a cache: {usual} cannot be written, nor can {spare} ({error.strerror})",
            remedy=_REMEDY,
        ) from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise BadInput(f"there is no folder for a cache: {usual} cannot be written", str(spare), _REMEDY)
    return spare, f"the cache folder {usual} cannot be written; {spare} is used. To choose another: {_REMEDY}"


def _can_write(folder: Path) -> bool:
    """Return whether `folder` can be written; it is made, since only that shows whether it can be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
