"""Addresses of files on the command line (pure).

| form | means |
| --- | --- |
| ``PATH`` | a path in the default datastore, or in the one that ``--datastore`` names |
| ``NAME:PATH`` | a path in the datastore NAME |
| ``run:RUN/STEP/OUTPUT/PATH`` | a file of an output of a run; each part but RUN may be left out |

A path with a colon in its first part needs the second form.
PATH is a file, a folder or a glob: ``*`` and ``?`` match inside a folder, ``**`` in all folders below.
"""

from __future__ import annotations

import re

from ...dataclass import dataclass
from ...errors import BadInput

_OF_RUNS = "run"
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_]{1,255}):(?P<path>.*)", re.DOTALL)
"""A datastore's name as `runner.datastores` permits it, and the rest."""
_FORM = "write run:RUN, run:RUN/STEP or run:RUN/STEP/OUTPUT/PATH"


@dataclass(frozen=True)
class DatastoreAddress:
    """A path in a datastore."""

    datastore: str
    path: str
    """A file, a folder or a glob, without slashes at its ends; empty: the whole datastore."""
    below: bool = False
    """True if the text ended with a slash: as a destination, files go below it under their own names."""


@dataclass(frozen=True)
class RunAddress:
    """A path in the outputs of a run, which count as a tree: step, output, path."""

    run: str
    """The text that names the run."""
    path: str
    """``STEP/OUTPUT/PATH``, or the beginning of it; globs are allowed. Empty: all outputs."""


Address = DatastoreAddress | RunAddress


def parse(text: str, default: str) -> Address:
    """Read an address.

    Args:
        text: The text on the command line.
        default: The name of the datastore of a path without one.

    Returns:
        The address. The datastore or run need not exist.

    Raises:
        BadInput: The text is no address.

    """
    named = _NAMED.fullmatch(text)
    if named is None:
        return _in_datastore(default, text, text)
    if named["name"] != _OF_RUNS:
        return _in_datastore(named["name"], named["path"], text)
    run, _, path = named["path"].partition("/")
    if not run:
        raise BadInput(f"'{text}' names no run", remedy=_FORM)
    return RunAddress(run, _path(path, text))


def has_glob(path: str) -> bool:
    """Return True if the path is a pattern."""
    return "*" in path or "?" in path


def _in_datastore(datastore: str, path: str, text: str) -> DatastoreAddress:
    return DatastoreAddress(datastore, _path(path, text), below=not path or path.endswith("/"))


def _path(path: str, text: str) -> str:
    plain = path.strip("/")
    if plain and any(part in ("", ".", "..") for part in plain.split("/")):
        remedy = "write a path without '..' and empty parts, such as data/raw.csv"
        raise BadInput(f"'{text}' is no place in a datastore", remedy=remedy)
    return plain
