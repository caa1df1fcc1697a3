"""Compare the inputs and outputs of two runs, file by file, by the digests in their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...data import manifest
from ...dataclass import dataclass
from ...errors import BadInput, StoreError
from ...model.data import DataRef
from ...ports import ObjectStore
from ..step_data import assigned_task, inputs_of, outputs_of
from ..values import RunView


@dataclass(frozen=True)
class FileDifference:
    """A file that differs. Its path is empty where the input or output is one file."""

    path: str
    before: int | None
    """Bytes in the first run; None: it is not there."""
    after: int | None
    """Bytes in the second run; None: it is not there."""


@dataclass(frozen=True, kw_only=True)
class DataDifference:
    """The comparison of one input or output."""

    step: str
    kind: str
    """``input`` or ``output``."""
    name: str
    same: bool
    """True if all files have the same content."""
    note: str = ""
    """The reason why the files cannot be compared: one side does not exist, or its manifest is gone."""
    files: tuple[FileDifference, ...] = ()


def compare(store: ObjectStore, first: RunView, second: RunView, step: str = "") -> Iterator[DataDifference]:
    """Yield the comparison of each input and output of the steps that either run has. Nothing but manifests is read.

    Args:
        store: The workspace store.
        first: A run.
        second: Another run.
        step: The name or key of the only step that is compared; empty: all.

    Raises:
        BadInput: Neither run has the step.
        StoreError: The store cannot be used.

    """
    ours, theirs = _by_name(first), _by_name(second)
    names = [name for name in dict.fromkeys((*ours, *theirs)) if not step or step in (name, ours.get(name))]
    if not names:
        known = ", ".join(dict.fromkeys((*ours, *theirs)))
        raise BadInput(f"neither run has a step '{step}'", remedy=f"their steps: {known}")
    for name in names:
        for kind, refs in (("input", _inputs), ("output", _outputs)):
            before, after = refs(store, first, ours.get(name)), refs(store, second, theirs.get(name))
            for each in dict.fromkeys((*before, *after)):
                yield _compared(store, name, kind, each, before.get(each), after.get(each))


def _by_name(view: RunView) -> Mapping[str, str]:
    return {name: key for key, name in view.plan.names.items()}


def _outputs(_store: ObjectStore, view: RunView, key: str | None) -> Mapping[str, DataRef]:
    return outputs_of(view, key) if key else {}


def _inputs(store: ObjectStore, view: RunView, key: str | None) -> Mapping[str, DataRef]:
    return inputs_of(assigned_task(store, view, key)) if key else {}


def _compared(
    store: ObjectStore, step: str, kind: str, name: str, before: DataRef | None, after: DataRef | None
) -> DataDifference:
    if before is None or after is None:
        there = "first" if before else "second"
        return DataDifference(step=step, kind=kind, name=name, same=False, note=f"only the {there} run has it")
    if before.digest == after.digest or (before.content and before.content == after.content):
        return DataDifference(step=step, kind=kind, name=name, same=True)
    try:
        old, new = _contents(store, before), _contents(store, after)
    except StoreError as error:
        note = f"it cannot be compared: {str(error).partition(chr(10))[0]}"
        return DataDifference(step=step, kind=kind, name=name, same=False, note=note)
    files = tuple(
        FileDifference(path, old[path][0] if path in old else None, new[path][0] if path in new else None)
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )
    return DataDifference(step=step, kind=kind, name=name, same=not files, files=files)


def _contents(store: ObjectStore, ref: DataRef) -> Mapping[str, tuple[int, str]]:
    known = manifest.load(store, ref.digest)
    files = {entry.path: (entry.size, entry.digest) for entry in known.entries}
    return {**files, **{f"{folder}/": (0, "") for folder in known.folders}}
