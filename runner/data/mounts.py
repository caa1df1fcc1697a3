"""Show a mounted input at the path that its script expects, and tell whether a mount still answers.

A mount shows a whole folder of a bucket, read on demand. A script gets a link to it if the folder holds exactly the
files of the manifest. Otherwise it gets a folder tree with a link for each file: parts of a folder, empty folders (a
bucket has none), and paths that are folders already.

Nothing here waits for a mount without a limit. A file system in user space whose server is gone may block each call.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Callable, TypeVar

from ..dataclass import dataclass
from ..errors import StoreError
from ..model.data import Entry, Kind, Manifest
from .transfers.trees import target_of

T = TypeVar("T")
CHECK_SECONDS = 300.0
"""The longest comparison of a mount with its manifest."""
PROBE_SECONDS = 10.0
"""The longest wait for a mount's answer after the script has ended."""
SIZES = 20_000
"""The most files whose sizes are compared; of more, that many are taken evenly."""
_LOST = re.compile(r"Input/output error|Transport endpoint is not connected|Stale (NFS )?file handle")
"""The texts of EIO, ENOTCONN and ESTALE (errno(3)): a mount answers with them when its store or its server is gone."""
_TAIL = 2000
"""Characters at the end of a script's output in which such a text tells why it failed."""


@dataclass(frozen=True)
class Shown:
    """The files of a mount that lie in the folders of a manifest."""

    wrong: tuple[str, ...]
    """Files that are missing or have another size, sorted."""
    exact: bool
    """True if the folders hold nothing else."""


def show(source: Path, pinned: Manifest, path: Path, what: str, seconds: float = CHECK_SECONDS) -> None:
    """Make a mounted input appear at `path`.

    Args:
        source: The folder in which the mount has its files.
        pinned: The input's files.
        path: The path for the script: of a file, or of a folder. Its parent exists.
        what: The input, for people.
        seconds: The longest wait. Default: `CHECK_SECONDS`.

    Raises:
        StoreError: The mount does not answer, or shows other files than the store has.

    """
    lone = path.name if pinned.kind is Kind.FILE else ""
    found = within(seconds, f"the mount of {what}", lambda: compare(source, pinned, lone))
    if found.wrong:
        more = f" and {len(found.wrong) - 1} more" if len(found.wrong) > 1 else ""
        raise StoreError(f"the mount of {what} does not show what its store has: {found.wrong[0]}{more}")
    if lone:
        _link(path, source / lone)
    elif found.exact and not pinned.folders and not os.path.lexists(path):
        path.symlink_to(source, target_is_directory=True)
    else:
        _plant(source, pinned, path)


def compare(source: Path, pinned: Manifest, lone: str = "") -> Shown:
    """Compare the names and sizes that a mount shows with a manifest. It may block: see `within`.

    Args:
        source: The folder in which the mount has its files.
        pinned: The input's files.
        lone: The name of the file, if the manifest is of a single one. Default: empty, it is of a folder.

    Raises:
        OSError: The mount cannot be read.

    """
    if lone:
        facts = _facts(source / lone)
        return Shown(() if facts == pinned.bytes else (lone,), exact=False)
    wanted = _names_by_folder(pinned.entries)
    there = {folder: _listed(source / folder) for folder in sorted(wanted)}
    missing = {
        one.path for one in pinned.entries if one.path.rpartition("/")[2] not in there[one.path.rpartition("/")[0]]
    }
    files = pinned.entries if len(pinned.entries) <= SIZES else pinned.entries[:: -(-len(pinned.entries) // SIZES)]
    wrong = (one.path for one in files if one.path not in missing and _facts(source / one.path) != one.size)
    exact = all(there[folder] <= names for folder, names in wanted.items())
    return Shown(tuple(sorted((*missing, *wrong))), exact)


def lost(sources: Mapping[str, Path], tail: str, seconds: float = PROBE_SECONDS) -> str:
    """Return the failure of a mount that may have made a script fail; empty: there is none.

    Args:
        sources: The folders in which the mounts have their files, by the inputs' names.
        tail: The end of the script's output.
        seconds: The longest wait for each mount. Default: `PROBE_SECONDS`.

    """
    for name, source in sources.items():
        try:
            # A mount without a server answers stat(2) from the kernel's cache, but not statvfs(3).
            within(seconds, f"the mount of input '{name}'", partial(os.statvfs, source))
        except StoreError as error:
            return str(error)
    said = _LOST.search(tail[-_TAIL:]) if sources else None
    return f"a mounted input could not be read ({said[0]})" if said else ""


def within(seconds: float, what: str, work: Callable[[], T]) -> T:
    """Return the result of `work`, which may block for ever.

    Args:
        seconds: The longest wait.
        what: The mount, for people.
        work: Reads the mount.

    Raises:
        StoreError: The work has not ended in time, or the mount cannot be read.

    """
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if not errors:
        raise StoreError(f"{what} has not answered within {seconds:g} s")
    if isinstance(errors[0], OSError):
        raise StoreError(f"{what} cannot be read: {errors[0].strerror or errors[0]}") from errors[0]
    raise errors[0]


def written(path: Path) -> Iterable[tuple[str, Path]]:
    """Yield the files in a tree of links that are no links, with their POSIX paths relative to it: a script made them.

    Args:
        path: The path that `show` has filled.

    """
    if path.is_symlink():
        return
    for folder, _, names in os.walk(path):
        for name in names:
            file = Path(folder, name)
            if not file.is_symlink():
                yield file.relative_to(path).as_posix(), file


def _plant(source: Path, pinned: Manifest, path: Path) -> None:
    """Make folders with a link for each file."""
    path.mkdir(exist_ok=True)
    places = {entry.path: target_of(path, entry) for entry in pinned.entries}
    folders = {target_of(path, Entry(name, 0, "")) for name in pinned.folders}
    for folder in sorted({place.parent for place in places.values()} | folders):
        folder.mkdir(parents=True, exist_ok=True)
    for relative, place in places.items():
        _link(place, source / relative)


def _link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)  # the snapshot may have a file there
    path.symlink_to(target)


def _names_by_folder(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Return the names of the files and folders in each folder of a manifest; the outermost is the empty text."""
    names: dict[str, set[str]] = {"": set()}
    for entry in entries:
        rest = entry.path
        while rest:
            folder, _, name = rest.rpartition("/")
            known = names.setdefault(folder, set())
            if name in known:
                break
            known.add(name)
            rest = folder
    return names


def _listed(folder: Path) -> set[str]:
    """Return the names in a folder; none if it is absent."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _facts(path: Path) -> int:
    """Return the size of a file; -1 if it is none."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - one of many thousands
    except (FileNotFoundError, NotADirectoryError):
        return -1
    return facts.st_size if stat.S_ISREG(facts.st_mode) else -1
