"""A folder of scripts, frozen by content.

The digest is over sorted (path, executable bit, file digest): no times, owners or archive bytes.
v1's ignore rules apply: ``.amlignore`` at the folder's root, else ``.gitignore`` there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from ..backports import is_below
from ..dataclass import dataclass
from ..errors import BadInput, Problem
from ..model.digest import digest_of
from .file_digest import digest_of_file

ALWAYS_EXCLUDED = frozenset({".runner", ".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv"})
MAX_FILES = 2000
MAX_BYTES = 300 << 20
"""v1's limits of a snapshot; ``AML_SNAPSHOT_NO_FILE_LIMIT`` lifts the first."""
NOTABLE_FILES = 1000
NOTABLE_BYTES = 10 << 20
"""Bytes from which the size of a snapshot is shown: it is uploaded, and copied for every step."""


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a snapshot."""

    path: str
    executable: bool
    digest: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Snapshot:
    """The content of a folder when it was read."""

    folder: Path
    files: tuple[SnapshotFile, ...]

    @property
    def digest(self) -> str:
        """Hex SHA-256 over path, executable bit and content of each file."""
        return digest_of_files((file.path, file.executable, file.digest) for file in self.files)

    @property
    def bytes(self) -> int:
        """The sizes of all files together."""
        return sum(file.size for file in self.files)


def digest_of_files(files: Iterable[tuple[str, bool, str]]) -> str:
    """Return the digest of a snapshot from its files in any order: path, executable bit, hex SHA-256."""
    return digest_of(sorted(files))


def take(folder: Path) -> Snapshot:
    """Read the folder as it is now.

    Raises BadInput for a folder over v1's limits (naming its biggest files) and for links that leave it.
    """
    return Snapshot(folder, tuple(_file(folder, path) for path in sizes(folder)))


def sizes(folder: Path) -> Mapping[str, int]:
    """Return the files of a snapshot and their sizes, sorted by path; none is read. Raises BadInput as `take`."""
    found = {path: (folder / path).stat().st_size for path in _chosen(folder)}
    _check_size(folder, found)
    return found


def script_problem(folder: Path, script: str) -> Problem | None:
    """Return why a snapshot of `folder` would lack the file `script`; empty if it has the file.

    Raises BadInput for an ignore file that cannot be read.
    """
    path = folder / script
    inside = PurePosixPath(os.path.normpath(script))
    if inside.is_absolute() or ".." in inside.parts:
        return Problem(
            f"the script {script} does not lie in the source directory {folder}, which is all that the step gets",
            remedy="name it relative to source_directory, and point that at a folder around it",
        )
    if not path.is_file():
        return Problem(f"the script {path} does not exist", remedy="correct script_name")
    parts = inside.parts
    if any(_always_excluded(folder.joinpath(*parts[: end + 1])) for end in range(len(parts) - 1)):
        return Problem(f"the script {path} lies in a folder that no snapshot holds", remedy="move it")
    if _ignore_rule(folder)(str(inside)):
        return Problem(
            f"the script {path} is left out of the snapshot by an ignore file",
            remedy="correct .amlignore or .gitignore",
        )
    return None


def size_note(folder: Path, found: Mapping[str, int]) -> str:
    """Return a line about a large snapshot and its biggest files; empty for a small one."""
    whole = sum(found.values())
    if len(found) < NOTABLE_FILES and whole < NOTABLE_BYTES:
        return ""
    return (
        f"the snapshot of {folder} is large: {len(found)} files, {whole / 2**20:.1f} MiB; biggest: {_biggest(found)}. "
        "List what the scripts do not need in .amlignore"
    )


def _file(folder: Path, relative: str) -> SnapshotFile:
    path = folder / relative
    facts = path.stat()
    return SnapshotFile(relative, bool(facts.st_mode & 0o100), digest_of_file(path), facts.st_size)


def _chosen(folder: Path) -> Iterator[str]:
    ignored = _ignore_rule(folder)
    found: list[str] = []
    for parent, folders, names in os.walk(folder, followlinks=True):
        inside = Path(parent).relative_to(folder)
        folders[:] = [name for name in folders if _is_walked(folder, inside / name, ignored)]
        for name in names:
            relative = (inside / name).as_posix()
            if (folder / relative).is_file() and not ignored(relative):
                _check_path(folder, relative)
                found.append(relative)
    yield from sorted(found)


def _is_walked(folder: Path, relative: Path, ignored: Callable[[str], bool]) -> bool:
    path = folder / relative
    if _always_excluded(path):
        return False
    if not path.is_symlink():
        return True
    if ignored(relative.as_posix()) or ignored(f"{relative.as_posix()}/"):
        return False
    _check_path(folder, relative.as_posix())
    return not is_below(path.parent.resolve(), path.resolve())  # a link to a folder around it leads in circles


def _check_path(folder: Path, relative: str) -> None:
    """Raise BadInput for a link that leaves `folder` and for a name that cannot be written down."""
    path = folder / relative
    if path.is_symlink() and not is_below(path.resolve(), folder.resolve()):
        raise BadInput(
            f"the link {relative} leads out of the source directory",
            where=str(folder),
            remedy="replace it by a file, or list it in .amlignore",
        )
    if any("\ud800" <= letter <= "\udfff" for letter in relative):
        raise BadInput(f"the file name {relative!r} is not UTF-8", where=str(folder), remedy="rename the file")


def _always_excluded(path: Path) -> bool:
    return path.name in ALWAYS_EXCLUDED or (path / "pyvenv.cfg").exists()


def _ignore_rule(folder: Path) -> Callable[[str], bool]:
    for name in (".amlignore", ".gitignore"):
        rules = folder / name
        if rules.is_file():
            return _ignore_spec(rules)
    return lambda _path: False


def _ignore_spec(rules: Path) -> Callable[[str], bool]:
    """Return the rule of an ignore file. Raises BadInput with each line that cannot be read."""
    import pathspec

    lines = _ignore_lines(rules)
    try:
        return pathspec.GitIgnoreSpec.from_lines(lines).match_file
    except (ValueError, re.error) as error:
        problems = [
            Problem(f"the pattern {line!r} cannot be read", f"{rules}:{number}", "write it as git does, or remove it")
            for number, line in enumerate(lines, start=1)
            if not _is_pattern(line)
        ]
        raise BadInput(problems or f"{rules}: {error}") from error


def _is_pattern(line: str) -> bool:
    import pathspec

    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _ignore_lines(rules: Path) -> list[str]:
    try:
        return rules.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadInput(f"{rules.name} cannot be read: {why}", str(rules), "save it as UTF-8") from error


def _check_size(folder: Path, found: Mapping[str, int]) -> None:
    too_many = len(found) > MAX_FILES and not os.environ.get("AML_SNAPSHOT_NO_FILE_LIMIT")
    whole = sum(found.values())
    if not too_many and whole <= MAX_BYTES:
        return
    raise BadInput(
        f"the source directory holds {len(found)} files and {whole / 2**20:.0f} MiB; "
        f"a snapshot may have {MAX_FILES} files and {MAX_BYTES >> 20} MiB. Biggest: {_biggest(found)}",
        where=str(folder),
        remedy="list what the scripts do not need in .amlignore, or point source_directory at a smaller folder",
    )


def _biggest(found: Mapping[str, int]) -> str:
    biggest = sorted(found.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{path} ({size / 2**20:.1f} MiB)" for path, size in biggest)
