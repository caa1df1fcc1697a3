"""Mini-batches of files: a number of files each, or the files of one combination of partition keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..base.exceptions import UserErrorException
from .batch_input import BatchInput
from .batch_size import FILES, batch_size
from .mini_batch import MiniBatch
from .settings import Settings

if TYPE_CHECKING:
    from ..datasets.files import FileSet


def prepare(source: BatchInput) -> object:
    """Return what tells whether another worker sees the same files: their number, and a digest of their paths.

    Args:
        source: The input.

    Raises:
        UserErrorException: There are no files.

    """
    names = source.names
    return {"files": len(names), "digest": hashlib.sha256("\0".join(names).encode()).hexdigest()}


def cut(number: int, source: BatchInput, settings: Settings, prepared: object) -> list[MiniBatch]:
    """Return the batches of an input, in the order of its files.

    Args:
        number: The number of the input.
        source: The input.
        settings: The step's settings.
        prepared: The result of `prepare`.

    Raises:
        UserErrorException: The files differ from those of `prepare`, or have no such partition keys.

    """
    files, here = source.names, prepare(source)
    if here != prepared:
        raise UserErrorException(
            f"input {source.name!r} has other files here than on worker 0: {len(files)}, there "
            f"{prepared.get('files') if isinstance(prepared, Mapping) else prepared}",
            remedy="do not change a mounted input while the step runs, and run the step again",
        )
    if settings.partition_keys:
        groups = by_keys(source, source.files, settings.partition_keys)
        return [_of_keys(number, source.name, keys, [files[index] for index in group]) for keys, group in groups]
    size = size_of(settings, FILES)
    starts = range(0, len(files), size)
    return [_of_range(number, source.name, start, files[start : start + size]) for start in starts]


def size_of(settings: Settings, default: int) -> int:
    """Return the size of a batch.

    Args:
        settings: The step's settings.
        default: v1's size for the kind of input.

    Raises:
        UserErrorException: The text of the settings is no size.

    """
    try:
        return batch_size(settings.mini_batch_size) if settings.mini_batch_size else default
    except ValueError as unfit:
        raise UserErrorException(f"mini_batch_size {unfit}", remedy="give a number, or text such as '10MB'") from unfit


def by_keys(source: BatchInput, files: FileSet, keys: Sequence[str]) -> Iterator[tuple[dict[str, str], list[int]]]:
    """Yield the combinations of partition keys, in the order of their first files, and the numbers of their files.

    Args:
        source: The input.
        files: Its files, or some of them.
        keys: The keys.

    Raises:
        UserErrorException: The input has no such keys.

    """
    known = source.partition_keys
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise UserErrorException(
            f"input {source.name!r} has no partition key {unknown[0]!r} (it has: {', '.join(known) or 'none'})",
            remedy="define the dataset with partition_format, or make it with partition_by",
        )
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, file in enumerate(files.files):
        values = files.partition(file)
        groups.setdefault(tuple(_text(values[key]) for key in keys), []).append(index)
    for combination, numbers in groups.items():
        yield dict(zip(keys, combination)), numbers


def keys_label(keys: Mapping[str, str]) -> str:
    """Return a combination of partition keys for people.

    Args:
        keys: The value of each key.

    """
    return ", ".join(f"{key}={value}" for key, value in keys.items())


def _text(value: str | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else value


def _of_range(number: int, name: str, first: int, names: Sequence[str]) -> MiniBatch:
    shown = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)} files)"
    spec = {"input": number, "first": first, "count": len(names), "files": list(names)}
    return MiniBatch(spec, len(names), f"{name}: {shown}")


def _of_keys(number: int, name: str, keys: Mapping[str, str], files: Sequence[str]) -> MiniBatch:
    spec = {"input": number, "keys": dict(keys), "files": list(files)}
    return MiniBatch(spec, len(files), f"{name}: {keys_label(keys)} ({len(files)} files)", dict(keys))
