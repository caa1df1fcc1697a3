"""One output of many workers: the union of what each has written, and the merged lines of their reports (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import BadInput
from ..model.data import Entry, Kind, Manifest

_FIRST_COUNTS = "properties.jsonl"
"""The report of which a reader takes the first line of each key; of the others it takes the last."""


def united(output: str, parts: Mapping[str, Manifest]) -> Manifest:
    """Return the union of the files that workers have written to one output.

    A file that several have written with the same content counts once.

    Args:
        output: The name of the output, for people.
        parts: What each has written, by a name for people, in the order of their indexes.

    Raises:
        BadInput: Two have written one path with different content, or a file where the other has a folder.
    """
    found: dict[str, Entry] = {}
    writers: dict[str, str] = {}
    for who, part in parts.items():
        for entry in part.entries:
            other = found.setdefault(entry.path, entry)
            writer = writers.setdefault(entry.path, who)
            if (other.size, other.digest) != (entry.size, entry.digest):
                path = f"'{entry.path}'" if entry.path else "its file"
                both = f"{writer} and {who}" if who != writer else "two workers"
                raise _clash(output, f"{both} wrote {path} with different content")
    folders = {folder: who for who, part in parts.items() for folder in part.folders}
    _check_places(output, writers, folders)
    if "" in found:
        return Manifest(Kind.FILE, (found[""],))
    above = {folder for path in (*found, *folders) for folder in _above(path)}
    entries = tuple(found[path] for path in sorted(found))
    return Manifest(Kind.FOLDER, entries, tuple(sorted(folders.keys() - above)))


def _check_places(output: str, writers: Mapping[str, str], folders: Mapping[str, str]) -> None:
    """Raise BadInput if the path of a file is a folder as well."""
    if "" in writers and (len(writers) > 1 or folders):
        other = next(who for path, who in (*writers.items(), *folders.items()) if path)
        raise _clash(output, f"{writers['']} wrote it as a file and {other} as a folder")
    around = [(place, who) for path, who in writers.items() for place in _above(path)]
    around += [(place, who) for path, who in folders.items() for place in (path, *_above(path))]
    for place, who in around:
        if place in writers:
            raise _clash(output, f"{writers[place]} wrote '{place}' as a file and {who} as a folder")


def _above(path: str) -> Iterator[str]:
    """Yield the folders around a path."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _clash(output: str, what: str) -> BadInput:
    return BadInput(
        f"output '{output}': {what}", remedy="let each worker write files of its own names, or one worker write it"
    )


def free_names(names: Iterable[str], worker: int, taken: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return the name under which each file of a worker is kept beside those of the workers before it.

    Args:
        names: The names of its files.
        worker: The index of the worker.
        taken: The content of each name that is in use, as any text that equal contents share.
        own: The content of each of its files.

    Returns:
        The new name by the worker's own. A file that is there with the same content is left out. A name that is taken
        gets the worker's index before its suffix: ``logs/out.worker-2.txt``.
    """
    found: dict[str, str] = {}
    for name in names:
        if name in taken and taken[name] == own.get(name, ""):
            continue
        free = name
        while free in taken or free in found.values():
            free = numbered(free, worker)
        found[name] = free
    return found


def numbered(name: str, worker: int) -> str:
    """Return the name of a file with the index of its worker before the suffix: ``logs/out.worker-2.txt``."""
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    return f"{folder}{slash}{stem}.worker-{worker}{dot}{suffix}" if stem else f"{name}.worker-{worker}"


def merged_lines(file: str, parts: Sequence[bytes]) -> bytes:
    """Return one report file of the report files of all workers.

    Lines with a time are in the order of their times. Others have none, such as tags: the value of the lowest worker
    counts there, as readers take the last line of a key, or the first one of a property. A line that is no JSON, as a
    killed worker may leave, is left out.

    Args:
        file: The name of the file.
        parts: The content of each worker's file, in the order of their indexes.
    """
    timed = [list(_timed(part)) for part in parts]
    lines = [line for part in timed for line in part]
    if all(time for time, _ in lines):
        return b"".join(line for _, line in sorted(lines, key=lambda pair: pair[0]))
    ordered = timed if file == _FIRST_COUNTS else timed[::-1]
    return b"".join(line for part in ordered for _, line in part)


def _timed(part: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the lines, each with its time in ISO 8601 and UTC, which sorts as text; empty if it has none."""
    for line in part.split(b"\n"):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        time = document.get("time", "") if isinstance(document, dict) else ""
        yield (time if isinstance(time, str) else ""), line + b"\n"
