"""Find the changes that a script made below its mounted inputs, by a comparison with the staged files.

The facts of every staged file are noted before the script starts. v1 mounts datasets read-only and data references
writable. Modes and owners cannot be enforced (a script may run as root), so files are compared afterwards.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..backports import is_below
from ..dataclass import dataclass, field
from ..errors import BadInput, Problem, StoreError
from ..model.data import Kind
from ..model.document import from_document, to_document
from ..model.task import InputBinding, Task
from ..ports import ObjectStore
from . import manifest, mounts
from .dataset import Datastores
from .file_maker import FileMaker
from .inputs import Staged, shown_place
from .transfers import trees
from .words import listed

_LIST = "inputs.json"
_CACHE = "__pycache__"
"""Python writes this folder beside imported modules; on a read-only file system it does without."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A mounted input as it was before the start."""

    folder: str
    """Absolute local path of the input's folder."""
    key: str
    """The folder's key in the datastore; empty: the whole store."""
    files: Mapping[str, str]
    """The facts of each file by its POSIX path relative to the folder: size in bytes, mtime in ns, inode."""
    whole: bool = True
    """True if new files in the folder belong to the input."""
    moved: bool = False
    """See `inputs.Staged.moved`."""
    mounted: bool = False
    """True: links to a mount, which nobody can write to. A file that is no link is the script's."""


@dataclass(frozen=True)
class Changes:
    """Paths relative to the folder of a watched input, sorted."""

    binding: InputBinding
    watched: Watched
    written: tuple[str, ...] = ()
    """New files, and files whose content has changed."""
    gone: tuple[str, ...] = field(default_factory=tuple)

    def key(self, relative: str) -> str:
        """Return the file's key in the datastore."""
        return f"{self.watched.key}/{relative}" if self.watched.key else relative


def note(root: Path, task: Task, staged: Mapping[str, Staged], code: Path, maker: FileMaker) -> None:
    """Record the facts of every file of the mounted inputs below `root`; `code` is the working directory."""
    bindings = {binding.name: binding for binding in task.inputs if binding.mode.is_shared}
    watched = {name: _watched(binding, staged[name], code) for name, binding in bindings.items()}
    document = {name: to_document(one) for name, one in watched.items()}
    maker.write(root / _LIST, json.dumps(document, separators=(",", ":")).encode())


def found(
    root: Path, task: Task, outputs: Iterable[Path], workspace: ObjectStore, at: Datastores
) -> tuple[Changes, ...]:
    """Return the script's changes below its writable inputs.

    Args:
        root: The folder that `note` has written to.
        task: The attempt.
        outputs: Paths of the outputs: files there belong to no input.
        workspace: The store of the manifests.
        at: The stores of the datastores.

    Raises:
        BadInput: naming every read-only input that has changed, and the files.
        StoreError: for a store's failures, and when the facts are gone.
    """
    noted = _noted(root, task)
    apart = (*outputs, *(Path(one.folder) for one in noted.values()))
    changes = tuple(
        _changes(binding, noted[binding.name], apart, workspace, at) for binding in task.inputs if binding.name in noted
    )
    problems = [_refusal(one) for one in changes if one.written and not one.binding.writable]
    if problems:
        raise BadInput(problems)
    return tuple(one for one in changes if one.binding.writable)


def _watched(binding: InputBinding, staged: Staged, code: Path) -> Watched:
    lone = staged.files.kind is Kind.FILE
    if staged.mounted:
        return Watched(folder=str(staged.path), key=binding.ref.key, files={}, mounted=True)
    folder = staged.path.parent if lone else staged.path
    # New files in the working directory itself, or beside a single file with a path of its own, are no change.
    whole = folder != code and not (lone and binding.path_on_compute)
    key = binding.ref.key.rpartition("/")[0] if lone else binding.ref.key
    if whole:
        paths = dict(manifest.files_below(folder))
    else:
        names = [staged.path.name] if lone else [entry.path for entry in staged.files.entries]
        paths = {name: folder / name for name in names}
    files = {relative: _facts(path) for relative, path in paths.items()}
    return Watched(folder=str(folder), key=key, files=files, whole=whole, moved=staged.moved)


def _noted(root: Path, task: Task) -> dict[str, Watched]:
    if not any(binding.mode.is_shared for binding in task.inputs):
        return {}
    try:
        document = json.loads((root / _LIST).read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"the facts of its staged inputs cannot be read: {error}") from error
    return {name: from_document(Watched, one) for name, one in document.items()}


def _changes(
    binding: InputBinding, watched: Watched, apart: Iterable[Path], workspace: ObjectStore, at: Datastores
) -> Changes:
    folder = Path(watched.folder)
    now = dict(_files_now(watched, [path for path in apart if path != folder and is_below(path, folder)]))
    suspects = [name for name, path in now.items() if watched.files.get(name) != _facts(path)]
    gone = tuple(sorted(watched.files.keys() - now.keys()))
    if not suspects:
        return Changes(binding, watched, (), gone)
    pinned = manifest.load(workspace, binding.ref.digest)
    store, key = at(binding.ref.datastore), binding.ref.key
    entries = {entry.path or key.rpartition("/")[2]: entry for entry in pinned.entries}

    def is_written(relative: str) -> bool:
        entry = entries.get(relative) if relative in watched.files else None
        return entry is None or not trees.is_content(store, key, entry, now[relative])

    return Changes(binding, watched, tuple(sorted(filter(is_written, suspects))), gone)


def _files_now(watched: Watched, apart: list[Path]) -> Iterator[tuple[str, Path]]:
    folder = Path(watched.folder)
    if watched.mounted:
        yield from mounts.written(folder)
        return
    if not watched.whole:
        yield from ((name, folder / name) for name in watched.files if (folder / name).is_file())
        return
    for relative, path in manifest.files_below(folder):
        cached = _CACHE in relative and _CACHE in relative.split("/") and relative not in watched.files
        if not cached and not any(is_below(path, other) for other in apart):
            yield relative, path


def _facts(path: Path) -> str:
    """Return the facts of a file; of a link, those of the link itself."""
    facts = os.lstat(path)
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"


def _refusal(changes: Changes) -> Problem:
    binding = changes.binding
    what = "dataset" if binding.dataset is not None else "data"
    return Problem(
        f"the script wrote into its input '{binding.name}' ({what} at {shown_place(binding)}), "
        f"which is read-only: {listed(changes.written)}",
        remedy="write to an output of the step, or read a private copy: as_download()",
    )
