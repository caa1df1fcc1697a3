"""The differences between two steps, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..control.fingerprint import Bound
from ..data import manifest
from ..dataclass import dataclass
from ..errors import StoreError
from ..model.document import Document, to_document
from ..ports import ObjectStore
from .code_comparison import CodeComparison, FileFacts, compare_code

_MOST = 10
"""The most files that are listed one by one."""
_ABSENT = "—"
_ENVIRONMENT: Mapping[str, str] = {"generation": "lock (times renewed)"}
"""Fields of a specification whose names say little to people."""
_TOLD = frozenset({"snapshot", "source", "environment"})
"""Fields that are compared in more detail."""


@dataclass(frozen=True)
class Difference:
    """One field that differs."""

    field: str
    """The name: ``source train.py``, ``argument 3``, ``variable X``, ``input raw``, ``environment pip``."""
    before: str
    after: str


def differences(store: ObjectStore, before: Bound, after: Bound) -> Iterator[Difference]:
    """Yield every field of the fingerprint that differs. Raise StoreError."""
    old, new = _fields(before), _fields(after)
    if before.step.snapshot != after.step.snapshot:
        yield from source_differences(store, before.step.snapshot, after.step.snapshot)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Difference(name, text_of(old.get(name)), text_of(new.get(name)))
    yield from _inputs(store, before, after)


def source_differences(store: ObjectStore, before: str, after: str) -> Iterator[Difference]:
    """Yield the files that differ in two snapshots, each as ``source PATH``. Raise StoreError.

    Args:
        store: The workspace store.
        before: The digest of the first snapshot; empty: the step has no code.
        after: The digest of the second one.
    """
    yield from _files("source", *_sources(compare_code(store, before, after, diffs=False)))


def _sources(found: CodeComparison) -> Iterator[Mapping[str, str]]:
    """Yield the files of both snapshots that differ, in a line each."""
    for facts in (
        {change.path: change.before for change in found.files},
        {change.path: change.after for change in found.files},
    ):
        yield {path: _file(each) for path, each in facts.items() if each is not None}


def _file(facts: FileFacts) -> str:
    return f"{facts.digest[:12]}, {facts.bytes} bytes{', executable' if facts.executable else ''}"


def _fields(bound: Bound) -> dict[str, Document]:
    """Return the fields that are compared literally, by name."""
    step = to_document(bound.ingredients()["step"])
    out: dict[str, Document] = {}
    for number, argument in enumerate(step.pop("command"), 1):
        out[f"argument {number}"] = argument
    for name, value in step.pop("variables", {}).items():
        out[_variable(name)] = value
    for output in step.pop("outputs", ()):
        out[f"output {output['name']}"] = output
    for name, value in to_document(bound.environment).items():
        out[f"environment {_ENVIRONMENT.get(name, name)}"] = value
    out.update({name: item for name, item in step.items() if name not in _TOLD})
    return out


def _variable(name: str) -> str:
    return (
        f"parameter {name.removeprefix('AML_PARAMETER_')}" if name.startswith("AML_PARAMETER_") else f"variable {name}"
    )


def _inputs(store: ObjectStore, before: Bound, after: Bound) -> Iterator[Difference]:
    old = {binding.name: binding for binding in before.inputs}
    new = {binding.name: binding for binding in after.inputs}
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            yield Difference(f"input {name}", "there" if one else _ABSENT, "there" if other else _ABSENT)
            continue
        for field in ("mode", "path_on_compute", "dataset"):
            was, now = (_definition(getattr(each, field)) for each in (one, other))
            if was != now:
                yield Difference(f"input {name}: {field}", text_of(was), text_of(now))
        if (one.ref.content or one.ref.digest) != (other.ref.content or other.ref.digest):
            yield from _files(f"input {name}", _contents(store, one.ref.digest), _contents(store, other.ref.digest))


def _definition(value: object) -> Document:
    return to_document(getattr(value, "bare", value)) if value else None


def _files(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    changed = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path)]
    for path in changed[:_MOST]:
        yield Difference(f"{what} {path}".strip(), old.get(path, _ABSENT), new.get(path, _ABSENT))
    if len(changed) > _MOST:
        yield Difference(what, f"and {len(changed) - _MOST} more files", "")
    if not changed:
        yield Difference(what, "its earlier content is no longer there to compare", "")


def _contents(store: ObjectStore, digest: str) -> Mapping[str, str]:
    try:
        known = manifest.load(store, digest)
    except StoreError:
        return {}
    files = {entry.path: f"{entry.digest.removeprefix('etag:')[:12]}, {entry.size} bytes" for entry in known.entries}
    return {**files, **{f"{folder}/": "an empty folder" for folder in known.folders}}


def text_of(value: Document) -> str:
    """Return a JSON value in one line for people.

    Args:
        value: The value.
    """
    if value is None:
        return _ABSENT
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={text_of(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(text_of(item) for item in value)
    return str(value)
