"""Put the files that a script wrote below its writable inputs into their datastores.

This happens after the script has succeeded and before its step is committed. It is not atomic: a reader may meanwhile
see a part of the files. A repetition after a crash leads to the same end. If two steps write one file at the same
time, the last one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import BadInput, Problem, StoreDenied
from ..model.data import DEFAULT_DATASTORE, Mode
from ..model.names import RUNS_FOLDER, is_of_runs, is_reserved, maker_of
from ..ports import ObjectStore
from . import manifest, unkept_files
from .dataset import Datastores
from .input_changes import Changes
from .inputs import shown_place
from .transfers import trees
from .transfers.progress import SILENT, Progress
from .words import listed


def check(changes: Iterable[Changes]) -> None:
    """Raise BadInput for files that would lie where runner keeps its records, or the outputs of runs."""
    refused = [problem for one in changes for problem in _refusals(one)]
    if refused:
        raise BadInput(refused)


def send(changes: Iterable[Changes], at: Datastores, progress: Progress = SILENT) -> tuple[str, ...]:
    """Put the files into their datastores, and return lines for people about it. Raises StoreError.

    Args:
        changes: What the script wrote.
        at: The stores of the datastores.
        progress: Receives what is moved. Default: nobody.

    """
    return tuple(line for one in changes for line in _sent(one, at(one.binding.ref.datastore), progress))


def _sent(changes: Changes, store: ObjectStore, progress: Progress) -> Iterator[str]:
    binding, folder = changes.binding, Path(changes.watched.folder)
    start, place = f"input '{binding.name}':", shown_place(binding)
    kept = tuple(_kept(changes, store)) if binding.keep_existing else ()
    written = tuple(name for name in changes.written if name not in kept)
    files = {changes.key(name): folder / name for name in written}
    progress.begin(len(files), sum(path.stat().st_size for path in files.values() if path.exists()))
    try:
        trees.send(store, files, progress)
    except StoreDenied as error:  # another attempt may not write there either
        raise BadInput(f"{start} what the script wrote cannot be kept: {error}") from error
    if written:
        yield f"{start} {listed(written)} written to {place}"
    if kept:
        yield f"{start} {listed(kept)} in {place} already, not overwritten (overwrite=False)"
    if changes.watched.whole:
        yield from unkept_files.unkept(start.rstrip(":"), manifest.survey(folder))
    if changes.gone:
        yield f"{start} {listed(changes.gone)} deleted by the script, stays in {place}"
    if changes.watched.moved:
        yield f"{start} {place} was changed after it had been pinned; the step has read the newer files"
    elif not (changes.watched.files or changes.written or binding.mode is Mode.UPLOAD):
        yield f"{start} nothing lies at {place}: it was an empty folder"


def _kept(changes: Changes, store: ObjectStore) -> Iterator[str]:
    """Yield the written files whose place is taken by another content."""
    for name in changes.written:
        info = store.stat(changes.key(name))
        if info is not None and not trees.is_object(store, info, Path(changes.watched.folder) / name):
            yield name


def _refusals(changes: Changes) -> Iterator[Problem]:
    default = changes.binding.ref.datastore == DEFAULT_DATASTORE
    inside = f"{changes.watched.key}/".startswith(f"{RUNS_FOLDER}/")
    for name in changes.written:
        key = changes.key(name)
        if (default and is_reserved(key)) or maker_of(key) or (not inside and is_of_runs(key)):
            yield Problem(
                f"the script wrote '{name}' below its input '{changes.binding.name}', "
                f"where runner keeps its own files: '{key}'",
                remedy="choose another name, or a data reference to a folder",
            )
