"""The files that differ between two snapshots of code, with a diff of those that are text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from ..data import packing
from ..dataclass import dataclass
from ..errors import StoreError
from ..model.digest import digest_of_bytes
from ..model.plan import Plan
from ..model.redaction import redacted
from ..ports import ObjectStore

DIFF_BYTES = 256 * 1024
"""The most bytes of a file that gets a diff."""
DIFF_LINES = 400
"""The most lines of one diff."""
ALL_LINES = 4_000
"""The most lines of all diffs of two snapshots."""


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One file of a snapshot."""

    digest: str
    bytes: int
    executable: bool


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file that differs."""

    path: str
    kind: str
    """``added``, ``removed`` or ``changed``."""
    before: FileFacts | None
    after: FileFacts | None
    diff: tuple[str, ...] = ()
    """Lines of a unified diff, without line ends."""
    note: str = ""
    """The reason why there is no diff, or not all of it; empty: it is whole."""


@dataclass(frozen=True)
class CodeComparison:
    """The comparison of two snapshots."""

    files: tuple[FileChange, ...]
    """By their paths."""
    note: str = ""
    """The reason why the files cannot be compared; empty: they were."""


def compare_code(store: ObjectStore, before: str, after: str, *, diffs: bool = True) -> CodeComparison:
    """Compare two snapshots.

    Args:
        store: The workspace store.
        before: The digest of the first; empty: no code.
        after: The digest of the second.
        diffs: Add the diffs of text files. Default: True.

    Returns:
        The files that differ; a note if a snapshot is no longer in the store.

    """
    if before == after:
        return CodeComparison(())
    old, new = (_files(store, digest) for digest in (before, after))
    if old is None or new is None:
        return CodeComparison((), "a snapshot is no longer in the store, or is damaged")
    return CodeComparison(tuple(_changes(old, new, diffs=diffs)))


def changed_snapshots(old: Plan, new: Plan) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the pairs of snapshots that steps of one key have in two plans, if they differ, with the steps' names.

    Args:
        old: The first plan.
        new: The second.

    """
    pairs: dict[tuple[str, str], tuple[str, ...]] = {}
    for key, step in new.by_key.items():
        before = old.by_key.get(key)
        if before is not None and before.snapshot != step.snapshot:
            pair = (before.snapshot, step.snapshot)
            pairs[pair] = (*pairs.get(pair, ()), new.names[key])
    return pairs


_Files = Mapping[str, "tuple[FileFacts, bytes]"]


def _files(store: ObjectStore, digest: str) -> _Files | None:
    try:
        found = packing.load(store, digest)
    except StoreError:
        return None
    return {
        path: (FileFacts(digest=digest_of_bytes(content), bytes=len(content), executable=executable), content)
        for path, executable, content in found
    }


def _changes(old: _Files, new: _Files, *, diffs: bool) -> Iterator[FileChange]:
    left = ALL_LINES
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before and after and before[0] == after[0]:
            continue
        lines, note = _diff(path, *(each[1] if each else b"" for each in (before, after))) if diffs else ((), "")
        if len(lines) > left:
            lines, note = lines[:left], "the rest of the diff is left out: the diffs are long"
        left -= len(lines)
        yield FileChange(
            path=path,
            kind="changed" if before and after else "removed" if before else "added",
            before=before[0] if before else None,
            after=after[0] if after else None,
            diff=lines,
            note=note,
        )


def _diff(path: str, old: bytes, new: bytes) -> tuple[tuple[str, ...], str]:
    """Return the lines of the diff of a file, and why it has none or not all."""
    if old == new:
        return (), "only the permission to execute it differs"
    if max(len(old), len(new)) > DIFF_BYTES:
        return (), f"it is larger than {DIFF_BYTES // 1024} KiB"
    before, after = _text(old), _text(new)
    if before is None or after is None:
        return (), "it is no text"
    found = unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    lines: list[str] = []
    for line in found:
        if len(lines) == DIFF_LINES:
            return tuple(lines), f"the diff is longer than {DIFF_LINES} lines"
        lines.append(redacted(line))
    return tuple(lines), "" if lines else "only line ends differ"


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
