"""Read everything that a run has committed, and compare it with the digests of the commits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ...data import manifest, packing
from ...data.file_digest import digest_of_file
from ...data.transfers.trees import PINNED, key_of
from ...dataclass import dataclass
from ...errors import ObjectChanged, ObjectDamaged, ObjectMissing, StoreError
from ...model.data import DataRef, Entry
from ...ports import FolderStore, ObjectInfo, ObjectStore
from ..values import RunView
from .finding import Stores

_THREADS = 8
_RANGE = 8 << 20
"""Bytes of an object that a thread reads at a time."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as the run committed it."""

    what: str
    """``STEP/OUTPUT/PATH``, or the snapshot of a step."""
    problem: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of a check."""

    run: str
    outputs: int
    files: int
    bytes: int
    """The size of the files that were compared."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Check:
    what: str
    store: ObjectStore
    key: str
    entry: Entry


def verify(stores: Stores, view: RunView, step: str = "", *, quick: bool = False) -> Verification:
    """Compare the outputs and the source snapshots of a run with what was committed.

    Args:
        stores: The workspace.
        view: The run.
        step: The key of the only step to check; empty: all.
        quick: True: compare presence and size of the files, and read none. Default: read every file.

    Raises:
        BadInput: A datastore is no longer configured.
        StoreError: A store cannot be used.

    """
    findings: list[Finding] = []
    checks: list[_Check] = []
    outputs = 0
    keys = [step] if step else list(view.state.steps)
    for key in keys:
        name = view.plan.names[key]
        for output, ref in view.state.steps[key].outputs.items():
            outputs += 1
            checks += _checks(stores, f"{name}/{output}", ref, findings)
    if not quick:
        snapshots = {view.plan.by_key[key].snapshot: view.plan.names[key] for key in keys}
        findings += _damaged_snapshots(stores.workspace, snapshots)
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(lambda each: _problem(each, quick=quick), checks))
    findings += [Finding(each.what, problem) for each, problem in zip(checks, found, strict=True) if problem]
    total = sum(each.entry.size for each in checks)
    return Verification(run=view.state.run, outputs=outputs, files=len(checks), bytes=total, findings=tuple(findings))


def _checks(stores: Stores, what: str, ref: DataRef, findings: list[Finding]) -> Iterator[_Check]:
    try:
        known = manifest.load(stores.workspace, ref.digest)
    except ObjectMissing:
        findings.append(Finding(what, f"its manifest {ref.digest[:12]} is gone, so its files cannot be checked"))
        return
    except ObjectDamaged:
        findings.append(Finding(what, f"its manifest {ref.digest[:12]} is damaged, so its files cannot be checked"))
        return
    store = stores.datastore(ref.datastore)
    for entry in known.entries:
        yield _Check(f"{what}/{entry.path}" if entry.path else what, store, key_of(ref.key, entry), entry)


def _damaged_snapshots(store: ObjectStore, snapshots: dict[str, str]) -> Iterator[Finding]:
    for digest, name in snapshots.items():
        problem = _of_loading(partial(packing.load, store, digest)) if digest else ""
        if problem:
            yield Finding(f"the source of step '{name}'", f"its snapshot {digest[:12]} {problem}")


def _of_loading(load: Callable[[], object]) -> str:
    try:
        load()
    except ObjectMissing:
        return "is gone"
    except ObjectDamaged:
        return "is damaged"
    return ""


def _problem(check: _Check, *, quick: bool) -> str:
    """Return what is wrong with a file; empty if it is as it was committed."""
    info = check.store.stat(check.key)
    if info is None:
        return "is gone"
    if info.size != check.entry.size:
        return f"has {info.size} bytes, not {check.entry.size}"
    expected = check.entry.digest
    if expected.startswith(PINNED):
        return "" if expected == PINNED + info.etag else "has other content"
    if quick or not expected:
        return ""
    try:
        return "" if _digest(check.store, info) == expected else "has other content"
    except ObjectMissing:
        return "is gone"
    except ObjectChanged:
        return "was changed while it was read"


def _digest(store: ObjectStore, info: ObjectInfo) -> str:
    """Return the hex SHA-256 of an object. Raise ObjectMissing, ObjectChanged, StoreError."""
    if isinstance(store, FolderStore):
        try:
            return digest_of_file(store.path(info.key))
        except OSError as error:
            raise StoreError(f"cannot read {info.key}: {error.strerror or error}") from error
    state = hashlib.sha256()
    for start in range(0, info.size, _RANGE):
        state.update(store.read_range(info.key, start, _RANGE, info.etag))
    return state.hexdigest()
