"""The files of a step as one tree: ``inputs/NAME/…``, ``outputs/NAME/…`` and ``files/…``, which its script kept.

Folders are listed a page at a time: a page costs itself, however many files there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain

from ..data import manifest
from ..data.transfers.trees import key_of
from ..dataclass import dataclass
from ..errors import BadInput, ObjectDamaged, ObjectMissing
from ..model.data import DEFAULT_DATASTORE, DataRef, Kind, Manifest
from ..model.names import is_reserved
from ..model.task import TaskId, manifest_key
from ..ports import ObjectStore
from ..runs import records
from .values import RunView

PAGE = 200
"""The most entries of a page of a folder."""
_LAST = "\U0010ffff"
_MOST_LIST = 24 << 20
"""The most bytes of a list of files that is read: about 200,000 files."""
_REMEMBERED = 2 << 20
"""The most bytes of a list of files that stays in memory."""
INPUTS, OUTPUTS, KEPT = "inputs", "outputs", "files"
"""The names of the three trees."""


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """An entry of a folder."""

    name: str
    place: str
    """Its place in the tree of the step, without a slash at its end."""
    is_folder: bool
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class FolderPage:
    """A page of a folder."""

    place: str
    entries: tuple[FileEntry, ...]
    after: str = ""
    """The name behind which the next page begins; empty: this is the last one."""


@dataclass(frozen=True)
class StoredFile:
    """The object of a file."""

    datastore: str
    key: str


@dataclass(frozen=True)
class _Tree:
    """The files below one place."""

    names: Callable[[str], Iterator[tuple[str, int]]]
    """Yields names and sizes behind a name, sorted. The name of an empty folder ends with a slash."""
    find: Callable[[str], StoredFile | None]


class StepFiles:
    """The files of one attempt of a step."""

    def __init__(self, store: ObjectStore, view: RunView, key: str, task: TaskId | None) -> None:
        """Name the attempt.

        Args:
            store: The workspace store.
            view: The run.
            key: The step's key.
            task: The attempt; None: there is none yet.

        """
        self._store, self._view, self._key, self._task = store, view, key, task

    def trees(self) -> dict[str, DataRef]:
        """Return the data of inputs and outputs by their places, ``inputs/NAME`` and ``outputs/NAME``."""
        outputs = self._view.state.steps[self._key].outputs
        found = {f"{INPUTS}/{name}": ref for name, ref in self._inputs().items()}
        return {**found, **{f"{OUTPUTS}/{name}": ref for name, ref in outputs.items()}}

    def page(self, place: str, after: str = "", limit: int = PAGE) -> FolderPage:
        """Return a page of a folder.

        Args:
            place: The folder.
            after: The `FolderPage.after` of the page before. Default: the first page.
            limit: The most entries.

        Raises:
            BadInput: There is no such place.

        """
        tree, below = self._tree(place)
        folder = f"{below}/" if below else ""
        return _page(tree, place, folder, after, limit)

    def find(self, place: str) -> StoredFile | None:
        """Return the object of a file; None: there is no such file.

        Args:
            place: The place of the file.

        Raises:
            BadInput: There is no such tree.

        """
        if place != place.strip("/") or any(part in ("", ".", "..") for part in place.split("/")):
            return None
        tree, below = self._tree(place)
        found = tree.find(below)
        # A manifest is the work of a step: it may name any key, also one of runner's own records.
        is_record = found is not None and found.datastore == DEFAULT_DATASTORE and is_reserved(found.key)
        return None if is_record and not place.startswith(f"{KEPT}/") else found

    def _inputs(self) -> dict[str, DataRef]:
        if self._task is None:
            return {}
        with suppress(ObjectMissing, ObjectDamaged, BadInput):
            assigned = records.assignment(self._store, self._task.assignment)
            return {one.name: one.ref for one in assigned.inputs}
        return {}

    def _tree(self, place: str) -> tuple[_Tree, str]:
        """Return the tree of a place, and the place below it."""
        first, _, below = place.partition("/")
        if first == KEPT:
            return self._kept(), below
        name, _, below = below.partition("/")
        ref = self.trees().get(f"{first}/{name}")
        if ref is None:
            raise BadInput(f"the step has no '{first}/{name}'"[:200], remedy="see its inputs and outputs")
        info = self._store.stat(manifest_key(ref.digest))
        if info is None:
            raise BadInput(f"the list of the files of '{place}' is gone"[:200], remedy="see: runner data ls")
        if info.size > _MOST_LIST:
            what = f"'{place}' has {ref.files:,} files: too many for this page"[:200]
            raise BadInput(what, remedy="list or copy them with: runner data ls, runner data get")
        known = manifest.load(self._store, ref.digest, remember=info.size <= _REMEMBERED)
        return _listed(ref, known), below

    def _kept(self) -> _Tree:
        prefix = self._task.artifacts if self._task else ""

        def names(after: str) -> Iterator[tuple[str, int]]:
            if not prefix:
                return iter(())
            listed = self._store.list(prefix, after=prefix + after if after else "")
            return ((info.key[len(prefix) :], info.size) for info in listed)

        return _Tree(names, lambda name: StoredFile(DEFAULT_DATASTORE, prefix + name) if prefix and name else None)


def _listed(ref: DataRef, known: Manifest) -> _Tree:
    """Return the tree of a manifest."""
    if known.kind is Kind.FILE:
        entry = known.entries[0] if known.entries else None
        name = ref.key.rpartition("/")[2]

        def lone(wanted: str) -> StoredFile | None:
            return StoredFile(ref.datastore, key_of(ref.key, entry)) if entry and wanted in ("", name) else None

        return _Tree(lambda after: iter([(name, entry.size)] if entry and after < name else []), lone)
    entries = known.entries

    def names(after: str) -> Iterator[tuple[str, int]]:
        first = bisect_right(entries, after, key=lambda one: one.path)
        files = ((entries[at].path, entries[at].size) for at in range(first, len(entries)))
        empty = [(f"{folder}/", 0) for folder in known.folders if f"{folder}/" > after]
        return _merged(files, empty) if empty else files

    def find(wanted: str) -> StoredFile | None:
        at = bisect_right(entries, wanted, key=lambda one: one.path) - 1
        if at < 0 or entries[at].path != wanted:
            return None
        return StoredFile(ref.datastore, key_of(ref.key, entries[at]))

    return _Tree(names, find)


def _merged(files: Iterator[tuple[str, int]], empty: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    from heapq import merge

    return merge(files, empty)


def _page(tree: _Tree, place: str, folder: str, after: str, limit: int) -> FolderPage:
    """Return a page of a folder: a subfolder is one entry, and the list goes on behind it."""
    found: list[FileEntry] = []
    names = tree.names(max(after, folder) if folder else after)
    while (one := next(names, None)) is not None:
        name, size = one
        if not name.startswith(folder):
            break
        if len(found) == limit:
            return FolderPage(place=place, entries=tuple(found), after=after)
        head, slash, _ = name[len(folder) :].partition("/")
        entry = FileEntry(name=head, place=f"{place}/{head}", is_folder=bool(slash), bytes=0 if slash else size)
        if head:
            found.append(entry)
        after = f"{folder}{head}/{_LAST}" if slash else name
        if slash:
            names = _behind(tree, names, f"{folder}{head}/", after)
    return FolderPage(place=place, entries=tuple(found))


def _behind(tree: _Tree, names: Iterator[tuple[str, int]], inside: str, after: str) -> Iterator[tuple[str, int]]:
    """Return the names behind a folder: of a small one by reading on, of a large one by a new list."""
    for _ in range(20):
        one = next(names, None)
        if one is None:
            return iter(())
        if not one[0].startswith(inside):
            return chain([one], names)
    return tree.names(after)
