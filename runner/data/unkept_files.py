"""Warn about files that a script has left where nothing is kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .manifest import Tree

_LIST = "beside.json"
_SHOWN = 5
"""Names in a warning at most; the others are counted."""


def unkept(what: str, tree: Tree) -> tuple[str, ...]:
    """Return the warning about entries of an output (`what`, for people) that no store can hold, if there are any."""
    others = tree.others
    return (f"{what}: not kept, since it is neither a file nor a folder: {few(others)}",) if others else ()


def note(root: Path, outputs: Iterable[Path], own: Iterable[Path]) -> None:
    """Write down what lies beside the outputs before the script starts, except in folders that hold nothing else.

    Args:
        root: The attempt's folder.
        outputs: Where the outputs are to be written.
        own: Folders that hold nothing but inputs or outputs of this attempt.

    """
    shared = {path.parent for path in outputs} - set(own)
    if shared:
        names = {str(folder): sorted(_names(folder)) for folder in sorted(shared)}
        (root / _LIST).write_text(json.dumps(names, ensure_ascii=True), encoding="ascii")


def beside(root: Path, places: Mapping[str, Path], own: Iterable[Path]) -> tuple[str, ...]:
    """Return a warning for each folder in which the script left something beside its data, where nothing is kept.

    In a folder that holds nothing else, that is all there is; in any other one only what begins with an output's name
    and was not there before: the usual cause is ``out + "x.csv"``.

    Args:
        root: The attempt's folder, to which `note` has written.
        places: Where each input and output of the step lies.
        own: Folders that hold nothing but inputs or outputs of this attempt.

    """
    before, dedicated = _noted(root), set(own)
    known: dict[Path, set[str]] = defaultdict(set)
    for path in places.values():
        known[path.parent].add(path.name)
    found = {folder: _names(folder) - names for folder, names in known.items() if folder in dedicated}
    for folder, names in before.items():
        fresh = _names(folder) - names - known[folder]
        found[folder] = {name for name in fresh if any(name.startswith(one) for one in known[folder])}
    return tuple(_warning(folder, sorted(names), known[folder]) for folder, names in sorted(found.items()) if names)


def _warning(folder: Path, names: list[str], data: set[str]) -> str:
    """Return ``left behind …``, with the likely cause."""
    first = next(_joined(names, sorted(data, key=len, reverse=True)), "")
    cause = f'; write os.path.join(out, "{first}"), not out + "{first}"' if first else ""
    return f"left behind in {folder}, beside the data of the step, where nothing is kept: {few(names)}{cause}"


def _joined(names: list[str], data: list[str]) -> Iterator[str]:
    """Yield the suffix that a script may have appended to an output's path, for each such name."""
    for name in names:
        yield from (name[len(one) :] for one in data if name.startswith(one))


def _noted(root: Path) -> dict[Path, set[str]]:
    try:
        document = json.loads((root / _LIST).read_bytes())
    except (OSError, ValueError):
        return {}
    return {Path(folder): set(names) for folder, names in document.items()}


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError:
        return set()


def few(names: Iterable[str]) -> str:
    """Return some of the names, joined, and how many more there are."""
    listed = tuple(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
